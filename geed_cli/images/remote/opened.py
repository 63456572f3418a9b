"""What reads an address: a file by the end of its name, or the folder of a bucket."""

from functools import lru_cache
from pathlib import PurePosixPath

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.file_kinds import LISTS, SUFFIXES, Listed, container_by
from geed_cli.images.memory.array_file import npz_in
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.remote.address import address_of
from geed_cli.images.remote.bucket import Bucket
from geed_cli.images.remote.remote_file import RemoteFile
from geed_cli.images.remote.remote_list import RemoteList

KEPT = 8
"""Indices of files elsewhere that are kept in memory, so that one run reads each once."""


def address_at(text: str, options: PlaceOptions) -> Listed:
    """The reader of an address.

    Raises:
        InputError: an address that is not taken, no images, or a library is missing.
        RunError: it cannot be read.
    """
    options.refuse_but("an address")
    address = address_of(text)
    array = None
    if PurePosixPath(address.path).parent.suffix.lower() == ".npz":
        folder, _, array = address.whole.rpartition("/")
        address = address_of(folder)
    if address.suffix in LISTS:
        return RemoteList(address, LISTS[address.suffix])
    if container_by(address.suffix) is not None:
        return _contained(RemoteFile(address), address.suffix, array)
    if address.is_web:
        raise InputError(
            f"{path_text(address.whole)} ends in none of {', '.join(SUFFIXES)}",
            expected=f"one file: folders cannot be listed by {address.scheme}",
            remedy="name a list of the pictures, such as a .txt with a path a line beside them, or an archive",
        )
    return Bucket(address)


@lru_cache(maxsize=KEPT)
def _contained(file: RemoteFile, suffix: str, array: str | None) -> Listed:
    """The reader of a file with pictures in one state; of arrays the one of that name."""
    kind = container_by(suffix)
    assert kind is not None, "asked for before"
    return kind.read(file) if array is None else npz_in(file, array)
