"""One panel of a figure: what its axes are called, which values lie where, and the marks that are drawn of them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geed_cli.measures.catalogue import measure_named
from geed_cli.report.figures.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKS = 24
"""Points of a line from which on not every one has its mark."""


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
        measure: of the vertical axis, which has its name and unit; rates are in percent.
        about: what the name of that axis has behind the measure, such as ``under c8``.
        series: what is drawn, in the order of the sheet.
    """

    measure: str
    about: str
    series: tuple[Series, ...]

    @property
    def factor(self) -> float:
        """What values are multiplied with to be in the axis' unit."""
        return 100.0 if measure_named(self.measure).percent else 1.0

    @property
    def y_label(self) -> str:
        """The name of the vertical axis, with the unit."""
        return f"{axis_name(self.measure)}\n{self.about}" if self.about else axis_name(self.measure)

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
        """The lowest and highest of all values and limits and the value of a perfect network, in the axis' unit."""
        found = [end for each in self.series for point in each.points for end in _ends(point)]
        perfect = measure_named(self.measure).perfect
        if perfect is not None or not found:
            found.append(perfect or 0.0)
        low, high = self.factor * min(found), self.factor * max(found)
        return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def axis_name(measure: str) -> str:
    """``softmax.kl (nats)``, ``flip rate (%)``."""
    known = measure_named(measure)
    unit = "%" if known.percent else known.unit
    return (known.label or measure) + (f" ({unit})" if unit else "")


def limits_of(panels: Iterable[Panel]) -> tuple[float, float]:
    """The ends of a vertical axis that shows all of these panels: from the perfect value where nothing is beyond it."""
    ends = [(*panel.ends(), panel) for panel in panels]
    low, high = min(each[0] for each in ends), max(each[1] for each in ends)
    panel = ends[0][2]
    perfect = measure_named(panel.measure).perfect
    room = 0.06 * (high - low)
    at_perfect = perfect is not None and math.isclose(low, panel.factor * perfect, abs_tol=1e-12)
    return (low if at_perfect else low - room), high + room


def _ends(point: Point) -> Iterable[float]:
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
    """A line through the values with their intervals as a band and as whiskers; a missing value is a gap."""
    known = {id(point) for point in drawn(points)}
    at = [point.at for point in points]
    values = [factor * (point.value or 0.0) if id(point) in known else math.nan for point in points]
    limits = [
        point.ci if id(point) in known and point.ci is not None else (math.nan, math.nan) for point in points
    ]
    low, high = axes.get_ylim()
    axes.fill_between(
        at,
        [max(factor * below, low) for below, _ in limits],
        [min(factor * above, high) for _, above in limits],
        color=look.colour,
        alpha=0.16,
        linewidth=0,
    )
    if len(points) <= MOST_MARKS:
        whiskers(axes, points, factor, look.colour)
    every = -(-len(points) // MOST_MARKS)
    axes.plot(at, values, linestyle=look.dash, markevery=every, clip_on=False, zorder=3, **look.mark)
