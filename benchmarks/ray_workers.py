"""What Ray costs beside one process, and what two workers bring: ``python -m benchmarks.ray_workers [--images 2000]``.

Every run is ``geed audit`` in a process of its own, with one thread in each process and a cache of its own; engines
take turns. Seconds of an image are those of a run over all images less those of a run over few, by the images between:
what starting takes drops out. With the default, on one core of 2.6 GHz, a run over all takes some ten minutes, and
everything half an hour. The machine has to be quiet, and to have a core for each worker.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.machine import describe_machine
from benchmarks.speed.pictures import write_small

FEW = 64
"""Images of the runs that tell what starting takes: two tasks, so that two workers have one each."""
ENGINES = {
    "one process": (),
    "Ray, 1 worker": ("--engine", "ray", "--workers", "1"),
    "Ray, 2 workers": ("--engine", "ray", "--workers", "2"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", default="timm:resnet18")
    parser.add_argument("--size", type=int, default=224, help="side of the network's input")
    asked = parser.parse_args(arguments)
    found: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    started: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as temporary:
        pictures = write_small(Path(temporary) / "pictures", asked.images, asked.size)
        audit = ("audit", asked.model, "--weights", "random", "--img-size", str(asked.size), "-g", "c4", "-q")
        for _ in range(asked.rounds):
            for engine, words in ENGINES.items():
                few, every = (
                    seconds([*audit, "-d", str(pictures), "--samples", str(count), *words])
                    for count in (FEW, asked.images)
                )
                each = (every - few) / (asked.images - FEW)
                found[engine].append(each)
                started[engine].append(few - FEW * each)
                sys.stderr.write(f"{engine}: {few:.1f} s, {every:.1f} s\n")
    lines = [
        f"{describe_machine()}\n",
        "| engine | s an image | images/s | beside one process | s to start |",
        "|---|---|---|---|---|",
    ]
    alone = median(found["one process"])
    for engine, each in found.items():
        one, start = median(each), median(started[engine])
        lines.append(f"| {engine} | {one:.4f} | {1 / one:.2f} | {alone / one:.3f} | {start:.0f} |")
    sys.stdout.write("\n".join(lines) + "\n")


def seconds(words: Sequence[str]) -> float:
    """How long an audit takes."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "GEED_CACHE_DIR": cache}
        begun = time.monotonic()
        command = [sys.executable, "-m", "geed_cli", *words, "--json", f"{cache}/made.json"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return time.monotonic() - begun


if __name__ == "__main__":
    main()
