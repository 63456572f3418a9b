"""Pictures to audit: the bundled sample's photographs, shifted where more are wanted, or generated small ones.

The small ones are for what does not depend on content, and seeded. Imports no torch.
"""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from geed_cli.images.source import sample_folder

SHIFT = 8
"""Pixels between a photograph and the next one that is made of it."""
GRID = 8
"""Random colours are drawn on so many squares and enlarged: smooth, so that files are small and quick to decode."""


def copy_photographs(folder: Path, images: int) -> None:
    """The photographs, and the same shifted in a circle, at least so many different pictures; those there stay.

    An audit takes a picture once, however many copies of it there are.

    Args:
        folder: which holds nothing else.
        images: how many are wanted.
    """
    photographs = sorted(path for path in sample_folder().iterdir() if path.suffix == ".jpg")
    for number in range(len(list(folder.iterdir())), images):
        path, turn = photographs[number % len(photographs)], number // len(photographs)
        copy = folder / f"{number:05d}.jpg"
        if turn == 0:
            shutil.copyfile(path, copy)
            continue
        with Image.open(path) as picture:
            ImageChops.offset(picture, SHIFT * turn, 0).save(copy, quality=90)


def write_small(folder: Path, count: int, side: int = 64) -> Path:
    """Write so many square PNG files.

    Args:
        folder: made where it is not there.
        count: of files.
        side: in pixels.

    Returns:
        the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        colours = rng.integers(0, 256, (GRID, GRID, 3), dtype=np.uint8)
        picture = Image.fromarray(colours).resize((side, side), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:05d}.png")
    return folder
