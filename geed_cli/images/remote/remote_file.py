"""One file that is elsewhere, read in parts; it has to stay what it was when it was first asked for.

Size and ETag, or what else names a state there, are asked for again after every part. A server that sends no parts is
read once, into a temporary file that goes when the program ends.
"""

import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast, final

from geed_cli.documents.document import printable
from geed_cli.images.picture import ImageRefused
from geed_cli.images.regular_file import MAX_BYTES, too_large
from geed_cli.images.remote.address import Address
from geed_cli.images.remote.file_system import file_system
from geed_cli.images.remote.transfers import not_read, says_not_there, transfer
from geed_cli.images.unchanged_file import UnchangedFile

_STATES = ("ETag", "etag", "blob_id", "generation", "md5Hash", "Last-Modified", "LastModified", "updated")
"""What may name a state of a file, the surest first, as file systems of fsspec call it."""
_AT_A_TIME = 2**20


@final
class RemoteFile:
    """A file by its address.

    Args:
        address: of the file.
        listed: what a listing says of it; None asks for it.

    Raises:
        InputError: a library is missing.
        RunError: there is none, or it cannot be asked for.
    """

    def __init__(self, address: Address, listed: Mapping[str, Any] | None = None) -> None:
        self.name = address.whole
        self._files = file_system(address.scheme)
        self._path = self._files._strip_protocol(address.whole)
        self._is_web = address.is_web
        about = listed or self._about()
        self._state = state_of(about)
        self._in_parts = not self._is_web or about.get("partial", True)
        size = about.get("size")
        if not isinstance(size, int):
            raise not_read(
                self.name, "the server does not say how long it is, and a part would pass for all of it"
            )
        self.size = size

    def __eq__(self, other: object) -> bool:
        """Whether it is the same address in the same state."""
        return isinstance(other, RemoteFile) and (self.name, self._state) == (other.name, other._state)

    def __hash__(self) -> int:
        return hash((self.name, self._state))

    @property
    def revision(self) -> str:
        """Its size, and what else names its state."""
        return ", ".join(self._state)

    def open(self, ahead: int = 0) -> BinaryIO:
        """A handle of one's own."""
        if self._copy is not None:
            return self._copy.open()
        parts = _Parts(self)
        return io.BufferedReader(parts, ahead) if ahead else cast("BinaryIO", parts)

    def whole(self) -> bytes:
        """All of its bytes, which are not kept.

        Raises:
            ImageRefused: more than ``MAX_BYTES``.
            RunError: they cannot be read.
        """
        if self.size > MAX_BYTES:
            raise ImageRefused(too_large(self.size))
        if not self._is_web:
            return self.part(0, self.size)
        written = io.BytesIO()
        self._fetch(written)
        return written.getvalue()

    def part(self, start: int, end: int) -> bytes:
        """Its bytes from one place to another, which lies within it.

        Raises:
            RunError: they cannot be read, are fewer, or the file is another by now.
        """
        if start >= end:
            return b""
        with transfer(self.name), self._opened() as opened:
            opened.seek(start)
            data = bytes(opened.read(end - start))
        if len(data) != end - start:
            raise not_read(self.name, f"{len(data)} bytes came of {end - start}")
        self.require_unchanged()
        return data

    def require_unchanged(self) -> None:
        """Refuse it where its state is another by now.

        Raises:
            RunError: saying so.
        """
        state = state_of(self._about())
        if state != self._state:
            raise not_read(self.name, f"it changed meanwhile ({self.revision}; now {', '.join(state)})")

    def _about(self) -> Mapping[str, Any]:
        with transfer(self.name):
            about: Mapping[str, Any] = self._files.info(self._path)
        return about

    @cached_property
    def _copy(self) -> UnchangedFile | None:
        """All of it in a temporary file, where a server sends no parts; None where it does."""
        if not self._is_web or self._sends_parts():
            return None
        folder = tempfile.mkdtemp(prefix="geed-")
        weakref.finalize(
            self, shutil.rmtree, folder, ignore_errors=True
        )  # at the latest when the program ends
        target = Path(folder) / "fetched"
        with target.open("wb") as written:
            self._fetch(written)
        return UnchangedFile(target, "copy")

    def _sends_parts(self) -> bool:
        """Whether the last byte comes alone, which is the one way to know of an HTTP server."""
        if not self._in_parts or self.size < 2:
            return False
        with transfer(self.name), self._opened() as opened:
            opened.seek(self.size - 1)
            try:
                return len(opened.read(1)) == 1
            except ValueError:  # what fsspec raises where all of it comes instead
                return False

    def _fetch(self, target: BinaryIO) -> None:
        """Write all of it, as it comes over HTTP in one piece."""
        come = 0
        with transfer(self.name), self._opened(block_size=0) as opened:
            while come <= self.size and (data := opened.read(_AT_A_TIME)):
                come += target.write(data)
        if come != self.size:
            raise not_read(self.name, f"{come} bytes came of {self.size}")
        self.require_unchanged()

    def _opened(self, **options: int) -> Any:  # noqa: ANN401 - fsspec has no types
        # a size spares HTTP a request; the others compare the state themselves where none is given
        known = {"size": self.size} if self._is_web else {}
        return self._files.open(self._path, "rb", cache_type="none", **known, **options)


def file_if_there(address: Address) -> RemoteFile | None:
    """A file of which it is not known whether there is one; None only where the server says that there is none.

    A server that refuses (403) is taken to say so: that is the answer of S3 for what is not there wherever the folder
    may not be listed.

    Raises:
        InputError: a library is missing.
        RunError: it could not be asked, or gave no answer.
    """
    files = file_system(address.scheme)
    with transfer(address.whole):
        try:
            about = files.info(files._strip_protocol(address.whole))
        except (FileNotFoundError, PermissionError) as error:
            if says_not_there(error):
                return None
            raise
    return RemoteFile(address, about)


def state_of(about: Mapping[str, Any]) -> tuple[str, ...]:
    """What a file's state is told by: its size, and the surest name of its state that there is."""
    named = next((str(about[key]) for key in _STATES if about.get(key)), None)
    return (f"{about.get('size')} bytes", *([printable(named.strip('"'))] if named else []))


class _Parts(io.RawIOBase):
    """A handle that fetches what is read, as much as is asked for at a time."""

    def __init__(self, file: RemoteFile) -> None:
        self._file, self._at = file, 0

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever has bytes
        view = memoryview(buffer).cast("B")
        data = self._file.part(self._at, min(self._at + len(view), self._file.size))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        at = (0, self._at, self._file.size)[whence] + offset
        if at < 0:
            raise ValueError("a place before the file")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
