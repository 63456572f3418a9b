"""Values along training, after figures 2 and 4 of Kvinge et al. (2022): lines and bands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geed_cli.report.figures.panel import Panel, line
from geed_cli.report.figures.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class TrajectoryPanel(Panel):
    """One measure against the step; ``unit`` is what steps count."""

    unit: str

    @property
    def x_label(self) -> str:
        """``training step``."""
        return f"training {self.unit}"

    @property
    def places(self) -> int:
        """Steps of the longest run."""
        return max((len(each.points) for each in self.series), default=0)

    def draw(self, axes: "Axes", looks: Sequence[Look]) -> None:
        """Lines, the first above the others."""
        from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - an extra

        for each in reversed(self.series):
            line(axes, each.points, self.axis.factor, looks[each.number])
        steps = {point.at for each in self.series for point in each.points}
        if len(steps) == 1:
            axes.set_xticks(sorted(steps))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
