"""Pictures of classes as folders of PNG files, ``train/CLASS/0000.png`` and ``test/CLASS/0000.png``.

Classes are numbered in the order of their names. ``labels.csv`` beside the two parts has the number of every test
picture, as ``geed --labels`` reads it; it is written last, so that it shows a finished set.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def save(out: Path, part: str, name: str, pictures: Iterable[Image.Image]) -> int:
    """Write the pictures of one class of ``part`` (``train`` or ``test``): their number."""
    folder = out / part / name
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for number, picture in enumerate(pictures, 1):
        picture.convert("RGB").save(folder / f"{number - 1:04d}.png")
    return number


def finish(out: Path) -> None:
    """Write ``labels.csv``: the path of each test picture below ``test``, and the number of its class."""
    test = out / "test"
    rows = [
        (path.relative_to(test).as_posix(), label)
        for label, name in enumerate(classes(out, "test"))
        for path in sorted((test / name).glob("*.png"))
    ]
    with (out / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label"), *rows])


def classes(out: Path, part: str) -> list[str]:
    """Names of the classes, in their order."""
    return sorted(folder.name for folder in (out / part).iterdir() if folder.is_dir())


def read(out: Path, part: str) -> tuple[Tensor, Tensor]:
    """Pictures uint8 N×3×S×S and the numbers of their classes, N."""
    named = [
        (path, label)
        for label, name in enumerate(classes(out, part))
        for path in sorted((out / part / name).glob("*.png"))
    ]
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in named])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.tensor([label for _, label in named])
