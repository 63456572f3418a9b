"""Reads pictures inside of an archive: only their own bytes, from any thread, by a handle of its own each time."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO, ClassVar, final

from geed_cli.choices import Identity, ImageSource
from geed_cli.images.archives.entries import Entry, Member, judged
from geed_cli.images.archives.tar_archive import tar_entries
from geed_cli.images.archives.zip_archive import zip_entries
from geed_cli.images.candidates import Listing
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import ImageRefused, Least, Picture
from geed_cli.images.stored_file import StoredFile

INDEX_AHEAD = 2**20
"""Bytes that are fetched at a time while an index is read that is elsewhere: headers of a tar lie between pictures."""
Entries = Callable[[str, BinaryIO], Iterator[Entry]]


@final
class Archive:
    """The reader of an archive's pictures, which are identified by the bytes of their files.

    Args:
        file: the archive.
        entries: reads its index.

    Raises:
        InputError: the archive cannot be used, or holds no image by its name.
    """

    source: ClassVar[ImageSource] = "archive"
    identity: ClassVar[Identity] = "bytes"
    one_thread: ClassVar[bool] = False

    def __init__(self, file: StoredFile, entries: Entries) -> None:
        self._file = file
        listing, self._members = judged(entries(file.name, file.open(INDEX_AHEAD)), file.name)
        self.listing: Listing = replace(listing, revision=file.revision)

    def sha256(self, name: str) -> str:
        """Of the file's bytes."""
        return hashlib.sha256(self._bytes(name)).hexdigest()

    def picture(self, name: str, least: Least | None = None) -> tuple[Picture, str]:
        """The decoded file and the hash of its bytes."""
        data = self._bytes(name)
        return decode_picture(data, least), hashlib.sha256(data).hexdigest()

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Nothing: files are decoded as those of a folder."""
        return ()

    def _bytes(self, name: str) -> bytes:
        """The file's bytes.

        Raises:
            ImageRefused: there is none of that name, or it cannot be read.
            InputError: the archive is not the one that was listed.
        """
        member = self._members.get(name)
        if member is None:
            raise ImageRefused("it is not in the archive")
        return bytes_of(member, self._file)


def bytes_of(member: Member, file: StoredFile) -> bytes:
    """The bytes of a file in an archive.

    Raises:
        ImageRefused: they cannot be read.
        InputError: the archive is not the one that was listed.
        RunError: likewise of one that is elsewhere.
    """
    try:
        with file.open() as opened:
            return member.read(opened)
    except OSError as error:
        raise ImageRefused(f"cannot be read: {error.strerror or error}") from error


def zip_in(file: StoredFile) -> Archive:
    """The zip archive in a file; errors as of ``Archive``."""
    return Archive(file, zip_entries)


def tar_in(file: StoredFile) -> Archive:
    """The tar archive in a file; errors as of ``Archive``."""
    return Archive(file, tar_entries)
