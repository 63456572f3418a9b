"""One panel of a figure: what its axes are called, which values lie where, and the marks that are drawn of them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import LABEL_METRICS
from geed_cli.report.figures.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKS = 24
"""Points of a line from which on not every one has its mark."""


@dataclass(frozen=True)
class Axis:
    """A vertical axis; panels whose axes are equal can share one.

    Attributes:
        name: with its unit.
        factor: what values are multiplied with to be in that unit: 100 of rates, which are in percent.
        origin: the value, before that, which the axis begins at where nothing is beyond it; None where there is none.
    """

    name: str
    factor: float = 1.0
    origin: float | None = None


def axis_of(metric: str) -> Axis:
    """Of a measure: ``softmax.kl (nats)``, ``flip rate (%)``, from the value of a perfect network on.

    Of what labels say larger is better, and no value is perfect invariance: the axis begins where values do.
    """
    if metric in LABEL_METRICS:
        return Axis(f"{LABEL_METRICS[metric].title} (%)", 100.0)
    known = measure_named(metric)
    unit = "%" if known.percent else known.unit
    name = (known.label or metric) + (f" ({unit})" if unit else "")
    return Axis(name, 100.0 if known.percent else 1.0, known.perfect)


@dataclass(frozen=True)
class Point:
    """A value with its interval, either of which may be missing; ``at`` is its place on the horizontal axis."""

    at: float
    value: float | None
    ci: tuple[float, float] | None = None


@dataclass(frozen=True)
class Series:
    """The points of one model, population or run; ``number`` is its place among those of the whole sheet."""

    number: int
    points: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True)
class Panel(ABC):
    """A pair of axes.

    Attributes:
        axis: the vertical one.
        about: a second line of its name, such as ``under c8``.
        series: what is drawn, in the order of the sheet.
    """

    axis: Axis
    about: str = ""
    series: tuple[Series, ...]

    @property
    def y_label(self) -> str:
        """The name of the vertical axis, with the unit."""
        return f"{self.axis.name}\n{self.about}" if self.about else self.axis.name

    @property
    @abstractmethod
    def x_label(self) -> str:
        """The name of the horizontal axis; empty where its labels say it."""

    @property
    def names_series(self) -> bool:
        """Whether the horizontal axis itself names the series, so that no legend has to."""
        return False

    @property
    @abstractmethod
    def places(self) -> int:
        """How many marks lie side by side, by which a sheet is one column wide or two."""

    @abstractmethod
    def draw(self, axes: "Axes", looks: Sequence[Look]) -> None:
        """Draw the series; the look of a series stands at its number."""

    def fit(self, axes: "Axes") -> bool:
        """Make the labels of the horizontal axis fit, once the axes have their place; whether anything changed."""
        del axes
        return False

    def ends(self) -> tuple[float, float]:
        """The lowest and highest of all values and limits and the axis' origin, in the axis' unit."""
        found = [end for each in self.series for point in each.points for end in _ends(point)]
        if self.axis.origin is not None or not found:
            found.append(self.axis.origin or 0.0)
        low, high = self.axis.factor * min(found), self.axis.factor * max(found)
        return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def limits_of(panels: Sequence[Panel]) -> tuple[float, float]:
    """The ends of a vertical axis that shows all of these panels, with room around them but at its origin."""
    ends = [panel.ends() for panel in panels]
    low, high = min(each[0] for each in ends), max(each[1] for each in ends)
    axis, room = panels[0].axis, 0.06 * (high - low)
    best = math.inf if axis.origin is None else axis.factor * axis.origin
    below, above = (0.0 if math.isclose(end, best, abs_tol=1e-12) else room for end in (low, high))
    return low - below, high + above


def _ends(point: Point) -> Iterable[float]:
    """The value and its limits, those that are numbers."""
    if point.value is not None and math.isfinite(point.value):
        yield point.value
        yield from (end for end in point.ci or () if math.isfinite(end))


def drawn(points: Iterable[Point]) -> list[Point]:
    """The points that have a value."""
    return [point for point in points if point.value is not None and math.isfinite(point.value)]


def whiskers(axes: "Axes", points: Sequence[Point], factor: float, colour: str, moved: float = 0.0) -> None:
    """The intervals as vertical lines; a limit that is infinite ends at the edge of the axes in an arrow."""
    low, high = axes.get_ylim()
    known = [(point.at + moved, point.ci) for point in drawn(points) if point.ci is not None]
    spans = [
        (at, factor * ci[0], factor * ci[1]) for at, ci in known if not any(math.isnan(end) for end in ci)
    ]
    axes.vlines(
        [at for at, _, _ in spans],
        [max(below, low) for _, below, _ in spans],
        [min(above, high) for _, _, above in spans],
        colors=colour,
        linewidth=1.0,
    )
    for at, below, above in spans:
        for end, edge, arrow in ((below, low, "v"), (above, high, "^")):
            if math.isinf(end):
                axes.plot([at], [edge], arrow, color=colour, markersize=3, clip_on=False)


def line(axes: "Axes", points: Sequence[Point], factor: float, look: Look) -> None:
    """A line through the values with their intervals as a band, whose edges are dashed as the line is.

    A missing value is a gap; an interval without a neighbour is a whisker.
    """
    low, high = axes.get_ylim()
    known = {id(point): point for point in drawn(points)}
    limits = [point.ci if id(point) in known else None for point in points]
    at = [point.at for point in points]
    values = [factor * (point.value or 0.0) if id(point) in known else math.nan for point in points]
    below = [math.nan if each is None else max(factor * each[0], low) for each in limits]
    above = [math.nan if each is None else min(factor * each[1], high) for each in limits]
    axes.fill_between(at, below, above, color=look.colour, alpha=0.16, linewidth=0)
    for edge in (below, above):
        axes.plot(at, edge, linestyle=look.dash, color=look.colour, linewidth=0.5, alpha=0.7)
    whiskers(
        axes, [point for number, point in enumerate(points) if _alone(limits, number)], factor, look.colour
    )
    every = -(-len(points) // MOST_MARKS)
    axes.plot(at, values, linestyle=look.dash, markevery=every, clip_on=False, zorder=3, **look.mark)


def _alone(limits: Sequence[object], number: int) -> bool:
    """Whether an interval has none on either side, so that no band is drawn of it."""
    beside = (*limits[max(number - 1, 0) : number], *limits[number + 1 : number + 2])
    return limits[number] is not None and all(each is None for each in beside)
