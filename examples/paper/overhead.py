"""Nine classes without an upright: turned crops of nine photographs that come with scikit-image.

Training crops are from the left half of each photograph, test crops from the right one. A crop is cut larger, turned
by an angle of its own, uniform over the circle (bicubic), and its middle is taken, so that no corner is black. Grey
levels of every crop have the mean 1/2 and the standard deviation 1/5: neither colour nor brightness, which no turn
changes, tells the classes apart.
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from examples.paper.class_folders import finish, save
from examples.paper.settings import SCALES

# A wall, cells and a tissue under a microscope, coins, grass, gravel, galaxies, the moon and an eye's background.
CLASSES = {
    "brick": "brick.png",
    "cell": "cell.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "ihc": "ihc.png",
    "moon": "moon.png",
    "retina": "retina.jpg",
}
LARGE = 800  # pixels: photographs with a longer side are halved
FLAT = 2.0  # grey levels: a crop that deviates less, such as the dark around the eye, is drawn again
PARTS = ("train", "test")


def photograph(name: str) -> Image.Image:
    """One of scikit-image's own, in grey.

    Raises:
        FileNotFoundError: the installed scikit-image has it not.
    """
    import skimage  # noqa: PLC0415 - an extra of this experiment

    path = Path(skimage.__file__).parent / "data" / CLASSES[name]
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: install scikit-image from a wheel, 0.25 or later")
    with Image.open(path) as opened:
        grey = opened.convert("L")
    return grey.reduce(2) if max(grey.size) > LARGE else grey


def half(picture: Image.Image, part: str) -> Image.Image:
    """The left half for training, the right one for the test."""
    middle = picture.width // 2
    return picture.crop((0, 0, middle, picture.height) if part == "train" else (middle, 0, *picture.size))


def crops(picture: Image.Image, size: int, number: int, rng: np.random.Generator) -> Iterator[Image.Image]:
    """``number`` turned crops of size×size pixels.

    Raises:
        ValueError: the picture has no room for one.
    """
    side = math.ceil(size * math.sqrt(2)) + 2  # two pixels more for the filter
    if min(picture.size) < side:
        raise ValueError(f"a turned crop of {size} pixels needs {side} × {side}, not {picture.size}")
    edge = (side - size) // 2
    made = 0
    while made < number:
        left, top = (int(rng.integers(length - side + 1)) for length in picture.size)
        angle = float(rng.uniform(0, 360))
        larger = picture.crop((left, top, left + side, top + side))
        crop = larger.rotate(angle, Image.Resampling.BICUBIC).crop((edge, edge, edge + size, edge + size))
        if np.asarray(crop).std() >= FLAT:
            made += 1
            yield standardised(crop)


def standardised(crop: Image.Image) -> Image.Image:
    """Grey levels with mean 1/2 and standard deviation 1/5, clipped to what 8 bits hold."""
    levels = np.asarray(crop, np.float64)
    levels = 127.5 + 51 * (levels - levels.mean()) / levels.std()
    return Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))


def write(out: Path, size: int, training: int, held_out: int) -> None:
    """``training`` crops of each class, and ``held_out`` test crops of all classes together."""
    for number, name in enumerate(CLASSES):
        picture = photograph(name)
        for part, count in zip(PARTS, (training, held_out // len(CLASSES)), strict=True):
            rng = np.random.default_rng([number, PARTS.index(part)])
            save(out, part, name, crops(half(picture, part), size, count, rng))
    finish(out)


def main() -> None:
    """``python -m examples.paper.overhead --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--scale", choices=SCALES, default="small")
    given = parser.parse_args()
    scale = SCALES[given.scale].overhead
    write(given.out, scale.size, scale.training, scale.held_out)


if __name__ == "__main__":
    main()
