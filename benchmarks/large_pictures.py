"""Large photographs to decode, made from the bundled sample: 2 to 12 megapixels, as JPEG.

Each is a mosaic of one crop, mirrored at the seams so that there are no edges that a photograph would not have, and
grain is added as a sensor adds it: without it JPEG files of enlarged pictures are unusually small and quick to
decode. Everything is seeded; the bytes also depend on the JPEG encoder of the installed Pillow.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from geed_cli.images.source import sample_folder

SMALLEST, LARGEST = 2e6, 12e6
GRAIN = 3.0
"""Standard deviation of the grain, in levels of 255."""
ENCODINGS = ((80, 2), (90, 2), (95, 2), (95, 0))
"""Quality and Pillow's subsampling: 2 is 4:2:0, 0 is 4:4:4."""

Pixels = npt.NDArray[np.uint8]


def mosaic(tile: Image.Image, width: int, height: int, seed: int) -> Image.Image:
    """One picture repeated, mirrored at each seam, with grain."""
    values: Pixels = np.asarray(tile.convert("RGB"))
    wide = np.concatenate([values, values[:, ::-1]], axis=1)
    period = np.concatenate([wide, wide[::-1]])
    repeats = (height // period.shape[0] + 1, width // period.shape[1] + 1, 1)
    rng = np.random.default_rng(seed)
    grain = np.rint(rng.standard_normal((height, width, 3), dtype=np.float32) * GRAIN).astype(np.int16)
    whole = np.tile(period, repeats)[:height, :width] + grain
    return Image.fromarray(whole.clip(0, 255).astype(np.uint8))


def tiles(enlarge: int = 2) -> list[Image.Image]:
    """The bundled crops, enlarged: most photographs are a little soft at the level of their pixels."""
    found = []
    for path in sorted(sample_folder().iterdir()):
        with Image.open(path) as picture:
            size = (enlarge * picture.width, enlarge * picture.height)
            found.append(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    return found


def sizes(count: int) -> Iterator[tuple[int, int]]:
    """4:3 and 3:4 in turn, evenly from the smallest to the largest number of pixels."""
    for number, pixels in enumerate(np.linspace(SMALLEST, LARGEST, count)):
        width, height = round((pixels * 4 / 3) ** 0.5), round((pixels * 3 / 4) ** 0.5)
        yield (width, height) if number % 2 == 0 else (height, width)


def write_large(folder: Path, count: int) -> None:
    """Write so many pictures, in each of the encodings in turn."""
    sources = tiles()
    for number, (width, height) in enumerate(sizes(count)):
        quality, subsampling = ENCODINGS[number % len(ENCODINGS)]
        picture = mosaic(sources[number % len(sources)], width, height, seed=number)
        picture.save(folder / f"{number:04d}.jpg", quality=quality, subsampling=subsampling)


def write_resized(large: Path, folder: Path, shorter: int) -> None:
    """Write the same pictures with a shorter side of so many pixels."""
    for path in sorted(large.iterdir()):
        with Image.open(path) as picture:
            factor = shorter / min(picture.size)
            size = (round(picture.width * factor), round(picture.height * factor))
            picture.resize(size, Image.Resampling.BICUBIC).save(folder / path.name, quality=95, subsampling=0)
