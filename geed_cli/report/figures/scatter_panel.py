"""A measure against accuracy: a point for each model, its intervals as a cross."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geed_cli.report.figures.panel import Panel, Point, drawn, whiskers
from geed_cli.report.figures.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM = 0.08
"""Of the span of the horizontal axis, left free at both ends."""


@dataclass(frozen=True, kw_only=True)
class ScatterPanel(Panel):
    """Points whose ``at`` is an accuracy.

    Attributes:
        across: the interval of each series' accuracy, in their order; None where it has none.
    """

    across: tuple[tuple[float, float] | None, ...]

    @property
    def x_label(self) -> str:
        """Accuracy, in percent."""
        return "accuracy (%)"

    @property
    def places(self) -> int:
        """One beside the other panels."""
        return 1

    def draw(self, axes: "Axes", looks: Sequence[Look]) -> None:
        """Every point with both of its intervals."""
        ends = [point.at for each in self.series for point in each.points]
        ends += [end for span in self.across for end in span or ()]
        room = ROOM * ((max(ends) - min(ends)) or 0.1)
        axes.set_xlim(100.0 * max(min(ends) - room, 0.0), 100.0 * min(max(ends) + room, 1.0))
        for each, span in zip(self.series, self.across, strict=True):
            look = looks[each.number]
            points = [Point(100.0 * point.at, point.value, point.ci) for point in drawn(each.points)]
            whiskers(axes, points, self.axis.factor, look.colour)
            heights = [self.axis.factor * (point.value or 0.0) for point in points]
            if span is not None:
                low, high = (100.0 * end for end in span)
                axes.hlines(heights, low, high, colors=look.colour, linewidth=1.0)
            axes.plot(
                [point.at for point in points],
                heights,
                linestyle="none",
                clip_on=False,
                zorder=3,
                **look.mark,
            )
