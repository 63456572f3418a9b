"""The kinds of files that hold pictures or name some, by the end of their names in lower case.

``CONTAINERS`` and ``LISTS`` hold for a file of this machine and for one elsewhere alike.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from geed_cli.images.archives.archive_reader import tar_in, zip_in
from geed_cli.images.archives.tar_archive import COMPRESSED_SUFFIXES
from geed_cli.images.candidates import Listing
from geed_cli.images.lists.list_lines import csv_rows, parquet_rows, text_rows
from geed_cli.images.lists.picture_list import Rows
from geed_cli.images.memory.array_file import npy_in, npz_in
from geed_cli.images.reader import Reader
from geed_cli.images.stored_file import StoredFile


class Listed(Reader, Protocol):
    """A reader that knows what it holds."""

    @property
    def listing(self) -> Listing:
        """All that there is."""


class Container(NamedTuple):
    """A kind of file that holds pictures: how messages call one, and what reads it."""

    noun: str
    read: Callable[[StoredFile], Listed]


_TAR = Container("archive", tar_in)
LISTS: Mapping[str, Rows] = {".txt": text_rows, ".csv": csv_rows, ".parquet": parquet_rows}
CONTAINERS: Mapping[str, Container] = {
    ".tar": _TAR,
    ".zip": Container("archive", zip_in),
    ".npy": Container("array", npy_in),
    ".npz": Container("arrays", npz_in),
}
SUFFIXES = (*LISTS, *CONTAINERS)


def container_by(suffix: str) -> Container | None:
    """What reads a file whose name ends so, compressed tars among them, which are refused by what they hold."""
    return CONTAINERS.get(suffix) or (_TAR if suffix in COMPRESSED_SUFFIXES else None)
