"""What large pictures cost: a folder of JPEGs of 2 to 12 megapixels beside the same pictures already resized.

    python -m benchmarks.decoding --count 60 [--model resnet50 --weights random --group c4]

Prints milliseconds of each stage on one core, images per second through ``iter_pixels``, and with ``--model`` the
ratio of audit times, large to resized. Times are medians of repeats that take turns; on a machine that is busy
with other work only the ratios mean something.
"""

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import get_args

from benchmarks.large_pictures import write_large, write_resized
from geed_cli.choices import Decode
from geed_cli.images.decode import decode_picture
from geed_cli.images.prefetch import decoding_workers
from geed_cli.images.preprocess import to_pixels
from geed_cli.images.regular_file import read_regular
from geed_cli.images.source import iter_pixels, list_images
from geed_cli.input_settings import InputSettings
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions

SETTINGS = InputSettings(224, 256, "bicubic", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
MODES: tuple[Decode, ...] = get_args(Decode)
STAGES = ("read", "sha256", "decode", "resize and crop")


def stages(path: Path, decode: Decode) -> tuple[float, ...]:
    """Milliseconds of each stage for one file, in the calling thread."""
    times = [time.perf_counter()]
    data = read_regular(path)
    times.append(time.perf_counter())
    hashlib.sha256(data).hexdigest()
    times.append(time.perf_counter())
    picture = decode_picture(data, decode)
    times.append(time.perf_counter())
    to_pixels(picture, SETTINGS, decode=decode)
    times.append(time.perf_counter())
    return tuple(1e3 * (after - before) for before, after in pairwise(times))


def stage_rows(folders: dict[str, Path], repeats: int) -> Iterable[str]:
    """A table line for each folder and way of decoding: means over its files of the quickest repeat."""
    yield "| folder | decode | " + " | ".join(f"{stage}, ms" for stage in STAGES) + " | all, ms |"
    yield "|---" * (len(STAGES) + 3) + "|"
    for name, folder in folders.items():
        for decode in MODES:
            best = [
                [min(values) for values in zip(*(stages(path, decode) for _ in range(repeats)), strict=True)]
                for path in sorted(folder.iterdir())
            ]
            means = [statistics.fmean(values) for values in zip(*best, strict=True)]
            cells = " | ".join(f"{value:.2f}" for value in (*means, sum(means)))
            yield f"| {name} | {decode} | {cells} |"


def decoded_per_second(folder: Path, decode: Decode, workers: int) -> float:
    """Images per second when nothing else is done with them."""
    images = list_images(folder).draw(10**9, seed=0)
    before = time.perf_counter()
    for _ in iter_pixels(images, SETTINGS, workers=workers, decode=decode):
        pass
    return len(images.paths) / (time.perf_counter() - before)


def throughput_rows(folders: dict[str, Path], repeats: int, workers: int) -> Iterable[str]:
    """A table line for each folder and way of decoding."""
    yield f"| folder | decode | images/s, 1 thread | {workers} threads |"
    yield "|---|---|---|---|"
    for name, folder in folders.items():
        for decode in MODES:
            one, several = (
                statistics.median(decoded_per_second(folder, decode, number) for _ in range(repeats))
                for number in (1, workers)
            )
            yield f"| {name} | {decode} | {one:.1f} | {several:.1f} |"


def audit_seconds(network: Network, group: str, folder: Path) -> float:
    """How long an audit of a whole folder takes, the network being loaded already."""
    options = AuditOptions(data=DataOptions(root=folder, samples=10**9))
    before = time.perf_counter()
    audit(network, group, options)
    return time.perf_counter() - before


def audit_row(network: Network, group: str, folders: dict[str, Path], repeats: int) -> str:
    """Medians over audits of all folders in turn, after one that is not counted, and their ratio."""
    audit(network, group, AuditOptions(data=DataOptions(samples=4)))
    rounds = [[audit_seconds(network, group, folder) for folder in folders.values()] for _ in range(repeats)]
    large, resized = (statistics.median(values) for values in zip(*rounds, strict=True))
    return f"{network.id}, {group}: large {large:.1f} s, resized {resized:.1f} s, ratio {large / resized:.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the folders, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="pictures")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=decoding_workers(), help="decoding threads")
    parser.add_argument("--model", help="also time audits of this model")
    parser.add_argument("--weights", choices=("spec", "random"), default="spec")
    parser.add_argument("--group", default="c4")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary, name) for name in ("large", "resized")}
        for folder in folders.values():
            folder.mkdir()
        write_large(folders["large"], options.count)
        write_resized(folders["large"], folders["resized"], SETTINGS.resize)
        size = sum(path.stat().st_size for path in folders["large"].iterdir()) / options.count
        sys.stdout.write(
            f"{options.count} pictures of 2 to 12 megapixels, {size / 1e6:.2f} MB on average\n\n"
        )
        for line in stage_rows(folders, options.repeats):
            sys.stdout.write(f"{line}\n")
        for line in ("", *throughput_rows(folders, options.repeats, options.workers)):
            sys.stdout.write(f"{line}\n")
        if options.model:
            network = load_model(options.model, weights=options.weights)
            sys.stdout.write(f"\n{audit_row(network, options.group, folders, options.repeats)}\n")


if __name__ == "__main__":
    main()
