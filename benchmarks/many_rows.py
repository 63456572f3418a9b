"""One point of ``benchmarks.many_images``, in a process of its own: prints what ``measured`` reads."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from typing import TypeVar

import numpy as np

from benchmarks.machine import peak_mib
from benchmarks.many_images import Point
from benchmarks.speed.tabulating import made_up_row
from geed_cli.choices import IntervalOptions
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Noise, Row
from geed_cli.engine.shared_action import families_of
from geed_cli.measures.latent import COSINE, L2
from geed_cli.models.load import load_model
from geed_cli.pipeline.entries.row_table import RowTable
from geed_cli.pipeline.entries.tabulate import Rows, tabulate
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import make_plan

GROUP = "d8"
T = TypeVar("T")


def point(images: int, features: int) -> Point:
    """Make rows, then what an audit makes of them."""
    network = load_model("timm:resnet50", weights="random")
    planned = make_plan(network, (GROUP,), AuditOptions())
    rows = Rows(RowTable(tuple(rows_of(planned.plan, images, features))), None)
    families, layers = families_of(planned.plan), tuple(layer for layer in planned.plan.layers)
    with_rows, identity = peak_mib(), planned.plan.groups[0].identity
    euclidean, cosine = (timed(partial(rows.pairs, measure, identity)) for measure in (L2, COSINE))
    entries, rest = timed(
        lambda: tabulate(rows, planned, families, IntervalOptions(), layers, Noise(), confidence=0.95)
    )
    peak, size = peak_mib(), sum(len(entry.model_dump_json()) for entry in entries) / 1e6
    return Point(images, features, with_rows, peak, euclidean[1], cosine[1], rest, size)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What it returns, and the processor's seconds; what pairs give is kept, so that it is not made twice."""
    started = time.process_time()
    return work(), time.process_time() - started


def rows_of(plan: Plan, images: int, features: int) -> Iterator[Row]:
    """Rows of so many images with so many features, which are float32 as a network's are."""
    rng = np.random.default_rng(0)
    for number in range(images):
        row = made_up_row(plan, number, rng)
        yield replace(
            row, embeddings={view: rng.random(features, dtype=np.float32) for view in row.embeddings}
        )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(point(int(sys.argv[1]), int(sys.argv[2])))))
