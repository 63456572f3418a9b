"""Statistics of many images: processor seconds, peak memory and size of the result, against images and features.

    python -m benchmarks.many_images                     # about 40 minutes on one core
    python -m benchmarks.many_images --quick             # seconds
    python -m benchmarks.many_images --images 100000 --features 512 --append

Rows are made up, of resnet50's four stages under d8 with the measures of an audit, and statistics are made of them as
an audit makes them: M over all audited images, every interval, every element's. Each point is a process of its own.
Goal: the statistics of 10⁵ images take less than 2 GB beside the rows that they are made of.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.machine import describe_machine
from benchmarks.speed.timing import module_command
from benchmarks.table import Line, append_results, table

IMAGES, FEATURES = (2_000, 10_000, 100_000), (512, 2048)
QUICK = (200, 2_500), (16,)
MOST_MIB = 2e9 / 2**20


@dataclass(frozen=True)
class Point:
    """What a child found.

    Attributes:
        images: n.
        features: k.
        rows_mib: memory of the process with all rows made, libraries and all.
        peak_mib: the largest by the end of the statistics.
        euclidean_s: processor seconds for each image's mean distance to the others.
        cosine_s: likewise, for cosines.
        rest_s: for all else: values, intervals, controls, elements.
        json_mb: of the result's entries, as JSON.
    """

    images: int
    features: int
    rows_mib: float
    peak_mib: float
    euclidean_s: float
    cosine_s: float
    rest_s: float
    json_mb: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=IMAGES)
    parser.add_argument("--features", type=int, nargs="+", default=FEATURES)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything works")
    parser.add_argument("--append", action="store_true", help="append the table to benchmarks/RESULTS.md")
    asked = parser.parse_args(arguments)
    images, features = QUICK if asked.quick else (asked.images, asked.features)
    lines = [line for n in images for k in features for line in told(measured(n, k))]
    machine = describe_machine()
    sys.stdout.write(f"{machine}\n\n{table(lines)}\n")
    if asked.append:
        append_results("Statistics of many images", f"`python -m benchmarks.many_images` on {machine}", lines)


def measured(images: int, features: int) -> Point:
    """One point, in a child."""
    command = module_command("benchmarks.many_rows", str(images), str(features))
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Point(**json.loads(said))


def told(point: Point) -> Iterator[Line]:
    """Its lines, also on stderr as soon as they are there."""
    name = f"{point.images} images, {point.features} features"
    whole = point.euclidean_s + point.cosine_s + point.rest_s
    parts = f"mean distances {point.euclidean_s:.1f}, mean cosines {point.cosine_s:.1f}, the rest {point.rest_s:.1f}"
    beside = f"{point.rows_mib:.0f} MiB with the rows, {point.peak_mib:.0f} at most"
    for line in (
        Line(f"{name}: statistics", parts, whole, unit="s"),
        Line("… memory beside the rows", beside, point.peak_mib - point.rows_mib, MOST_MIB, unit="MiB"),
        Line("… entries of the result", "JSON", point.json_mb, unit="MB"),
    ):
        sys.stderr.write(f"{line.markdown}\n")
        yield line


if __name__ == "__main__":
    main()
