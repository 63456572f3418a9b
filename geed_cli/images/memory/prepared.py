"""Whatever pictures a user has in hand, as what an audit takes: a folder as it is, anything else as an ``ImageSet``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError
from geed_cli.images.candidates import printable_name
from geed_cli.images.labels_by_index import LabelsByIndex
from geed_cli.images.memory.array_picture import is_array
from geed_cli.images.memory.item_labels import class_text, classes_of
from geed_cli.images.memory.items import Items, OfArray, OfSequence
from geed_cli.images.memory.loader import called, fetch_of, indices_of, require_indices
from geed_cli.images.memory.memory_reader import MemoryReader
from geed_cli.images.memory.not_images import no_images
from geed_cli.images.picture import RefusedFile
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.reader import FileList
from geed_cli.images.source import ImageSet, list_images, require_side
from geed_cli.input_settings import InputSettings

Root = str | Path | ImageSet | None
"""What ``DataOptions.root`` may be."""
EXPECTED = (
    "a folder, None for the bundled sample, a list of paths or of Pillow's images, an array or tensor of pictures, "
    "a data set with len() and [index], or a DataLoader of one"
)


def prepared_images(
    images: object,
    settings: InputSettings,
    ready: bool | None = None,
    place: PlaceOptions = PlaceOptions(),  # noqa: B008 - frozen
) -> tuple[Root, InputSettings]:
    """The pictures and the preprocessing of an audit of them.

    Args:
        images: anything that ``images_of`` takes.
        settings: the network's preprocessing.
        ready: whether the pictures are cropped already and are shown as they are, S × S; None for False, but that
            arrays and tensors of exactly S × S, which would be resized and cropped once more, are asked about.
        place: how a source that is named is read.

    Raises:
        InputError: pictures that cannot be used, that are not S × S though ``ready`` says so, or that are and nothing
            is said.
    """
    if ready not in (None, True, False):
        raise InputError(f"ready={ready!r}", expected="True, False or None", remedy="ready=True")
    found = images_of(images)
    side, as_it_is = settings.size, replace(settings, resize=settings.size, crop_mode="center")
    given = _size_of_arrays(found)
    if ready:
        listed = list_images(found, place)
        if given is not None:
            require_side(listed, given, side)
        return replace(listed, side=side), as_it_is
    if ready is None and given == (side, side) and settings.resize != side:
        assert isinstance(found, ImageSet), "a folder has no arrays"
        raise InputError(
            f"the pictures of {found.root} are {side} × {side}, what the network is shown, and its preprocessing "
            f"would resize them to {settings.resize} and cut {side} × {side} out once more",
            expected="whether they are cropped already",
            remedy="ready=True to show them as they are, or ready=False for resizing and cropping",
        )
    return found, settings


def images_of(images: object) -> Root:
    """Pictures as ``DataOptions.root`` takes them; no picture is read but, at most, the first item of a data set.

    Args:
        images: a folder, or None for the bundled sample, which are handed through; a list of paths or of Pillow's
            images; an array or tensor (N, H, W, 3), (N, 3, H, W) or, in grey, (N, H, W), of bytes or of floats in
            [0, 1]; a sequence or map-style data set whose items are one of these for one picture, alone, first in a
            tuple with a label, or in a dictionary; a DataLoader of such a data set; a batch (pictures, labels).

    Raises:
        InputError: naming what it is, what it looks like, and what to hand over instead.
    """
    if images is None or isinstance(images, str | ImageSet):
        return images
    if isinstance(images, PathLike):
        return Path(fspath(images))
    if (why := no_images(images)) is not None:
        raise InputError(why[0], expected=EXPECTED, remedy=why[1])
    classes = classes_of(images)
    images, beside = _unpacked(images)
    if isinstance(images, list | tuple) and all(isinstance(item, str | PathLike) for item in images):
        return _of_files(images)
    items = _items(images, beside)
    if not items.indices:
        raise InputError(
            f"{items.what} holds no pictures", expected="at least one", remedy="check what filled it"
        )
    width = len(str(max(items.indices)))
    names = tuple(f"{index:0{width}d}" for index in items.indices)
    reader = MemoryReader(items)
    columns = {}
    if not (isinstance(items, OfArray) and beside is None):
        columns["label"] = LabelsByIndex(names, lambda index: class_text(reader.label(index), classes))
    return ImageSet(items.what, reader, names, (), len(names), columns=columns, classes=classes)


def _unpacked(images: object) -> tuple[object, object]:
    """The pictures of a batch, and its labels; of an array of objects the objects: Pillow's images or paths."""
    if isinstance(images, np.ndarray) and images.dtype.kind in "OU":
        return list(images), None
    return (
        (images[0], images[1]) if isinstance(images, list | tuple) and _is_batch(images) else (images, None)
    )


def _items(images: Any, labels: object) -> Items:  # noqa: ANN401 - whatever has items
    if is_array(images):
        several = isinstance(labels, list | tuple) or is_array(labels)
        return OfArray(images, labels if several and len(labels) == len(images) else None)  # type: ignore[arg-type]
    if isinstance(images, DataLoader):
        return OfSequence(called(images.dataset), indices_of(images), fetch_of(images), one_thread=True)
    listed = isinstance(images, list | tuple)
    if not listed:
        require_indices(images)
    count = len(images)
    what = f"a list of {count} picture{'s' * (count != 1)}" if listed else called(images)
    return OfSequence(what, range(count), images.__getitem__, one_thread=not listed)


def _is_batch(images: Sequence[object]) -> bool:
    """Whether it is what a loader gives: the pictures of a batch, and their labels."""
    first = images[0]
    if not (is_array(first) and len(first.shape) == 4) or len(images) == 1:
        return False
    return not (is_array(images[1]) and len(images[1].shape) >= 3)


def _of_files(paths: Sequence[str | PathLike[str]]) -> ImageSet:
    """The files, in the order of the list; one that is named twice counts once."""
    texts = [fspath(path) for path in paths]
    names = [unicode_text(text) for text in texts]
    again = Counter[str]()
    files: dict[str, Path] = {}
    refused = []
    for name, text in zip(names, texts, strict=True):
        again[name] += 1
        if again[name] > 1:
            refused.append(RefusedFile(name, "named twice in the list"))
        elif printable_name(text) != name:
            refused.append(RefusedFile(printable_name(text), "its name holds control characters"))
        else:
            files[name] = Path(text)
    root = f"a list of {len(paths)} file{'s' * (len(paths) != 1)}"
    return ImageSet(root, FileList(files), tuple(files), tuple(refused), len(paths))


def _size_of_arrays(found: Root) -> tuple[int, int] | None:
    """Width and height of pictures that come as arrays, where it is one."""
    reader = found.reader if isinstance(found, ImageSet) else None
    return reader.items.size() if isinstance(reader, MemoryReader) else None
