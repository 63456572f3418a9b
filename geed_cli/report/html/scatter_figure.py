"""Invariance against accuracy: a point for each model, its intervals as a cross, and what is claimed of both.

To the right a network is right more often, at the bottom its features move less. Intervals are each by itself; the
caption tells what holds of each model against the first after correction.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geed_cli.comparison.schema import Comparison, Line, Side
from geed_cli.measures.label_metrics import in_percent
from geed_cli.measures.prediction import FLIP_RATE
from geed_cli.report.html.depth_figure import ident
from geed_cli.report.html.drawing import (
    Paint,
    alike,
    figure,
    interval,
    line,
    lines,
    name,
    shape,
    text,
    ticks,
    whiskers,
)
from geed_cli.verdict.comparison import accuracy_line, claim_of
from geed_cli.verdict.digits import decimals_of, number_text, percent, percents
from geed_cli.verdict.features import FEATURES
from geed_cli.verdict.names import PLAIN

LEFT, RIGHT, TOP, BOTTOM = 40, 296, 14, 190
ROOM = 0.12
"""Of the span, left free at both ends."""
LABEL, LETTER, LONGEST = 13, 6.2, 24
"""Units that a label is high, that one of its letters is wide at most, and letters of the longest."""
STEPS = 4
"""How many labels away from its mark one may stand."""


@dataclass(frozen=True)
class ScatterPoint:
    """One model.

    Attributes:
        accuracy: right answers, with its interval.
        moved: how far it is from invariance, likewise.
    """

    label: str
    paint: Paint
    accuracy: Side
    moved: Side


@dataclass(frozen=True)
class Scatter:
    """One group's figure, and what it shows in words."""

    metric: str
    caption: str
    svg: Markup


def scatter_figure(comparison: Comparison, group: str, title: str, paints: Sequence[Paint]) -> Scatter | None:
    """The figure of one group; None where fewer than two models have both numbers. ``paints`` are the subjects'."""
    right, moved = accuracy_line(comparison, group), moved_line(comparison, group)
    if right is None or moved is None:
        return None
    points = [
        ScatterPoint(subject.label, paint, accuracy, distance)
        for subject, paint, accuracy, distance in zip(
            comparison.subjects, paints, right.sides, moved.sides, strict=True
        )
        if accuracy.value is not None and distance.value is not None
    ]
    if len(points) < 2:
        return None
    said = " ".join(_told(point, moved.metric) for point in points)
    heading = f"{name(title, 40)}: {PLAIN[moved.metric]} against accuracy"
    svg = figure(_body(points, moved.metric), BOTTOM + 32, f"scatter-{ident(group)}", heading, said)
    return Scatter(moved.metric, " ".join(claims(comparison, group)), svg)


def moved_line(comparison: Comparison, group: str) -> Line | None:
    """What invariance is read of: the features, else the top class; None where neither was compared."""
    whole = {line.metric: line for line in comparison.lines if line.group == group and line.layer is None}
    return whole.get(FEATURES) or whole.get(FLIP_RATE.name)


def claims(comparison: Comparison, group: str) -> list[str]:
    """What holds of each other model against the first: of accuracy among its lines, of the rest among theirs."""
    right, moved = accuracy_line(comparison, group), moved_line(comparison, group)
    assert right is not None, "the caller has seen it"
    assert moved is not None, "the caller has seen it"
    first, *others = comparison.subjects
    return [
        f"{name(other.label, 40)} against {name(first.label, 40)}: accuracy {claim_of(comparison, right, at)}, "
        f"{PLAIN[moved.metric]} {claim_of(comparison, moved, at)}."
        for at, other in enumerate(others)
    ]


def _told(point: ScatterPoint, metric: str) -> str:
    rate = in_percent(metric)
    right, moved = point.accuracy, point.moved
    accuracy = percent(right.value or 0.0) + ("" if right.ci is None else f" ({percents(*right.ci)})")
    value = percent(moved.value or 0.0) if rate else number_text(moved.value or 0.0)
    limits = ""
    if moved.ci is not None:
        decimals = decimals_of(*moved.ci)
        limits = percents(*moved.ci) if rate else " to ".join(number_text(end, decimals) for end in moved.ci)
    return (
        f"{name(point.label, 60)}: accuracy {accuracy}, {PLAIN[metric]} {value}{limits and f' ({limits})'}."
    )


@dataclass(frozen=True)
class _Axes:
    """From numbers to places: accuracy over the span of its intervals, distance from 0, where nothing moves."""

    across: tuple[float, float]
    top: float

    @classmethod
    def of(cls, points: Sequence[ScatterPoint]) -> "_Axes":
        right = [end for point in points for end in _ends(point.accuracy)]
        room = ROOM * ((max(right) - min(right)) or 0.1)
        furthest = max(end for point in points for end in _ends(point.moved))
        return cls((max(min(right) - room, 0.0), min(max(right) + room, 1.0)), 1.08 * furthest or 1.0)

    def x(self, value: float) -> float:
        """Of an accuracy."""
        low, high = self.across
        return LEFT + (RIGHT - LEFT) * (value - low) / (high - low)

    def y(self, value: float) -> float:
        """Of a distance."""
        return BOTTOM - (BOTTOM - TOP) * max(value, 0.0) / self.top

    def grid(self, metric: str) -> str:
        """Lines and numbers of both axes."""
        rate = in_percent(metric)
        up = ticks(self.top)
        step = ticks(self.across[1] - self.across[0])[1]
        first = math.ceil(self.across[0] / step - 1e-9)
        along = [k * step for k in range(first, math.floor(self.across[1] / step + 1e-9) + 1)]
        rows = [(LEFT, self.y(mark), RIGHT, self.y(mark)) for mark in up]
        body = lines([*rows, *((self.x(mark), TOP, self.x(mark), BOTTOM) for mark in along)])
        numbers = "".join(text(LEFT - 5, self.y(m) + 4, percent(m) if rate else f"{m:g}") for m in up)
        body += alike(numbers, anchor="end")
        body += alike("".join(text(self.x(m), BOTTOM + 15, f"{100 * m:g}%") for m in along), anchor="middle")
        return body


def _ends(side: Side) -> tuple[float, ...]:
    return (side.value or 0.0, *(side.ci or ()))


def _body(points: Sequence[ScatterPoint], metric: str) -> str:
    axes = _Axes.of(points)
    body = axes.grid(metric)
    body += text(2, TOP - 4, f"{metric}, 0 is invariant") + text(RIGHT, BOTTOM + 29, "accuracy", anchor="end")
    for point in reversed(points):
        body += _cross(point, axes)
    return body + _labels(points, axes)


def _cross(point: ScatterPoint, axes: _Axes) -> str:
    """The interval of each number through the mark."""
    x, y = axes.x(point.accuracy.value or 0.0), axes.y(point.moved.value or 0.0)
    body = ""
    if point.accuracy.ci is not None:
        low, high = point.accuracy.ci
        body += interval(axes.x(low), axes.x(high), y, point.paint, 3)
    if point.moved.ci is not None:
        low, high = point.moved.ci
        body += whiskers([(x, axes.y(low), axes.y(high))], point.paint)
    return body + shape(point.paint, x, y, 4)


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _labels(points: Sequence[ScatterPoint], axes: _Axes) -> str:
    """Beside each mark, where it covers least of crosses and of labels that stand already; a line where that is far."""
    taken = [box for point in points for box in _boxes(point, axes)]
    body = ""
    for point in points:
        x, y = axes.x(point.accuracy.value or 0.0), axes.y(point.moved.value or 0.0)
        shown = name(point.label, LONGEST)
        width = LETTER * len(shown)
        places = [
            (left, below)
            for step in range(STEPS)
            for below in (y - 6 - step * LABEL, y + 14 + step * LABEL)
            for left in (x + 5, x - 5 - width, x - width / 2)
            if left >= LEFT and left + width <= RIGHT and TOP < below < BOTTOM
        ] or [(max(LEFT, x - 5 - width), y - 6)]
        left, below = min(places, key=lambda place: sum(_shared(_box(place, width), box) for box in taken))
        taken.append(_box((left, below), width))
        if not -LABEL < below - y < 2 * LABEL:
            near = below + 2 if below < y else below - 10
            body += line(
                x, y, left + width / 2, near, css=f"s{point.paint.css}", colour=point.paint.colour, width=0.6
            )
        body += text(left, below, shown, paint=point.paint, strong=point is points[0], size=11.5)
    return body


def _box(place: tuple[float, float], width: float) -> Box:
    """What a label covers that begins there, above its line of writing."""
    return place[0], place[1] - 9, place[0] + width, place[1] + 3


def _boxes(point: ScatterPoint, axes: _Axes) -> Iterator[Box]:
    """What a mark and its cross cover."""
    x, y = axes.x(point.accuracy.value or 0.0), axes.y(point.moved.value or 0.0)
    yield x - 4, y - 4, x + 4, y + 4
    if point.accuracy.ci is not None:
        low, high = map(axes.x, point.accuracy.ci)
        yield low, y - 3, high, y + 3
    if point.moved.ci is not None:
        high, low = map(axes.y, point.moved.ci)
        yield x - 1, low, x + 1, high


def _shared(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(down, 0.0)
