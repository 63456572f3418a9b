"""What ``--data`` names: a place by its prefix or scheme, a folder, or a file that is told by the end of its name.

A kind of place is one entry of ``PREFIXES`` or ``SCHEMES``, a kind of file one of ``file_kinds``. A folder is a folder,
whatever it is called, but that a name that begins as a place does is typed with ``./`` before it.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError, files_near, nearest_are
from geed_cli.images.candidates import Listing
from geed_cli.images.file_kinds import LISTS, SUFFIXES, Listed, container_by
from geed_cli.images.folder import list_folder
from geed_cli.images.lists.picture_list import PictureList
from geed_cli.images.memory.array_file import npz_in
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.reader import Folder, Reader
from geed_cli.images.remote.address import ADDRESS, no_scheme
from geed_cli.images.remote.address import SCHEMES as REMOTE
from geed_cli.images.remote.opened import address_at
from geed_cli.images.unchanged_file import UnchangedFile
from geed_cli.images.webdataset.shards import shards_at


class Found(NamedTuple):
    """What was named: as results call it, what reads it, and all that it holds."""

    root: str
    reader: Reader
    listing: Listing


Opener = Callable[[str, PlaceOptions], Listed]


def _torch(rest: str, options: PlaceOptions) -> Listed:
    """A data set of torchvision."""
    from geed_cli.images.data_sets.torchvision_sets import (  # noqa: PLC0415 - torchvision, for its data sets alone
        torchvision_set,
    )

    return torchvision_set(rest, options)


def _hfds(rest: str, options: PlaceOptions) -> Listed:
    """A data set of Hugging Face."""
    from geed_cli.images.data_sets.hugging_face import hub_data_set  # noqa: PLC0415 - the hub's client, likewise

    return hub_data_set(rest, options)


def _hfids(rest: str, options: PlaceOptions) -> Listed:  # noqa: ARG001 - an opener's
    """The refusal of a stream."""
    raise InputError(
        f"hfids/{printable(rest)}, which is read from one end to the other, so that nothing can be drawn from it",
        expected="a data set whose rows have an index",
        remedy=f"--data hfds/{printable(rest)}",
    )


def _tfds(rest: str, options: PlaceOptions) -> Listed:  # noqa: ARG001 - an opener's
    """The refusal of TensorFlow's data sets."""
    raise InputError(
        f"tfds/{printable(rest)}: data sets of TensorFlow are not read",
        expected=f"{EXPECTED}; or torch/NAME, or hfds/NAME",
        remedy="write its pictures to a folder, one folder a class, and --data that folder",
    )


PREFIXES: Mapping[str, Opener] = {
    "wds": shards_at,
    "torch": _torch,
    "hfds": _hfds,
    "hfids": _hfids,
    "tfds": _tfds,
}
"""What opens a place, by the word before the first slash, in small letters; it is given what stands behind the slash.
They are timm's, and mean what they mean there."""
SCHEMES: Mapping[str, Opener] = dict.fromkeys(REMOTE, address_at)
"""What opens an address, by its scheme; it is given the whole address."""
EXPECTED = f"a folder of images, or a file that ends in {', '.join(SUFFIXES)}"
_REMEDY = "check the path, or leave out --data to use the bundled sample"


def listed_at(source: str | Path, options: PlaceOptions) -> Found:
    """What reads the pictures of a source, and all that there are.

    Args:
        source: text as the user wrote it, or a path on this machine, which is never taken for another place.
        options: how it is read.

    Raises:
        InputError: nothing is there, it is of no kind that is read, it may be meant in two ways, or holds no images.
        RunError: it is elsewhere, and could not be read.
    """
    if isinstance(source, str) and (opened := _place(source, options)) is not None:
        return Found(source, opened, opened.listing)
    path = Path(source)
    reader, listing = _on_disk(path, options)
    root = str(path)
    return Found(f"./{root}" if _prefix(root) in PREFIXES else root, reader, listing)


def _place(source: str, options: PlaceOptions) -> Listed | None:
    """What reads a place by its prefix or scheme; None where the text is a path.

    Raises:
        InputError: a scheme that is not read, or a path of that name is there, too.
    """
    address = ADDRESS.match(source)
    if address is not None:
        scheme = address[1].lower()
        if scheme not in SCHEMES:
            raise no_scheme(source, scheme, SCHEMES)
        return SCHEMES[scheme](source, options)
    prefix = _prefix(source)
    if prefix not in PREFIXES:
        return None
    if os.path.lexists(source):
        raise InputError(
            f"{path_text(source)} lies on the disk, and {prefix}/ in front of a name means another place",
            expected="a name that means one thing",
            remedy=f"./{source} for what lies on the disk, or another working folder for {prefix}/",
        )
    return PREFIXES[prefix](source.partition("/")[2], options)


def _prefix(source: str) -> str:
    """The word before the first slash, in small letters; empty where there is no slash."""
    word, slash, _ = source.partition("/")
    return word.lower() if slash else ""


def _on_disk(path: Path, options: PlaceOptions) -> tuple[Reader, Listing]:
    options.refuse_but(path_text(path))
    # os.path answers where Path raises: below a folder that may not be entered
    if os.path.isdir(path):
        return Folder(path, options.follow_links), list_folder(path, follow_links=options.follow_links)
    suffix, name = path.suffix.lower(), None
    if path.parent.suffix.lower() == ".npz" and os.path.isfile(path.parent):
        path, suffix, name = path.parent, ".npz", path.name
    known = suffix in LISTS or container_by(suffix) is not None
    if not os.path.exists(path):
        what = "file" if known else "folder"
        shortened = path.parts[:1] in {(f"{scheme}:",) for scheme in SCHEMES}
        near = nearest_are(files_near(path, ("", *SUFFIXES)))
        remedy = (
            "an address as text, not as a path, which leaves out one of its slashes" if shortened else _REMEDY
        )
        raise InputError(f"no such {what}: {path_text(path)}", expected=f"{EXPECTED}{near}", remedy=remedy)
    if not known:
        raise InputError(f"not a folder: {path_text(path)}", expected=EXPECTED, remedy=_REMEDY)
    reader = _in_file(path, suffix, name)
    return reader, reader.listing


def _in_file(path: Path, suffix: str, array: str | None) -> Listed:
    """What reads a file by the end of its name; of arrays the one of that name."""
    if suffix in LISTS:
        return PictureList(path, LISTS[suffix])
    kind = container_by(suffix)
    assert kind is not None, "asked for before"
    file = UnchangedFile(path, kind.noun)
    return kind.read(file) if array is None else npz_in(file, array)
