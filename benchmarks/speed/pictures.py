"""Pictures to audit: the bundled sample's photographs as many times as it takes, or generated small ones.

The small ones are for what does not depend on content, and seeded. Imports no torch.
"""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from geed_cli.images.source import sample_folder

GRID = 8
"""Random colours are drawn on so many squares and enlarged: smooth, so that files are small and quick to decode."""


def copy_photographs(folder: Path, images: int) -> None:
    """Copies of the photographs, at least so many; those that are there stay.

    Args:
        folder: which holds nothing else.
        images: how many are wanted.
    """
    photographs = sorted(path for path in sample_folder().iterdir() if path.suffix == ".jpg")
    for number in range(len(list(folder.iterdir())), images):
        shutil.copyfile(photographs[number % len(photographs)], folder / f"{number:05d}.jpg")


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
