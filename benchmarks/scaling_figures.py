"""The figures of docs/performance.md: seconds and memory of each series, on logarithmic axes with guides."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.scaling_series import Series

BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#888888"
"""From the palette of Okabe and Ito, which colour-blind readers can tell apart."""
DPI = 130


def save_figures(images: Series, elements: Sequence[Series], layers: Series, folder: Path) -> None:
    """Write ``scaling_images.png``, ``scaling_elements.png`` and ``scaling_layers.png``."""
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        for name, group, proportional in (
            ("images", [images], True),
            ("elements", elements, True),
            ("layers", [layers], False),
        ):
            draw(group, proportional=proportional).savefig(folder / f"scaling_{name}.png", dpi=DPI)


def draw(several: Sequence[Series], *, proportional: bool) -> Figure:
    """Seconds on the left, memory on the right.

    Args:
        several: series over the same axis.
        proportional: whether time should grow as x does; the guide is that line, or else a level one.
    """
    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for series, colour in zip(several, (BLUE, ORANGE), strict=False):
        x = [point.x for point in series.points]
        left.plot(x, [point.seconds for point in series.points], "o-", color=colour, label=series.about)
        right.plot(x, [point.memory for point in series.points], "o-", color=colour, label=series.about)
    first, last = several[0].points[0], several[0].points[-1]
    end = first.seconds * (last.x / first.x if proportional else 1)
    guide = "in proportion" if proportional else "level"
    left.plot([first.x, last.x], [first.seconds, end], ":", color=GREY, label=guide)
    ticks = [point.x for point in several[0].points]
    _label(left, several[0].axis, "seconds", ticks, level=not proportional)
    _label(right, several[0].axis, "peak memory less rows, MiB", ticks, level=True)
    left.legend(frameon=False, fontsize=7)
    return figure


def _label(axis: Axes, across: str, up: str, ticks: Sequence[int], *, level: bool) -> None:
    """Axes; a level quantity is drawn from 0, so that its size is seen."""
    axis.set_xlabel(across)
    axis.set_ylabel(up)
    axis.grid(alpha=0.3)
    axis.set_xscale("log")
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    if level:
        axis.set_ylim(0, 1.15 * axis.dataLim.y1)
    else:
        axis.set_yscale("log")
