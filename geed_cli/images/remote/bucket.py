"""Pictures that are files of a folder in a bucket, each read by itself.

The folder is listed as a whole, and only drawn pictures are fetched. What counts of it is what counts of an archive.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, ClassVar, NamedTuple, final

from geed_cli.choices import ImageSource
from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.archives.entries import Entry, judged
from geed_cli.images.candidates import Listing
from geed_cli.images.picture import ImageRefused
from geed_cli.images.reader import Encoded
from geed_cli.images.remote.address import Address
from geed_cli.images.remote.file_system import file_system
from geed_cli.images.remote.remote_file import RemoteFile, state_of
from geed_cli.images.remote.transfers import transfer


class _Object(NamedTuple):
    """A file as the bucket lists it."""

    address: Address
    listed: Mapping[str, Any]

    def read(self, archive: BinaryIO) -> bytes:
        """All of its bytes; it is in no archive."""
        del archive
        return RemoteFile(self.address, self.listed).whole()


@final
class Bucket(Encoded):
    """The reader of the pictures of a folder in a bucket, which are identified by their bytes.

    Args:
        address: of the folder.

    Raises:
        InputError: it holds no image by its name, or a library is missing.
        RunError: it cannot be listed.
    """

    source: ClassVar[ImageSource] = "bucket"

    def __init__(self, address: Address) -> None:
        files = file_system(address.scheme)
        with transfer(address.whole):
            found: Mapping[str, Mapping[str, Any]] = files.find(address.whole, detail=True)
            top = files._strip_protocol(address.whole).rstrip("/")
        if top in found:
            raise InputError(
                f"{path_text(address.whole)} is one file, and none that is read by the end of its name",
                expected="a folder of the bucket, or a file that ends as those of this machine do",
                remedy="name the folder that it lies in",
            )
        listing, self._objects = judged(_entries(address, top, found), address.whole, "folder")
        self.listing: Listing = replace(listing, revision=_revision(found))

    def encoded(self, name: str) -> bytes:
        """The object's bytes."""
        if name not in self._objects:
            raise ImageRefused("it is not in the bucket")
        found = self._objects[name]
        assert isinstance(found, _Object)
        return RemoteFile(found.address, found.listed).whole()


def _entries(address: Address, top: str, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Entry]:
    for path, listed in found.items():
        name = path.removeprefix(top).removeprefix("/")
        if listed.get("type") == "directory" or name.endswith("/"):
            yield Entry(name)
        else:
            file = Address(address.scheme, path, f"{address.scheme}://{path}")
            yield Entry(name, _Object(file, listed))


def _revision(found: Mapping[str, Mapping[str, Any]]) -> str:
    """How many files there are, and a hash of their names, sizes and states."""
    lines = sorted("\0".join((path, *state_of(listed))) for path, listed in found.items())
    text = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{len(lines)} files, {text[:16]}"
