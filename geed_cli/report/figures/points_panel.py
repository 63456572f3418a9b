"""Values by data set or by model with their intervals, after figures 3 and 5 of Kvinge et al. (2022).

Points and not bars: a bar's length counts from 0, which is not where all measures begin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geed_cli.report.figures.panel import Panel, drawn, whiskers
from geed_cli.report.figures.style import Look
from geed_cli.report.figures.tick_labels import fit_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUP_WIDTH, WIDEST_STEP = 0.72, 0.2
"""Of the distance between two places: what the points of one have, and the most from point to point."""
LONGEST_BELOW = 18
"""Characters of a model's name below the axis."""


@dataclass(frozen=True, kw_only=True)
class PointsPanel(Panel):
    """Points at named places; ``at`` of a point is the number of its place.

    Attributes:
        names: of the places: data sets, whose points stand side by side, or models, one point each.
        of_models: whether they are models, which a legend names where their names are long.
    """

    names: tuple[str, ...]
    of_models: bool = False

    @property
    def x_label(self) -> str:
        """Nothing: the places are named."""
        return ""

    @property
    def names_series(self) -> bool:
        """Whether the places are the models themselves, with names that fit below them."""
        return self.of_models and max(map(len, self.names)) <= LONGEST_BELOW

    @property
    def places(self) -> int:
        """How many points stand side by side."""
        return len(self.names) * (1 if self.of_models else max(len(self.series), 1))

    def draw(self, axes: "Axes", looks: Sequence[Look]) -> None:
        """Every point with its interval, series beside each other at each place."""
        count = 1 if self.of_models else len(self.series)
        step = min(GROUP_WIDTH / max(count, 1), WIDEST_STEP)
        axes.set_xlim(-0.5, len(self.names) - 0.5)
        for number, each in enumerate(self.series):
            moved = 0.0 if self.of_models else step * (number - (count - 1) / 2)
            look = looks[each.number]
            whiskers(axes, each.points, self.axis.factor, look.colour, moved)
            known = drawn(each.points)
            axes.plot(
                [point.at + moved for point in known],
                [self.axis.factor * (point.value or 0.0) for point in known],
                linestyle="none",
                clip_on=False,
                zorder=3,
                **look.mark,
            )
        axes.set_xticks(range(len(self.names)), self._below)
        axes.tick_params(axis="x", length=0)

    def fit(self, axes: "Axes") -> bool:
        """Break names that are too long, and turn what still does not fit."""
        return fit_labels(axes, self._below)

    @property
    def _below(self) -> tuple[str, ...]:
        """The names below the axis."""
        return self.names if self.names_series or not self.of_models else ("",) * len(self.names)
