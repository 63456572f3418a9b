"""What lies at a path that ``--data`` names: a folder, or a file that is told by the end of its name.

A kind of file is one entry of ``KINDS``. A folder is a folder, whatever it is called.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError, files_near, nearest_are
from geed_cli.images.archives.archive_reader import tar_at, zip_at
from geed_cli.images.archives.tar_archive import COMPRESSED_SUFFIXES
from geed_cli.images.candidates import Listing
from geed_cli.images.folder import list_folder
from geed_cli.images.lists.picture_list import csv_list, parquet_list, text_list
from geed_cli.images.memory.array_file import npy_at, npz_at
from geed_cli.images.reader import Folder, Reader


class Listed(Reader, Protocol):
    """A reader that knows what it holds."""

    listing: Listing


KINDS: Mapping[str, Callable[[Path], Listed]] = {
    ".txt": text_list,
    ".csv": csv_list,
    ".parquet": parquet_list,
    ".tar": tar_at,
    ".zip": zip_at,
    ".npy": npy_at,
    ".npz": npz_at,
}
"""What reads a file, by the end of its name in lower case."""
EXPECTED = f"a folder of images, or a file that ends in {', '.join(KINDS)}"
_REMEDY = "check the path, or leave out --data to use the bundled sample"


def listed_at(path: Path, *, follow_links: bool = False) -> tuple[Reader, Listing]:
    """What reads the pictures that lie at a path, and all that there is.

    Args:
        path: as the user named it.
        follow_links: whether symbolic links below a folder are followed; inside of files they never are.

    Raises:
        InputError: nothing is there, it is of no kind that is read, or it holds no images.
    """
    # os.path answers where Path raises: below a folder that may not be entered
    if os.path.isdir(path):
        return Folder(path, follow_links), list_folder(path, follow_links=follow_links)
    suffix = path.suffix.lower()
    read = KINDS.get(suffix) or (tar_at if suffix in COMPRESSED_SUFFIXES else None)
    if path.parent.suffix.lower() == ".npz" and os.path.isfile(path.parent):
        path, read = path.parent, partial(npz_at, name=path.name)
    if not os.path.exists(path):
        what = "folder" if read is None else "file"
        near = nearest_are(files_near(path, ("", *KINDS)))
        raise InputError(f"no such {what}: {path_text(path)}", expected=f"{EXPECTED}{near}", remedy=_REMEDY)
    if read is None:
        raise InputError(f"not a folder: {path_text(path)}", expected=EXPECTED, remedy=_REMEDY)
    reader = read(path)
    return reader, reader.listing
