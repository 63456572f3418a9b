"""The index of a tar archive, and the bytes of a file in it.

A tar has no directory: its headers are read one after the other, up to the block of zeros that ends it. Where that is
missing files may be, too, so the archive is refused.
"""

import io
import re
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.archives.damaged import IndexFile, damaged
from geed_cli.images.archives.entries import HARD_LINK, LINK, NO_FILE, Entry
from geed_cli.images.picture import ImageRefused
from geed_cli.images.regular_file import MAX_BYTES, too_large

MAX_HEADER = 64 * 2**10
"""Bytes of one entry's long name and further attributes, so that reading them ends soon."""
COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\x00": ("xz", "unxz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
}
"""How compressed files begin, what compressed them, and what undoes it."""
COMPRESSED_SUFFIXES = frozenset({".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".tzst"})
"""How the names of such archives end."""
_BLOCK = tarfile.BLOCKSIZE
_DIGITS = re.compile(rb"[0-9]{300}")
_AT_A_TIME = 2**20


class TarMember(NamedTuple):
    """A file of a tar archive: where its bytes begin, and how many it has."""

    start: int
    size: int

    def read(self, archive: BinaryIO) -> bytes:
        """Its bytes, which have no checksum."""
        archive.seek(self.start)
        data = archive.read(self.size)
        if len(data) < self.size:
            raise ImageRefused("truncated: the archive ends within it")
        return data


class _HeaderFile(IndexFile):
    """The headers of a tar, without runs of digits over which tarfile before Python 3.12.6 takes quadratic time."""

    def read(self, size: int = -1, /) -> bytes:
        """As of any file.

        Raises:
            ValueError: also for more digits than the name of any file has.
        """
        data = super().read(size)
        if len(data) > _BLOCK and _DIGITS.search(data):
            raise ValueError("a header of hundreds of digits")
        return data


def tar_entries(file: str, opened: BinaryIO) -> Iterator[Entry]:
    """Every entry of the archive, folders among them.

    Args:
        file: how messages call it.
        opened: the archive; it is closed.

    Raises:
        InputError: compressed, truncated or damaged, or more behind its end.
    """
    with opened:
        _refuse_compressed(file, opened)
        length = opened.seek(0, io.SEEK_END)
        opened.seek(0)
        try:
            # GNU tar and Python write UTF-8, which are the names of files on a disk
            index = _HeaderFile(opened, MAX_HEADER)
            with tarfile.open(
                fileobj=index, mode="r:", encoding="utf-8", errors="surrogateescape"
            ) as archive:
                yield from map(_entry, _members(archive, length))
                _require_end(opened, archive.offset)
        except (MemoryError, InputError):
            raise
        except Exception as error:  # on hostile bytes tarfile raises nearly every built-in exception
            raise damaged(file, "tar", str(error)) from error


def _members(archive: tarfile.TarFile, length: int) -> Iterator[tarfile.TarInfo]:
    """The entries in order, each further into the file than the one before, so that they come to an end."""
    before = -1
    while (info := archive.next()) is not None:
        offset = archive.offset
        if offset <= before or info.size < 0 or info.offset_data < 0:
            raise ValueError("a header that leads backwards")
        if info.isreg() and not info.issparse() and info.offset_data + info.size > length:
            raise ValueError("truncated: it ends within a file")
        before = offset
        archive.members.clear()  # type: ignore[attr-defined]  # otherwise it keeps them all
        yield info


def _entry(info: tarfile.TarInfo) -> Entry:
    if info.isdir():
        return Entry(info.name)
    if reason := _reason(info):
        return Entry(info.name, None, reason)
    return Entry(info.name, TarMember(info.offset_data, info.size))


def _reason(info: tarfile.TarInfo) -> str:
    """Why an entry is refused, whatever its name."""
    if info.issym():
        return LINK
    if info.islnk():
        return HARD_LINK
    if not info.isreg() or info.issparse():
        return NO_FILE
    return too_large(info.size) if info.size > MAX_BYTES else ""


def _require_end(opened: BinaryIO, offset: int) -> None:
    """Refuse an archive without a block of zeros where its entries end, or with anything but zeros behind it.

    Raises:
        ValueError: saying which.
    """
    opened.seek(offset)
    block = opened.read(_BLOCK)
    if len(block) < _BLOCK:
        raise ValueError("truncated: the zeros that end it are missing")
    if any(block):
        raise ValueError(f"no header at byte {offset}, where one should be")
    while rest := opened.read(_AT_A_TIME):
        if rest.count(0) != len(rest):
            raise ValueError("there is more behind its end, as where archives were put together")


def _refuse_compressed(file: str, opened: BinaryIO) -> None:
    start = opened.read(8)
    for magic, (name, undo) in COMPRESSED.items():
        if start.startswith(magic):
            whole = _plain_name(Path(file))
            made = f"{undo} < {shlex.quote(file)} > {shlex.quote(str(whole))}"
            raise InputError(
                f"{path_text(file)} is compressed by {name}",
                expected="a tar that is not compressed as a whole, since each of its pictures is read where it lies",
                remedy=f"{f'fetch it, undo it by {undo}' if '://' in file else made}, and name {whole.name}",
            )


def _plain_name(file: Path) -> Path:
    """What to call the archive that it is once it is not compressed any more."""
    plain = file.with_suffix("") if file.suffix.lower() in COMPRESSED_SUFFIXES else file.with_suffix(".plain")
    return plain if plain.suffix.lower() == ".tar" else plain.with_name(f"{plain.name}.tar")
