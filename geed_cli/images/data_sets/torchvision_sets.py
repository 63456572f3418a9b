"""``torch/NAME``: torchvision's data sets by timm's names, from files that are there; nothing is downloaded.

``torch/cifar10`` is in the folder data, as in torchvision's own examples; ``torch/cifar10:DIR`` names another.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.images.data_sets.class_folders import ClassFolders, class_folders, listed_files
from geed_cli.images.data_sets.splits import TRAIN, VALIDATION, chosen_split
from geed_cli.images.data_sets.torchvision_arrays import (
    Load,
    TorchvisionArray,
    cifar,
    mnist,
    not_there,
)
from geed_cli.images.place_options import PlaceOptions
from geed_cli.runtime.libraries import torchvision

ROOT = "data"
"""The folder that holds data sets where none is named."""
WITHOUT_VALIDATION = ("train", "test")


@dataclass(frozen=True)
class Asked:
    """What ``torch/NAME`` is to be read with.

    Attributes:
        name: as it was written, without the folder.
        folder: that holds the data set's files.
        options: how it is read.
    """

    name: str
    folder: Path
    options: PlaceOptions

    def split(self, there: tuple[str, ...]) -> str:
        """Which of these splits is meant; validation is the test split where there is no other, as in timm."""
        asked = self.options.split
        if asked in VALIDATION and not set(VALIDATION) & set(there):
            asked = "test"
        return chosen_split(asked, there, f"torch/{self.name}")


Read = Callable[[Asked], TorchvisionArray | ClassFolders]


def torchvision_set(rest: str, options: PlaceOptions) -> TorchvisionArray | ClassFolders:
    """The data set that ``torch/`` and this text names.

    Raises:
        InputError: no such name or split, or its files are not there or not whole.
    """
    name, _, folder = rest.partition(":")
    read = NAMES.get(name.lower())
    if read is None:
        raise InputError(
            f"torch/{printable(name)} is none of torchvision's data sets that are read",
            expected=f"one of {', '.join(NAMES)}{nearest_are(nearest(name.lower(), NAMES))}",
            remedy=f"torch/cifar10 with the folder {ROOT}, or torch/cifar10:DIR with another",
        )
    options.refuse_but(f"torch/{name}", {"split"})
    return read(Asked(name.lower(), Path(folder or ROOT).expanduser(), options))


def _array(load: Load, kind: str, splits: tuple[str, ...], asked: Asked) -> TorchvisionArray:
    """A data set whose pictures lie in a few files, by the name of torchvision's class."""
    split = asked.split(splits)
    return TorchvisionArray(f"torchvision's {kind}", load(kind, asked.folder, split), split)


def _image_folder(asked: Asked) -> ClassFolders:
    """``ImageFolder``: a folder for each class, below the folder of the split where there is one."""
    folder, split = asked.folder, asked.options.split
    if not os.path.isdir(folder):
        raise _no_folder(folder, "a folder that holds one for each class")
    names: tuple[str, ...] = (split,) if split is not None else (*VALIDATION, "test")
    for synonyms in (TRAIN, VALIDATION):
        names += synonyms if split in synonyms else ()
    found = next((name for name in names if os.path.isdir(folder / name)), None)
    if found is None and split is not None:
        raise _no_folder(folder / split, f"a folder for the split {printable(split)}")
    return class_folders(folder / (found or ""), found, follow_links=asked.options.follow_links)


def _imagenet(asked: Asked) -> ClassFolders:
    """``ImageNet`` as torchvision unpacks it; labels are WordNet ids, the names of its folders."""
    split = asked.split(("train", "val"))
    folder = asked.folder / split
    if not os.path.isdir(folder):
        made = f"import torchvision; torchvision.datasets.ImageNet({str(asked.folder)!r}, {split!r})"
        raise InputError(
            f"no folder {path_text(folder)}",
            expected="ImageNet as torchvision unpacks it: a folder for each WordNet id",
            remedy=f'download its archives from image-net.org into {path_text(asked.folder)}, and python -c "{made}"',
        )
    return class_folders(folder, split, follow_links=asked.options.follow_links)


INATURALIST = ("2021_valid", "2021_train", "2021_train_mini")


def _inaturalist(asked: Asked) -> ClassFolders:
    """INaturalist 2021, a folder for each species, whose numbers are those of the folders in order."""
    said = asked.options.split
    split = "2021_train" if said in TRAIN else "2021_valid"
    if said is not None and said not in (*TRAIN, *VALIDATION):
        split = chosen_split(said, INATURALIST, "torch/inaturalist")
    folder = asked.folder / split
    if not os.path.isdir(folder):
        raise not_there("INaturalist", asked.folder, folder, f"{split!r}, ")
    return class_folders(folder, split, follow_links=asked.options.follow_links)


PLACES = ("val", "test", "train-standard", "train-challenge")


def _places(asked: Asked) -> ClassFolders:
    """Places365 in its large pictures, by the lists that are published with it."""
    wanted = "train-standard" if asked.options.split in TRAIN else asked.options.split
    split = chosen_split(wanted, PLACES, "torch/places365")
    try:
        data = torchvision.datasets.Places365(asked.folder, split, download=False)
    except RuntimeError as error:  # a list is missing, or has another MD5
        raise not_there(
            "Places365", asked.folder, asked.folder / "categories_places365.txt", f"{split!r}, "
        ) from error
    folder = Path(data.images_dir)
    names = {Path(os.path.relpath(file, folder)).as_posix(): number for file, number in data.imgs}
    if not os.path.isdir(folder):
        raise not_there("Places365", asked.folder, folder, f"{split!r}, ")
    by_number = {number: name for name, number in data.class_to_idx.items()}
    return listed_files(folder, split, names, tuple(by_number[number] for number in range(len(by_number))))


def _no_folder(folder: Path, expected: str) -> InputError:
    return InputError(
        f"no folder {path_text(folder)}",
        expected=expected,
        remedy="torch/image_folder:DIR, with another folder",
    )


NAMES: Mapping[str, Read] = {
    "cifar10": partial(_array, cifar, "CIFAR10", WITHOUT_VALIDATION),
    "cifar100": partial(_array, cifar, "CIFAR100", WITHOUT_VALIDATION),
    "mnist": partial(_array, mnist, "MNIST", WITHOUT_VALIDATION),
    "kmnist": partial(_array, mnist, "KMNIST", WITHOUT_VALIDATION),
    "fashion_mnist": partial(_array, mnist, "FashionMNIST", WITHOUT_VALIDATION),
    "qmnist": partial(_array, mnist, "QMNIST", ("train", "test", "test10k", "test50k", "nist")),
    "inaturalist": _inaturalist,
    "inat": _inaturalist,
    "places365": _places,
    "imagenet": _imagenet,
    "image_folder": _image_folder,
    "folder": _image_folder,
}
"""What reads a data set, by the name that timm gives it."""
