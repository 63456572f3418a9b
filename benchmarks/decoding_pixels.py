"""How far pixels decoded ``fast`` are from ``exact`` ones, in levels of 255, for several margins k.

Photographs are the bundled crops, as sharp as they are and enlarged, at 2, 6 and 12 megapixels, in several JPEG
encodings and for two common preprocessings. Usage: python -m benchmarks.decoding_pixels [--every N].
"""

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.decoding import SETTINGS
from benchmarks.large_pictures import mosaic, tiles
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import Least, Size
from geed_cli.images.preprocess import REDUCTION_MARGIN, least_size, to_pixels
from geed_cli.input_settings import InputSettings

MARGINS = (1, 2, 3, 4)
SIZES = ((1632, 1224), (2121, 2829), (4000, 3000))
ENCODINGS = ((70, 2), (90, 2), (95, 1), (98, 0))
PREPROCESSINGS = (SETTINGS, replace(SETTINGS, interpolation="bilinear", resize=232))

Levels = npt.NDArray[np.int16]


def least(settings: InputSettings, margin: int) -> Least:
    """The least size for another margin than the program's."""
    program = least_size(settings, "fast")

    def scaled(size: Size) -> Size:
        width, height = program(size) if program else size
        return width * margin // REDUCTION_MARGIN, height * margin // REDUCTION_MARGIN

    return scaled


def photographs(every: int) -> Iterator[bytes]:
    """JPEG files: every crop at every size, the encodings in turn."""
    number = 0
    for enlarge in (1, 2, 4):
        for tile in tiles(enlarge)[::every]:
            for width, height in SIZES:
                quality, subsampling = ENCODINGS[number % len(ENCODINGS)]
                file = io.BytesIO()
                picture: Image.Image = mosaic(tile, width, height, seed=number)
                picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
                yield file.getvalue()
                number += 1


def differences(data: bytes, settings: InputSettings) -> Iterator[tuple[int, float, float, float]]:
    """For each margin that reduces this file: k, and mean, 99.9th percentile and maximum over its pixels."""
    exact = to_pixels(decode_picture(data), settings).numpy().astype(np.int16)
    for margin in MARGINS:
        picture = decode_picture(data, least(settings, margin))
        if picture.image.size != picture.size:
            levels: Levels = np.abs(to_pixels(picture, settings).numpy().astype(np.int16) - exact)
            yield margin, float(levels.mean()), float(np.percentile(levels, 99.9)), float(levels.max())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every Nth bundled crop")
    options = parser.parse_args(arguments)
    made: dict[int, list[tuple[float, float, float]]] = {margin: [] for margin in MARGINS}
    for data in photographs(options.every):
        for settings in PREPROCESSINGS:
            for margin, *found in differences(data, settings):
                made[margin].append((found[0], found[1], found[2]))
    sys.stdout.write("| k | reduced | mean, average | mean, largest | 99.9% below, largest | largest |\n")
    sys.stdout.write("|---" * 6 + "|\n")
    for margin, values in made.items():
        means, high, most = zip(*values, strict=True)
        cells = f"{np.mean(means):.2f} | {max(means):.2f} | {max(high):.0f} | {max(most):.0f}"
        sys.stdout.write(f"| {margin} | {len(values)} | {cells} |\n")


if __name__ == "__main__":
    main()
