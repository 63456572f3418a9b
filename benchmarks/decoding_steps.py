"""What decoding a JPEG costs apart from resizing it, by each library, on one thread.

    OMP_NUM_THREADS=1 python -m benchmarks.decoding_steps

Milliseconds of processor time, the least of several repeats that take turns: of pictures of 2, 6 and 12 megapixels,
quality 90 with subsampled colour, resized to a shorter side of 256 as most networks want them.
"""

import argparse
import hashlib
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from PIL import Image

from benchmarks.decoding import SETTINGS
from benchmarks.large_pictures import mosaic, tiles
from geed_cli.choices import Decode
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.images.resize import resized
from geed_cli.images.simple_jpeg import decoded_by_simplejpeg

SIZES = ((1632, 1224), (2828, 2121), (4000, 3000))
Step = Callable[[], object]


def photograph(width: int, height: int) -> bytes:
    """One of the bundled crops as a JPEG of this size."""
    file = io.BytesIO()
    mosaic(tiles()[3], width, height, seed=0).save(file, "JPEG", quality=90)
    return file.getvalue()


def steps(data: bytes) -> dict[str, Step]:
    """Everything that is timed, by its name; without simplejpeg what needs it is left out."""
    image = decode_picture(data).image
    array = decoded_by_simplejpeg(data, image.size)
    size = (round(SETTINGS.resize * image.width / image.height), SETTINGS.resize)

    def resize(picture: Picture, decode: Decode) -> Image.Image:
        return resized(picture, size, "bicubic", decode)

    def whole(decode: Decode) -> torch.Tensor:
        return to_pixels(decode_picture(data, decode), SETTINGS, decode=decode)

    made: dict[str, Step] = {
        "SHA-256": lambda: hashlib.sha256(data).hexdigest(),
        "decode, Pillow": lambda: decode_picture(data),
        "decode at 1/2, Pillow": lambda: reduced(data, 2),
        "decode at 1/4, Pillow": lambda: reduced(data, 4),
        "resize, Pillow": lambda: resize(Picture(image), "exact"),
        "resize, torch, of Pillow's image": lambda: resize(Picture(image), "fast"),
        "all of `exact`": lambda: whole("exact"),
        "all of `fast`, without simplejpeg": lambda: to_pixels(decode_picture(data), SETTINGS, decode="fast"),
    }
    if array is not None:
        made["decode, simplejpeg"] = lambda: decoded_by_simplejpeg(data, image.size)
        made["resize, torch, of simplejpeg's array"] = lambda: resize(Picture(array), "fast")
        made["all of `fast`, with simplejpeg"] = lambda: whole("fast")
    return made


def reduced(data: bytes, part: int) -> None:
    """Let libjpeg reduce the picture, which the program does not do."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft(None, (picture.width // part, picture.height // part))
        picture.load()


def least_ms(made: dict[str, Step], repeats: int) -> dict[str, float]:
    """The least of each."""
    best = dict.fromkeys(made, float("inf"))
    for _ in range(repeats):
        for name, step in made.items():
            before = time.process_time()
            step()
            best[name] = min(best[name], 1e3 * (time.process_time() - before))
    return best


def lines(repeats: int) -> Iterator[str]:
    """The table."""
    torch.set_num_threads(1)
    columns = {f"{w * h / 1e6:.0f} MP": least_ms(steps(photograph(w, h)), repeats) for w, h in SIZES}
    yield f"| ms | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for name in next(iter(columns.values())):
        yield f"| {name} | {' | '.join(f'{column[name]:.1f}' for column in columns.values())} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args(arguments)
    for line in lines(options.repeats):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
