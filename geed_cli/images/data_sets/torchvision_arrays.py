"""torchvision's data sets whose pictures lie in a few large files: CIFAR and the family of MNIST."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geed_cli.choices import Decode, Identity, ImageSource
from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.images.candidates import Listing
from geed_cli.images.data_sets.cifar_files import cifar_pictures, published
from geed_cli.images.labels_by_index import LabelsByIndex, index_names, is_index
from geed_cli.images.memory.items import OfSequence
from geed_cli.images.memory.memory_reader import MemoryReader
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.runtime.libraries import torchvision

DIGITS = tuple("0123456789")
"""What the classes of handwritten digits are called: a network calls its own so, and not "0 - zero"."""


@dataclass(frozen=True, eq=False)
class LabelledArray:
    """Pictures and labels in memory.

    Attributes:
        pictures: bytes, (N, H, W, 3), or in grey (N, H, W).
        labels: the class of each picture by its number.
        classes: their names.
    """

    pictures: NDArray[np.uint8]
    labels: Sequence[int]
    classes: tuple[str, ...]


Load = Callable[[str, Path, str], LabelledArray]
"""Reads a data set: the name of torchvision's class, the folder, the split."""


@final
class TorchvisionArray:
    """The reader of such a data set, whose pictures are called by their index and known by their pixels.

    Args:
        what: how results call it.
        array: its pictures.
        split: of which these are.

    Raises:
        InputError: there are not as many labels as pictures, or there are none.
    """

    source: ClassVar[ImageSource] = "torch"
    identity: ClassVar[Identity] = "pixels"
    one_thread: ClassVar[bool] = False

    def __init__(self, what: str, array: LabelledArray, split: str) -> None:
        count = len(array.pictures)
        if not count or len(array.labels) != count:
            raise InputError(
                f"{what} has {count} pictures and {len(array.labels)} labels",
                expected="one label for each picture",
                remedy="download it again",
            )

        def fetch(index: int) -> Image.Image:
            return Image.fromarray(array.pictures[index])

        self._reader = MemoryReader(OfSequence(what, range(count), fetch, one_thread=False))
        names = index_names(count)
        labels = LabelsByIndex(names, lambda index: _label(array, index))
        self.listing = Listing(names, (), {"label": labels}, classes=array.classes, split=split)

    def sha256(self, name: str) -> str:
        """Of the picture's size and RGB pixels."""
        return self.picture(name)[1]

    def picture(self, name: str, decode: Decode = "exact") -> tuple[Picture, str]:
        """The picture of an index, and the hash of its size and pixels."""
        if not is_index(name, len(self.listing.candidates)):
            raise ImageRefused("it is not in the data set")
        return self._reader.picture(name, decode)

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Nothing: they are bytes."""
        return ()


def _label(array: LabelledArray, index: int) -> str:
    """The name of a picture's class, or its number where there is no such class."""
    number = int(array.labels[index])
    return array.classes[number] if 0 <= number < len(array.classes) else str(number)


def cifar(name: str, folder: Path, split: str) -> LabelledArray:
    """CIFAR-10 or CIFAR-100, of which the files of the split and the names of classes are read.

    Raises:
        InputError: a file is missing, or is not the published one.
    """
    kind = getattr(torchvision.datasets, name)
    there = folder / kind.base_folder
    files = kind.train_list if split == "train" else kind.test_list
    missing = [each for each, *_ in (*files, [kind.meta["filename"]]) if not os.path.exists(there / each)]
    if missing:
        raise not_there(name, folder, there / missing[0])
    pictures, labels = cifar_pictures(there, files)
    meta = published(there / kind.meta["filename"], kind.meta["md5"])
    return LabelledArray(pictures, labels, tuple(map(str, meta[kind.meta["key"]])))


def mnist(name: str, folder: Path, split: str) -> LabelledArray:
    """MNIST, KMNIST, FashionMNIST or QMNIST, as torchvision reads their files.

    Raises:
        InputError: files are missing, or hold something else.
    """
    kind = getattr(torchvision.datasets, name)
    raw, processed = folder / name / "raw", folder / name / "processed"
    if os.path.exists(processed):
        raise InputError(
            f"{path_text(processed)}, files of an old torchvision which are pickles and are not opened",
            expected=f"the files as they are published, in {path_text(raw)}",
            remedy=f"move {path_text(processed)} away",
        )
    asked: Mapping[str, Any] = {"what": split} if name == "QMNIST" else {"train": split == "train"}
    try:
        data = kind(folder, download=False, **asked)
    except MemoryError:
        raise
    except Exception as error:  # torchvision's parser on whatever the files hold
        if not os.path.isdir(raw) or "not found" in str(error):
            raise not_there(name, folder, _lacking(kind, raw)) from error
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(
            f"the files in {path_text(raw)} cannot be read: {printable(lines[0])}",
            expected=f"those of {name} as they are published",
            remedy="download them again",
        ) from error
    labels = data.targets[:, 0] if data.targets.ndim == 2 else data.targets
    classes = DIGITS if name in {"MNIST", "QMNIST"} else tuple(data.classes)
    return LabelledArray(data.data.numpy(), labels.numpy(), classes)


def _lacking(kind: Any, raw: Path) -> Path:  # noqa: ANN401 - a class of torchvision
    """The first of the files of MNIST's family that is not in their folder, or the folder."""
    listed = [] if isinstance(kind.resources, dict) else kind.resources  # of QMNIST they are by split
    files = [raw / file.removesuffix(".gz") for file, _ in listed]
    missing = [file for file in files if not file.exists()]
    return missing[0] if missing and raw.is_dir() else raw


def not_there(name: str, folder: Path, wanted: Path, call: str = "") -> InputError:
    """The refusal of a data set whose files are not there, with what downloads them.

    Args:
        name: of torchvision's class.
        folder: where it was looked for.
        wanted: what is missing.
        call: further arguments of the class.
    """
    made = f"import torchvision; torchvision.datasets.{name}({str(folder)!r}, {call}download=True)"
    return InputError(
        f"no {path_text(wanted)}, and nothing is downloaded unasked",
        expected=f"the files of torchvision's {name} in the folder {path_text(folder)}, or in one that is named behind "
        "a colon",
        remedy=f'python -c "{made}"',
    )
