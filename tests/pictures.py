"""Folders of pictures for tests, of exactly the network's size so that nothing is resized."""

from pathlib import Path

import numpy as np
from PIL import Image

from geed_cli.images.source import ImageSet, list_images


def smooth_pictures(folder: Path, count: int, size: int, seed: int = 0) -> Path:
    """Random blurred colour pictures, written as PNG; neighbouring pixels agree, as in photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        coarse = generator.integers(0, 256, size=(5, 5, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:04d}.png")
    return folder


def open_images(data: Path | None, samples: int, seed: int, *, follow_links: bool = False) -> ImageSet:
    """List a folder, or the bundled sample, and draw once."""
    return list_images(data, follow_links=follow_links).draw(samples, seed)


def pixels_of(folder: Path) -> list[np.ndarray]:
    """The pictures as float64 arrays (3, S, S) in [0, 1], read without the package's reader."""
    paths = sorted(folder.iterdir())
    return [
        np.asarray(Image.open(path).convert("RGB"), dtype=np.float64).transpose(2, 0, 1) / 255
        for path in paths
    ]
