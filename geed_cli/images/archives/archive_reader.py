"""Reads pictures inside of an archive: only their own bytes, from any thread, by a handle of its own each time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, ClassVar, final

from geed_cli.choices import ImageSource
from geed_cli.images.archives.entries import Entry, Member, judged
from geed_cli.images.archives.tar_archive import tar_entries
from geed_cli.images.archives.zip_archive import zip_entries
from geed_cli.images.candidates import Listing
from geed_cli.images.picture import ImageRefused
from geed_cli.images.reader import Encoded
from geed_cli.images.stored_file import StoredFile

INDEX_AHEAD = 2**20
"""Bytes that are fetched at a time while an index is read that is elsewhere: headers of a tar lie between pictures."""
Entries = Callable[[str, BinaryIO], Iterator[Entry]]


@final
class Archive(Encoded):
    """The reader of an archive's pictures, which are identified by the bytes of their files.

    Args:
        file: the archive.
        entries: reads its index.

    Raises:
        InputError: the archive cannot be used, or holds no image by its name.
    """

    source: ClassVar[ImageSource] = "archive"

    def __init__(self, file: StoredFile, entries: Entries) -> None:
        self._file = file
        listing, self._members = judged(entries(file.name, file.open(INDEX_AHEAD)), file.name)
        self.listing: Listing = replace(listing, revision=file.revision)

    def encoded(self, name: str) -> bytes:
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
