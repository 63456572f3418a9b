"""A measure of layers against depth, models above each other, after figure 7 of Kvinge et al. (2022)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geed_cli.report.figures.panel import Panel, line
from geed_cli.report.figures.style import Look
from geed_cli.report.figures.tick_labels import thin_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class DepthPanel(Panel):
    """One measure from the first layer to the last.

    Attributes:
        layers: what they are called, where all models have the same; ``at`` of a point is then the number of its layer.
            Empty where they have others: ``at`` is then the part of the way from the first layer, 0, to the last, 1.
        within: what the names of all layers begin with.
    """

    layers: tuple[str, ...]
    within: str = ""

    @property
    def x_label(self) -> str:
        """``layer (blocks.…)``, or the part of the way through the layers."""
        if not self.layers:
            return "depth (% of the layers)"
        return f"layer ({self.within}.…)" if self.within else "layer"

    @property
    def places(self) -> int:
        """Layers of the deepest model, of which every third needs room."""
        return max((len(each.points) for each in self.series), default=0) // 3

    def draw(self, axes: "Axes", looks: Sequence[Look]) -> None:
        """Lines with bands, the first above the others."""
        for each in reversed(self.series):
            line(axes, each.points, self.axis.factor, looks[each.number])
        if self.layers:
            axes.set_xticks(range(len(self.layers)), self.layers)
        else:
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])

    def fit(self, axes: "Axes") -> bool:
        """Name only as many layers as have room."""
        return bool(self.layers) and thin_labels(axes, self.layers)
