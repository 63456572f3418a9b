"""Row files: records of tiles one after the other, each under a checksum; whoever continues a run begins another one.

A file has one writer, ever, so no lock is needed, which network file systems may not have, and files of several
processes may lie in one folder. A process that dies leaves whole records, and at most one at the end that is not, which
readers pass over.

Layout: ``geed.rows/1`` and a line end, then frames: the length of what follows the checksum (8 bytes, little-endian),
its SHA-256, and that. The first frame is JSON: what determines the rows, and on which machine they were made.
"""

import errno
import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from geed_cli.errors import InputError, RunError
from geed_cli.rows.file_pages import let_go
from geed_cli.rows.tile_record import BrokenRecordError, Record, record_in

MAGIC = b"geed.rows/1\n"
SUFFIX = ".rows"
CHECKSUM = hashlib.sha256().digest_size
FRAME = 8 + CHECKSUM


class RowFile:
    """A row file that is being written, within ``with``.

    Args:
        folder: where it is to be; made where it is not there.
        name: what its name begins with.
        recipe: everything but the image that determines a row.
        machine: what may change the last digits of a row beside that.

    Raises:
        RunError: it could not be made.
    """

    def __init__(
        self, folder: Path, name: str, recipe: Mapping[str, str], machine: Mapping[str, str]
    ) -> None:
        header = json.dumps({"recipe": dict(recipe), "machine": dict(machine)}, sort_keys=True).encode()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path = folder / f"{name}.{os.urandom(6).hex()}{SUFFIX}"
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except OSError as error:
            raise _not_written(folder, error) from error
        self._end = 0
        self._write(MAGIC + framed(header))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def append(self, record: bytes) -> None:
        """Write one record, whole or not at all.

        Raises:
            RunError: there is no room; what was written before stays.
        """
        self._write(framed(record))

    def sync(self) -> None:
        """Have the system put everything on the disk.

        Raises:
            RunError: it cannot.
        """
        try:
            os.fsync(self._file)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some file systems know no such thing
                raise _not_written(self.path, error) from error

    def discard(self) -> None:
        """Take the file away: its rows are not to be used."""
        self.path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            raise _not_written(self.path, error) from error
        self._end += len(data)


@dataclass(frozen=True)
class StoredRows:
    """A row file that was read.

    Attributes:
        path: of the file.
        recipe: everything but the image that determines its rows.
        machine: on what they were made.
        harmed: records whose checksum is wrong, and one at the end that was not finished.
    """

    path: Path
    recipe: Mapping[str, str]
    machine: Mapping[str, str]
    records: tuple[Record, ...]
    harmed: int


def read_row_file(path: Path) -> StoredRows:
    """Every whole record of a row file, whose numbers are read from the disk when they are asked for.

    Raises:
        InputError: it is no row file, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(MAGIC))
            if begin != MAGIC[: len(begin)]:
                raise _not_rows(path, "it begins otherwise")
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if begin else b"")
    except OSError as error:
        raise _not_rows(path, f"it cannot be read ({error.strerror or error})") from error
    payloads = _payloads(data)
    header = next(payloads, None)
    if header is None:  # its writer died at once
        return StoredRows(path, {}, {}, (), 1)
    recipe, machine = _header(path, data[header[0] : header[1]])
    records: list[Record] = []
    harmed = 0
    for payload in payloads:
        if payload is None:
            harmed += 1
            continue
        try:
            records.append(record_in(data, *payload))
        except BrokenRecordError as error:
            raise _not_rows(path, str(error)) from error
    let_go(data)
    return StoredRows(path, recipe, machine, tuple(records), harmed)


def _payloads(data: memoryview) -> Iterator[tuple[int, int] | None]:
    """Where what each frame holds begins and ends, in order; None for one that is damaged or cut short."""
    at = len(MAGIC)
    while at < len(data):
        start, stop = at + FRAME, at + FRAME + int.from_bytes(data[at : at + 8], "little")
        whole = stop <= len(data)
        right = whole and hashlib.sha256(data[start:stop]).digest() == data[at + 8 : start]
        yield (start, stop) if right else None
        at = stop


def framed(payload: bytes) -> bytes:
    """A payload as it lies in a file: its length and checksum before it."""
    return len(payload).to_bytes(8, "little") + hashlib.sha256(payload).digest() + payload


def _header(path: Path, payload: memoryview) -> tuple[Mapping[str, str], Mapping[str, str]]:
    try:
        content = json.loads(bytes(payload))
        recipe, machine = content["recipe"], content["machine"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _not_rows(path, f"its beginning is no header ({error})") from error
    for fields in (recipe, machine):
        if not isinstance(fields, dict) or not all(isinstance(each, str) for each in fields.values()):
            raise _not_rows(path, "its beginning is no header")
    return recipe, machine


def _not_written(path: Path, error: OSError) -> RunError:
    return RunError(
        f"rows could not be written to {path}: {error.strerror or error}",
        expected="room, and permission to write; rows that were written before are kept",
        remedy="the same command again once there is room, which goes on from these rows",
    )


def _not_rows(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a file of rows: {why}",
        expected="a file that geed audit --shard wrote",
        remedy="leave it out, and run that shard again",
    )
