"""What people hand over in place of pictures: each mistake has a sentence of its own, and its way out works.

Every way out is run as the message words it, or is one of the few that only the user can go.
"""

from collections import UserDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.pictures import SETTINGS, noise
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    WeightedRandomSampler,
)

from geed_cli.errors import InputError
from geed_cli.images.memory.prepared import images_of, prepared_images
from geed_cli.images.picture import RefusedFile
from geed_cli.images.source import iter_pixels, list_images, unusable

COUNT, HEIGHT, WIDTH = 2, 8, 9
BYTES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (COUNT, 3, HEIGHT, WIDTH), dtype=np.uint8))
LAST = BYTES.permute(0, 2, 3, 1).numpy()
FLOATS = BYTES / 255
MEAN, STD = (torch.tensor(each).view(3, 1, 1) for each in (SETTINGS.mean, SETTINGS.std))
PICTURES = [Image.fromarray(each) for each in LAST]


class Items(Dataset[Any]):
    """A data set of given items."""

    def __init__(self, items: Sequence[object] = PICTURES) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> object:
        return self.items[index]


class Mirrored(Items):
    """Every other time an item is mirrored, as by chance."""

    def __init__(self) -> None:
        super().__init__(FLOATS)
        self.times = [0] * COUNT

    def __getitem__(self, index: int) -> object:
        self.times[index] += 1
        return FLOATS[index].flip(-1) if self.times[index] % 2 else FLOATS[index]


class Stream(IterableDataset[Any]):
    """Pictures that come one after the other."""

    def __iter__(self) -> Iterator[Image.Image]:
        return iter(PICTURES)


class Endless:
    """Items by index, nobody knows how many."""

    def __getitem__(self, index: int) -> object:
        return PICTURES[index]


def read(images: object, ready: bool | None = None) -> list[torch.Tensor]:
    """The pixels of all pictures as the network is shown them, each read twice, as an audit does."""
    root, settings = prepared_images(images, SETTINGS, ready)
    listed = list_images(root)
    list(iter_pixels(listed, settings))
    items = list(iter_pixels(listed, settings))
    refused = [item for item in items if isinstance(item, RefusedFile)]
    if refused:
        raise unusable(listed.root, refused, listed.reader.source)
    return [item.pixels for item in items if not isinstance(item, RefusedFile)]


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        images: what is handed over.
        found: how the message begins.
        remedy: a part of what it says to try.
        cure: does that; None where it is for the user to know.
    """

    images: Callable[[], Any]
    found: str
    remedy: str
    cure: Callable[[Any], object] | None = None


def weighted() -> DataLoader[Any]:
    return DataLoader(Items(), sampler=WeightedRandomSampler([1.0, 9.0], 2))


class Pairs(BatchSampler):
    """A sampler of one's own."""


MISTAKES: dict[str, Mistake] = {
    "floats of bytes": Mistake(
        BYTES.float,
        "picture 0 of a tensor of 2 pictures, 8 × 9 has floats from 0 to 25",
        "images / 255",
        lambda images: images / 255,
    ),
    "normalised": Mistake(
        lambda: (FLOATS - MEAN) / STD,
        "picture 0 of a tensor of 2 pictures, 8 × 9 has floats from -2.",
        "images * std + mean",
        lambda images: (images * STD + MEAN).clip(0, 1),
    ),
    "from -1 to 1": Mistake(
        lambda: FLOATS * 2 - 1,
        "picture 0 of a tensor of 2 pictures, 8 × 9 has floats from -1 to ",
        "images / 2 + 0.5",
        lambda images: images / 2 + 0.5,
    ),
    "divided twice": Mistake(
        lambda: FLOATS / 255,
        "picture 0 of a tensor of 2 pictures, 8 × 9 has floats from 0 to 0.0039",
        "255 * images",
        lambda images: 255 * images,
    ),
    "beyond by a little": Mistake(
        lambda: FLOATS * 1.1 - 0.05,
        "picture 0 of a tensor of 2 pictures, 8 × 9 has floats from -0.05 to 1.0",
        "images.clip(0, 1)",
        lambda images: images.clip(0, 1),
    ),
    "16 bits as floats": Mistake(
        lambda: BYTES.float() * 257,
        "picture 0 of a tensor of 2 pictures, 8 × 9 has floats from 0 to 6.",
        "divide by the largest value",
        lambda images: images / 65535,
    ),
    "masks": Mistake(
        lambda: (BYTES > 100).to(torch.uint8),
        "picture 0 of a tensor of 2 pictures, 8 × 9 has bytes of 0 and 1 alone",
        "255 * images",
        lambda images: 255 * images,
    ),
    "not finite": Mistake(
        lambda: FLOATS.clone().fill_(torch.nan),
        "cannot use 2 images of a tensor of 2 pictures, 8 × 9",
        'on_bad_image="skip"',
    ),
    "whole numbers": Mistake(
        BYTES.long,
        "a tensor of type int64",
        "images.to(torch.uint8)",
        lambda images: images.to(torch.uint8),
    ),
    "whole numbers of numpy": Mistake(
        lambda: LAST.astype(int),
        "an array of type int64",
        "images.astype('uint8')",
        lambda images: images.astype("uint8"),
    ),
    "booleans": Mistake(
        lambda: LAST > 100,
        "an array of type bool",
        "255 * images.astype('uint8')",
        lambda images: 255 * images.astype("uint8"),
    ),
    "16 bits": Mistake(
        lambda: LAST.astype(np.uint16) * 257,
        "an array of type uint16",
        "(images / 257).round().astype('uint8')",
        lambda images: (images / 257).round().astype("uint8"),
    ),
    "complex": Mistake(
        lambda: LAST.astype(complex) / 255,
        "an array of type complex128",
        "images.real",
        lambda images: images.real,
    ),
    "an empty list": Mistake(list, "an empty list", "check what filled it"),
    "an empty tensor": Mistake(lambda: BYTES[:0], "a tensor of shape (0, 3, 8, 9)", "at least one pixel"),
    "alpha": Mistake(
        lambda: np.concatenate([LAST, LAST[..., :1]], axis=3),
        "an array of shape (2, 8, 9, 4): 4 channels",
        "images[..., :3]",
        lambda images: images[..., :3],
    ),
    "channels between": Mistake(
        lambda: np.moveaxis(LAST, -1, -2),
        "an array of shape (2, 8, 3, 9): channels are between",
        "numpy.moveaxis(images, -2, -1)",
        lambda images: np.moveaxis(images, -2, -1),
    ),
    "features": Mistake(
        lambda: torch.rand(2, 8, 4 + 3, 7),
        "a tensor of shape (2, 8, 7, 7): no axis",
        "pictures in RGB or grey",
    ),
    "channels first or last": Mistake(
        lambda: LAST[:, :, :3].transpose(0, 3, 1, 2),
        "an array of shape (2, 3, 8, 3): channels may be first or last",
        "a list of Pillow's images",
        lambda images: [Image.fromarray(each.transpose(1, 2, 0)) for each in images],
    ),
    "one picture": Mistake(
        lambda: LAST[0],
        "an array of shape (8, 9, 3), which is one picture",
        "images[None]",
        lambda images: images[None],
    ),
    "one picture of torch": Mistake(
        lambda: BYTES[0],
        "a tensor of shape (3, 8, 9): one picture of 3 channels, or 3 in grey",
        "images[None]",
        lambda images: images[None],
    ),
    "flattened": Mistake(
        lambda: BYTES.flatten(1),
        "a tensor of shape (2, 216)",
        "images.reshape(-1, 3, H, W)",
        lambda images: images.reshape(-1, 3, 8, 9),
    ),
    "clips": Mistake(
        lambda: BYTES[None],
        "a tensor of shape (1, 2, 3, 8, 9)",
        "images[:, 0]",
        lambda images: images[:, 0],
    ),
    "one Pillow image": Mistake(lambda: PICTURES[0], "one Pillow image", "[image]", lambda image: [image]),
    "a generator": Mistake(
        lambda: (picture for picture in PICTURES), "a generator, which can be read once", "list(images)", list
    ),
    "a set": Mistake(lambda: {"b", "a"}, "a set, whose order", "sorted(images)"),
    "a batch by name": Mistake(
        lambda: UserDict({"pixel_values": FLOATS, "labels": torch.zeros(2)}),
        "a dictionary of 'pixel_values', 'labels'",
        "batch['pixel_values']",
        lambda batch: batch["pixel_values"],
    ),
    "a network": Mistake(
        torch.nn.Identity, "a network (Identity) where pictures are expected", "the network first"
    ),
    "a class": Mistake(lambda: Items, "the class Items", "such as Items(...)", lambda kind: kind()),
    "a number": Mistake(
        lambda: 40, "something of type int where pictures are expected", "a folder, or a list of pictures"
    ),
    "a stream": Mistake(
        Stream,
        "the data set Stream, which cannot be asked",
        "itertools.islice",
        lambda s: list(islice(s, 1000)),
    ),
    "no length": Mistake(
        Endless,
        "the data set Endless, which cannot be asked",
        "itertools.islice",
        lambda s: list(islice(s, 1000)),
    ),
    "a loader of a stream": Mistake(
        lambda: DataLoader(Stream()),
        "the data set Stream, which cannot be asked",
        "itertools.islice",
        lambda loader: list(islice(loader.dataset, 1000)),
    ),
    "a weighted loader": Mistake(
        weighted, "a DataLoader with WeightedRandomSampler", "loader.dataset", lambda loader: loader.dataset
    ),
    "a part of a weighted loader": Mistake(
        weighted,
        "a DataLoader with WeightedRandomSampler",
        "torch.utils.data.Subset(loader.dataset, indices)",
        lambda loader: Subset(loader.dataset, [1]),
    ),
    "batches of one's own": Mistake(
        lambda: DataLoader(Items(), batch_sampler=Pairs(SequentialSampler(Items()), 2, drop_last=False)),
        "a DataLoader with Pairs",
        "loader.dataset",
        lambda loader: loader.dataset,
    ),
    "a loader of Pillow's images": Mistake(
        lambda: DataLoader(Items()),
        "the collate_fn of a DataLoader of the data set Items raised TypeError for item 0",
        "loader.dataset",
        lambda loader: loader.dataset,
    ),
    "batches": Mistake(
        lambda: [BYTES, BYTES],
        "item 0 of a list of 2 pictures of shape (2, 3, 8, 9)",
        "torch.cat(images)",
        torch.cat,
    ),
    "crops": Mistake(
        lambda: Items([list(FLOATS), list(FLOATS)]),
        "item 0 of the data set Items is a list of several pictures",
        "without several crops",
    ),
    "labels": Mistake(lambda: Items([3, 4]), "item 0 of the data set Items is of type int", "such items"),
    "other keys": Mistake(
        lambda: Items([{"photo": PICTURES[0], "label": 1}]),
        "item 0 of the data set Items is a dictionary of 'photo', 'label'",
        "gives the pictures themselves",
    ),
    "augmentation": Mistake(
        Mirrored,
        "item 0 of the data set Mirrored is another picture each time",
        "random augmentation",
    ),
    "no such files": Mistake(
        lambda: ["nowhere/a.jpg", "nowhere/b.jpg"],
        "cannot use 2 images of a list of 2 files",
        "repair or remove",
    ),
    "a folder in a list": Mistake(
        lambda: [Path(__file__).parent],
        "cannot use image",
        "repair or remove",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_its_sentence_and_its_way_out(name: str) -> None:
    mistake = MISTAKES[name]
    with pytest.raises(InputError) as caught:
        read(mistake.images())
    assert caught.value.found.startswith(mistake.found)
    assert mistake.remedy in caught.value.remedy
    assert caught.value.expected
    if mistake.cure is not None:
        assert read(mistake.cure(mistake.images()))


def test_every_sentence_is_another() -> None:
    """Of those whose way out is another, too."""
    beginnings = {(mistake.found.partition(" of ")[0], mistake.remedy) for mistake in MISTAKES.values()}
    assert len(beginnings) >= 30


def test_cropped_already_is_asked_about() -> None:
    """Tensors of exactly S × S, which would be resized to 36 and cropped; pictures of Pillow are never asked about."""
    square = torch.from_numpy(np.stack([np.asarray(noise(32, 32, seed)) for seed in range(2)]))
    for images in (square, list(square), Items(list(square)), Items([(each, 1) for each in square])):
        with pytest.raises(InputError, match="are 32 × 32, what the network is shown") as caught:
            prepared_images(images, SETTINGS)
        assert "ready=True" in caught.value.remedy
        assert "ready=False" in caught.value.remedy
        assert torch.equal(read(images, ready=True)[1], square[1].permute(2, 0, 1))
        assert not torch.equal(read(images, ready=False)[1], square[1].permute(2, 0, 1))
    assert read([Image.fromarray(each.numpy()) for each in square])


@pytest.mark.parametrize("images", [BYTES, list(BYTES), PICTURES, Items(PICTURES)])
def test_ready_pictures_are_of_the_networks_size(images: object) -> None:
    with pytest.raises(InputError, match=r"8 × 9 \(height × width\), and ready=True says") as caught:
        read(images, ready=True)
    assert caught.value.remedy.startswith("ready=False")
    assert read(images, ready=False)


def test_ready_is_yes_no_or_nothing() -> None:
    with pytest.raises(InputError, match="ready='yes'"):
        prepared_images(PICTURES, SETTINGS, "yes")  # type: ignore[arg-type]


def test_what_a_picture_is_called_in_errors(tmp_path: Path) -> None:
    """Files of a list by their names, of which one that is named twice counts once; others by their index."""
    path = tmp_path / "a.png"
    PICTURES[0].save(path)
    listed = list_images(images_of([path, path, str(path)]))
    assert (listed.found, listed.paths) == (3, (str(path),))
    assert [item.reason for item in listed.refused] == ["named twice in the list"] * 2
    many = list_images(images_of([*PICTURES] * 6))
    assert many.paths[:3] == ("00", "01", "02")
    assert str(many) == "a list of 12 pictures"
    assert repr(many) == "ImageSet(root='a list of 12 pictures', found=12, side=None)"
