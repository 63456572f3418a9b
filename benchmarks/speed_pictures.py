"""Small generated pictures for what does not depend on their content. Seeded; imports no torch."""

from pathlib import Path

import numpy as np
from PIL import Image

GRID = 8
"""Random colours are drawn on so many squares and enlarged: smooth, so that files are small and quick to decode."""


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
