"""What an audit costs beside its forward passes: every goal as a ratio, measured side by side in one run.

    python -m benchmarks.speed                       # every case
    python -m benchmarks.speed --only loops layers   # some of them
    python -m benchmarks.speed --append              # also append the table to benchmarks/RESULTS.md
    python -m benchmarks.speed --quick               # tiny amounts: whether everything runs, not how fast
    python -m benchmarks.speed --only timm --timm-script PATH/benchmark.py    # against timm's own script

The bare loop runs the same network over as many inputs that lie ready in memory, in inference mode, at the best of
several batch sizes and both memory formats, which is found first. Weights are random, since speed does not depend on
them. Each pair is timed in turns and medians are reported: times are of one machine, ratios travel.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from benchmarks.machine import describe_machine
from benchmarks.speed.pictures import copy_photographs
from benchmarks.speed.settings import Settings, with_tuples
from benchmarks.speed.timing import CASES, TIMM, run_case
from benchmarks.table import Line, append_results, table
from geed_cli.pipeline.options import BatchSize, DeviceName, Precision


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = (*CASES, TIMM)
    parser.add_argument("--only", nargs="+", choices=every, metavar="CASE", help=", ".join(every))
    parser.add_argument("--timm-script", help="a copy of timm's benchmark.py, which the case timm runs")
    parser.add_argument("--models", nargs="+", help="of loops, memory and timm; timm: names")
    parser.add_argument("--images", type=int, help="of an audit beside a bare loop")
    parser.add_argument("--pictures", type=int, help="large JPEGs to decode")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--batches", type=int, nargs="+", help="that the bare loop is tried with")
    parser.add_argument("--batch-size", type=rows, help="of audits, or auto; left out, the default")
    parser.add_argument("--device", choices=get_args(DeviceName))
    parser.add_argument("--precision", choices=get_args(Precision))
    parser.add_argument("--quick", action="store_true", help="tiny amounts, a check that everything runs")
    parser.add_argument("--append", action="store_true", help="append the table to benchmarks/RESULTS.md")
    asked = parser.parse_args(arguments)
    if asked.timm_script and not Path(asked.timm_script).is_file():
        parser.error(f"--timm-script: {asked.timm_script} is no file")
    if TIMM in (asked.only or ()) and not asked.timm_script:
        parser.error(
            "the case timm needs --timm-script PATH/benchmark.py, from the root of timm's repository"
        )
    return asked


def cases_of(asked: argparse.Namespace) -> Sequence[str]:
    """The cases that were asked for, else all that can run."""
    chosen: Sequence[str] | None = asked.only
    return chosen or (*CASES, *([TIMM] if asked.timm_script else []))


def rows(text: str) -> BatchSize:
    """A batch size as it is written on the command line."""
    return "auto" if text == "auto" else int(text)


def settings_of(asked: argparse.Namespace) -> Settings:
    """The defaults, or tiny amounts, with what was asked for in their place."""
    base = Settings().quick() if asked.quick else Settings()
    names = ("models", "images", "pictures", "repeats", "batches", "batch_size", "device", "precision")
    given: dict[str, Any] = {
        name: getattr(asked, name) for name in (*names, "timm_script") if getattr(asked, name) is not None
    }
    return replace(base, **with_tuples(given))


def lines_of(name: str, settings: Settings) -> Iterator[Line]:
    """The lines of a case, each printed on stderr when it is there; a case that fails leaves the others to run."""
    started = time.perf_counter()
    try:
        for line in run_case(name, settings):
            sys.stderr.write(f"{line.markdown}\n")
            yield line
    except subprocess.CalledProcessError:
        yield Line(f"{name}: failed, see stderr", "")
    sys.stderr.write(f"{name}: {time.perf_counter() - started:.0f} s\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the cases one after another and print one table; each line is also printed when it is there."""
    asked = parsed(arguments)
    settings = settings_of(asked)
    machine = describe_machine()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        copy_photographs(Path(folder), settings.images)
        for name in cases_of(asked):
            lines += lines_of(name, replace(settings, folder=folder))
    sys.stdout.write(f"{machine}\n\n{table(lines)}\n")
    if asked.append:
        command = " ".join(["python -m benchmarks.speed", *(arguments or sys.argv[1:])])
        append_results("Speed", f"`{command}` on {machine}", lines)


if __name__ == "__main__":
    main()
