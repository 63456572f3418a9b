"""Goal: statistics of 200 images, 20 layers and 4 groups take less than 2% of a resnet50 audit's time.

Rows are made up, since statistics see numbers alone. The groups share the 8 views of d4, so that the audit that they
are set against is as short as four groups can be; its time is that of a few images, times the number of images.
"""

import time
from collections.abc import Iterator
from statistics import median

import numpy as np

from benchmarks.speed.audits import audit_once, options_for, warm_up
from benchmarks.speed.settings import Settings
from benchmarks.speed.work import chosen_layers
from benchmarks.table import Line
from geed_cli.choices import IntervalOptions
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Cell, Control, Noise, Row, Subject
from geed_cli.engine.shared_action import Families, families_of
from geed_cli.images.source import ImageRecord
from geed_cli.measures.measure import LayerMeasure
from geed_cli.models.load import load_model
from geed_cli.pipeline.entries.row_table import RowTable
from geed_cli.pipeline.entries.tabulate import Rows, tabulate
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import Planned, make_plan

GROUPS = ("flip", "vflip", "c4", "d4")
IMAGES, LAYERS, PROBES = 200, 20, 16
FEATURES, CLASSES = 2048, 1000


def statistics(settings: Settings) -> Iterator[Line]:
    """One line."""
    network = load_model(settings.deep, weights="random")
    layers = chosen_layers(network, LAYERS)
    planned = make_plan(network, GROUPS, AuditOptions(layers=layers))
    rows = made_up_rows(planned, IMAGES)
    families = families_of(planned.plan)
    seconds = median(tabulate_seconds(planned, families, rows, layers) for _ in range(settings.repeats))
    options = options_for(network, settings, layers=layers)
    warm_up(network, GROUPS, options_for(network, settings, images=4, layers=layers))
    audit = median(audit_once(network, GROUPS, options).total for _ in range(settings.repeats))
    whole = audit * IMAGES / settings.images + seconds
    words = f"{seconds:.2f} s of {whole:.0f} s, that from {settings.images} images"
    what = f"statistics of {IMAGES} images, {len(layers)} layers, {len(GROUPS)} groups in an audit of {network.arch}"
    yield Line(what, words, 100 * seconds / whole, 2, "%")


def tabulate_seconds(
    planned: Planned, families: Families, rows: tuple[Row, ...], layers: tuple[str, ...]
) -> float:
    """Seconds from rows to entries."""
    started = time.perf_counter()
    tabulate(
        Rows(RowTable(rows), None), planned, families, IntervalOptions(), layers, Noise(), confidence=0.95
    )
    return time.perf_counter() - started


def made_up_rows(planned: Planned, images: int) -> tuple[Row, ...]:
    """Rows as an audit would make them for the plan, with random numbers in the range of each measure."""
    rng = np.random.default_rng(0)
    return tuple(made_up_row(planned.plan, number, rng) for number in range(images))


def made_up_row(plan: Plan, number: int, rng: np.random.Generator) -> Row:
    """One row; the first images are probes."""
    cells = {
        Cell(measure.name, group.name, layer): group.group.order
        for group in plan.groups
        for measure in plan.measures
        for layer in (plan.layers if isinstance(measure, LayerMeasure) else [None])
    }
    controls: tuple[Control, ...] = ("dead", "null") if number < PROBES else ("dead",)
    partner = ImageRecord(str(number - 1), "") if 0 < number < PROBES else None
    features = {each.name for each in plan.of_vectors if each.apart is not None}
    return Row(
        Subject(ImageRecord(str(number), ""), partner=partner),
        {cell: made_up_deviations(cell, n, rng) for cell, n in cells.items()},
        {(cell, name): rng.random(n) for cell, n in cells.items() if cell.layer for name in controls},
        {identity: rng.random(FEATURES) for identity in plan.identities},
        {identity: rng.dirichlet(np.ones(CLASSES)) for identity in plan.identities},
        apart={cell: rng.random() for cell in cells if cell.metric in features},
    )


def made_up_deviations(
    cell: Cell, n: int, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """m(f(gx), g·f̂(x)) for each g: rates are 0 or 1, similarities negative."""
    if cell.metric == "prediction.flip_rate":
        return rng.integers(0, 2, n).astype(np.float64)
    values = 0.1 + 0.8 * rng.random(n)
    return -values if cell.metric == "latent.cosine" or cell.layer else values
