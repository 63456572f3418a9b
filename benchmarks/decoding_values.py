"""How far values move with the way in which pictures become pixels, in parts of the interval's width.

    python -m benchmarks.decoding_values --count 120

Photographs are the bundled crops as mosaics with grain, as sharp as they are and enlarged 2 and 4 times, as JPEGs of 2
to 12 megapixels in several encodings. Each is decoded ``exact``, ``fast``, and ``scaled``, which the program does not
do: reduced by libjpeg to 1/2 or 1/4 where that leaves 4 times what it is resized to, and resized as ``fast``. The
network has its real weights. The table has the largest difference of each measure over groups and layers.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from benchmarks.large_pictures import LARGEST, SMALLEST, mosaic, tiles
from geed_cli.api.audit import audit
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.input_settings import InputSettings
from geed_cli.models.load import load_model
from geed_cli.result.schema import Entry, Result

ENCODINGS = ((80, 2), (90, 2), (95, 1), (95, 0))
"""Quality and Pillow's subsampling."""
MARGIN = 4
GROUPS = ("flip", "c4", "c8")


def photographs(count: int) -> Iterator[bytes]:
    """JPEG files, in a seeded order; at most 120 are different."""
    rng = np.random.default_rng(0)
    sources = [tile for enlarge in (1, 2, 4) for tile in tiles(enlarge)]
    for number, place in enumerate(rng.permutation(len(sources))[:count]):
        pixels = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST)))
        width, height = round((pixels * 4 / 3) ** 0.5), round((pixels * 3 / 4) ** 0.5)
        quality, subsampling = ENCODINGS[number % len(ENCODINGS)]
        file = io.BytesIO()
        picture = mosaic(sources[place], width, height, seed=number)
        picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
        yield file.getvalue()


def exact(data: bytes, settings: InputSettings) -> torch.Tensor:
    """As ``--decode exact``."""
    return to_pixels(decode_picture(data), settings)


def fast(data: bytes, settings: InputSettings) -> torch.Tensor:
    """As ``--decode fast``."""
    return to_pixels(decode_picture(data, "fast"), settings, decode="fast")


def scaled(data: bytes, settings: InputSettings) -> torch.Tensor:
    """Reduced while it is decoded."""
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        for part in (4, 2):
            if min(width, height) >= part * MARGIN * settings.resize:
                picture.draft(None, (width // part, height // part))
                break
        picture.load()
        return to_pixels(Picture(picture), settings, decode="fast")


WAYS: dict[str, Callable[[bytes, InputSettings], torch.Tensor]] = {
    "exact": exact,
    "fast": fast,
    "scaled": scaled,
}


def moved(reference: Entry, other: Entry) -> float | None:
    """|difference| over the width of the reference's interval; None without one."""
    if reference.value is None or other.value is None or reference.ci is None:
        return None
    width = reference.ci[1] - reference.ci[0]
    return abs(other.value - reference.value) / width if width > 0 else None


def lines(results: dict[str, Result]) -> Iterator[str]:
    """A table line for each measure and way, with the entry that moves most."""
    yield "| | measure | moves most | exact | other | of the interval's width |"
    yield "|---|---|---|---|---|---|"
    reference = results["exact"]
    for way in list(results)[1:]:
        for metric in dict.fromkeys(entry.metric for entry in reference.results):
            pairs = zip(reference.results, results[way].results, strict=True)
            found = [
                (part, one, other)
                for one, other in pairs
                if one.metric == metric and (part := moved(one, other)) is not None
            ]
            if found:
                part, one, other = max(found, key=lambda each: each[0])
                where = ", ".join(filter(None, (one.group, one.layer)))
                yield f"| {way} | {metric} | {where} | {one.value:.6f} | {other.value:.6f} | {100 * part:.3f}% |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the pictures, audit them in each way, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=120, help="pictures")
    parser.add_argument("--model", default="efficientnet_lite0")
    options = parser.parse_args(arguments)
    network = load_model(options.model)
    made: dict[str, list[torch.Tensor]] = {way: [] for way in WAYS}
    for data in photographs(options.count):
        for way, decode in WAYS.items():
            made[way].append(decode(data, network.input))
    pixels = {way: torch.stack(pictures) for way, pictures in made.items()}
    for way, values in pixels.items():
        apart = (values.int() - pixels["exact"].int()).abs()
        sys.stdout.write(
            f"{way}: {apart.float().mean():.4f} levels on average, at most {apart.max()}, "
            f"{100 * (apart > 0).float().mean():.2f}% of values differ\n"
        )
    results = {
        way: audit(network, values, groups=GROUPS, ready=True, samples=options.count)
        for way, values in pixels.items()
    }
    sys.stdout.write("\n" + "".join(f"{line}\n" for line in lines(results)))


if __name__ == "__main__":
    main()
