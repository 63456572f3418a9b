"""Models against the first: differences with intervals about zero, and what is claimed of them jointly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geed_cli.comparison.schema import ClassLine, Comparison, Line
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import LABEL_METRICS, sign_of
from geed_cli.measures.measure import LayerMeasure
from geed_cli.report.class_rows import class_name
from geed_cli.report.html.colours import MUTED
from geed_cli.report.html.drawing import Paint, decoration, interval, line, reference, short_number
from geed_cli.verdict.comparison import (
    ABSENT,
    FURTHER,
    IDENTICAL,
    NEARER,
    NO_DIFFERENCE,
    UNDECIDED,
    WITHIN,
    claim_of,
    delta_text,
    forecast_of,
    side_text,
    surest_first,
)
from geed_cli.verdict.digits import forecast
from geed_cli.verdict.names import PLAIN

WIDTH, EDGE = 92, 6
MOST_CLASS_ROWS = 50
"""Classes of one number on the page; the comparison's own files have all."""
GLYPHS = {
    FURTHER: "▲",
    NEARER: "▼",
    UNDECIDED: "·",
    WITHIN: "≈",
    NO_DIFFERENCE: "=",
    IDENTICAL: "=",
    ABSENT: " ",
}
"""Of layers, in their order; other claims have a dot."""
OUTLIER = 3.0
"""A difference so many times as large as the median of the others does not set the scale: an arrow points to it."""


@dataclass(frozen=True)
class DifferenceCell:
    """One other model in one line.

    Attributes:
        mark: the interval about zero; empty where there is none.
        limits: of the difference, as text.
        claim: what holds after the correction over the whole table.
        more: images that might decide it.
        claimed: whether it is a difference.
    """

    mark: Markup
    limits: str
    claim: str
    more: str
    claimed: bool


@dataclass(frozen=True)
class DifferenceRow:
    """One measure under one group, a cell for each other model."""

    title: str
    metric: str
    cells: tuple[DifferenceCell, ...]


@dataclass(frozen=True)
class LayerStrip:
    """All layers of one other model under one group: a sign for each, in order, and how many of each claim."""

    signs: str
    counts: str


@dataclass(frozen=True)
class DifferenceGroup:
    """One group's part of the table."""

    group: str
    rows: tuple[DifferenceRow, ...]
    layers: tuple[LayerStrip, ...]


def difference_groups(comparison: Comparison, paints: Sequence[Paint]) -> list[DifferenceGroup]:
    """The table by group; ``paints`` are the subjects' own, in their order."""
    halves = _scales(comparison)
    groups = []
    for group in dict.fromkeys(each.group for each in comparison.lines):
        lines = [each for each in comparison.lines if each.group == group]
        whole = [
            each for each in lines if each.layer is None and measure_named(each.metric).perfect is not None
        ]
        whole += [each for each in comparison.accuracy if each.group == group]
        layers = [each for each in lines if each.layer is not None and _own(each.metric)]
        rows = tuple(_row(comparison, each, paints, halves.get(each.metric, 0.0)) for each in whole)
        strips = tuple(_strip(comparison, layers, at) for at in range(len(paints) - 1)) if layers else ()
        groups.append(DifferenceGroup(group, rows, strips))
    return groups


@dataclass(frozen=True)
class ClassDifferences:
    """One number under one group by class.

    Attributes:
        rows: the class, its images, and of each subject its value; of the others also the interval and the claim.
        more: classes that are left out.
    """

    group: str
    metric: str
    rows: tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...]
    more: int


def class_differences(comparison: Comparison) -> list[ClassDifferences]:
    """Every number by class, the surest differences first."""
    keys = dict.fromkeys((each.group, each.metric) for each in comparison.by_class)
    return [_by_class(comparison, *key) for key in keys]


def _by_class(comparison: Comparison, group: str, metric: str) -> ClassDifferences:
    own = [each for each in comparison.by_class if (each.group, each.metric) == (group, metric)]
    names = comparison.class_names
    return ClassDifferences(
        group,
        metric,
        tuple(
            (class_name(names, each.label), each.images, tuple(_class_cells(comparison, each)))
            for each in surest_first(own)[:MOST_CLASS_ROWS]
        ),
        max(len(own) - MOST_CLASS_ROWS, 0),
    )


def _class_cells(comparison: Comparison, each: ClassLine) -> Iterator[tuple[str, str]]:
    yield side_text(each, 0), ""
    for at in range(len(each.deltas)):
        claim = claim_of(comparison, each, at)
        limits = "no interval" if each.deltas[at].ci is None else delta_text(each, at)
        yield side_text(each, at + 1), claim if claim == ABSENT else f"{limits}, {claim}"


def _own(metric: str) -> bool:
    measure = measure_named(metric)
    return isinstance(measure, LayerMeasure) and measure.beside is None


def _scales(comparison: Comparison) -> dict[str, float]:
    """Half the width of the marks of each measure, the same under all groups; far outliers do not set it."""
    ends: dict[str, list[float]] = {}
    for each in (*comparison.lines, *comparison.accuracy):
        if each.layer is None:
            ends.setdefault(each.metric, []).extend(
                max(map(abs, delta.ci)) for delta in each.deltas if delta.ci is not None
            )
    halves = {}
    for metric, found in ends.items():
        ordered = sorted(found)
        if ordered:
            usual = OUTLIER * ordered[(len(ordered) - 1) // 2]
            halves[metric] = max(end for end in ordered if end <= usual or end == ordered[0]) * 1.05
    return halves


def _row(comparison: Comparison, each: Line, paints: Sequence[Paint], half: float) -> DifferenceRow:
    labelled = LABEL_METRICS.get(each.metric)
    title = PLAIN.get(each.metric, each.metric) if labelled is None else labelled.title
    cells = tuple(_cell(comparison, each, at, paints[at + 1], half) for at in range(len(paints) - 1))
    return DifferenceRow(title[:1].upper() + title[1:], each.metric, cells)


def _cell(comparison: Comparison, each: Line, at: int, paint: Paint, half: float) -> DifferenceCell:
    delta, claim = each.deltas[at], claim_of(comparison, each, at)
    needed = forecast_of(delta)
    drawn = (
        Markup("")
        if delta.ci is None or delta.value is None or half <= 0
        else _mark(delta.value, delta.ci, paint, sign_of(each.metric) * half)
    )
    return DifferenceCell(
        drawn,
        "" if claim == ABSENT else delta_text(each, at),
        claim,
        "" if needed is None else f"about {forecast(needed)} images might decide",
        claim not in (UNDECIDED, ABSENT),
    )


def _mark(value: float, ci: tuple[float, float], paint: Paint, half: float) -> Markup:
    """The difference and its interval, further on the right; an arrow where it lies beyond the scale.

    ``half`` is the number at the right end, below 0 where larger values are nearer.
    """

    def x(number: float) -> float:
        return WIDTH / 2 + (WIDTH / 2 - EDGE) * max(-1.0, min(1.0, number / half))

    low, high = sorted(map(x, ci))
    body = line(WIDTH / 2, 1, WIDTH / 2, 17, css="zl", colour=MUTED)
    if abs(value) > abs(half):
        way = 1 if value * half > 0 else -1
        tip = WIDTH / 2 + way * (WIDTH / 2 - 2)
        body += (
            f'<path class="s{paint.css}" d="M{short_number(tip - 16 * way)} 9H{short_number(tip)}'
            f'm{-4 * way}-4l{4 * way} 4l{-4 * way} 4" fill="none" stroke="{paint.colour}" stroke-width="1.8"/>'
        )
        return decoration(body, WIDTH, 18)
    return decoration(
        body + interval(low, high, 9, paint, 4) + reference(f"m{paint.key}", x(value), 9), WIDTH, 18
    )


def _strip(comparison: Comparison, layers: Sequence[Line], at: int) -> LayerStrip:
    claims = [claim_of(comparison, each, at) for each in layers]
    counts = {claim: claims.count(claim) for claim in dict.fromkeys((FURTHER, NEARER, *claims))}
    said = ", ".join(f"{count} {claim}" for claim, count in counts.items() if count)
    return LayerStrip("".join(GLYPHS.get(claim, "·") for claim in claims), said)
