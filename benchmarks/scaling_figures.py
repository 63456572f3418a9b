"""The figures of docs/performance.md: seconds and memory of each series, measured points with the line fitted to them.

Images and elements have logarithmic axes, where a power law is straight and proportion has slope 1; layers have plain
ones, where what each layer adds is straight. Memory always starts at 0, so that flat looks flat.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks.scaling_fit import power, straight
from benchmarks.scaling_series import Series

BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#888888"
"""From the palette of Okabe and Ito, which colour-blind readers can tell apart; markers differ as well."""
STYLES = ((BLUE, "o"), (ORANGE, "s"))
DPI = 130


def save_figures(images: Series, elements: Sequence[Series], layers: Series, folder: Path) -> None:
    """Write ``scaling_images.png``, ``scaling_elements.png`` and ``scaling_layers.png``."""
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        for name, group in (("images", [images]), ("elements", elements), ("layers", [layers])):
            draw(group).savefig(folder / f"scaling_{name}.png", dpi=DPI)


def draw(several: Sequence[Series]) -> Figure:
    """Seconds on the left, memory on the right, one legend below both.

    Args:
        several: series over the same axis.
    """
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for series, (colour, marker) in zip(several, STYLES, strict=False):
        x = [point.x for point in series.points]
        left.plot(x, [point.seconds for point in series.points], marker, color=colour, label=series.about)
        right.plot(x, [point.memory for point in series.points], f"{marker}-", color=colour)
        _fitted(left, series, colour)
    first = several[0]
    if first.additive:
        _plain(left, first.axis, "seconds")
    else:
        _in_proportion(left, first)
        _logarithmic(left, first, "seconds")
    _memory(right, first)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def _fitted(axis: Axes, series: Series, colour: str) -> None:
    """The line that was fitted to the seconds, with what it says in the legend."""
    x = tuple(float(point.x) for point in series.points)
    seconds = tuple(point.seconds for point in series.points)
    if series.additive:
        start, each = straight(x, seconds)
        ends, words = np.array([0, x[-1]]), f"{start:.2f} s and {1000 * each:.2g} ms for each layer"
        axis.plot(ends, start + each * ends, "--", color=colour, linewidth=1, label=words)
        return
    factor, p = power(x, seconds)
    ends = np.array([x[0], x[-1]])
    axis.plot(ends, factor * ends**p, "--", color=colour, linewidth=1, label=f"fitted: p = {p:.2f}")


def _in_proportion(axis: Axes, series: Series) -> None:
    """What the last point says of the others if time is proportional: what does not grow shows as the rest."""
    first, last = series.points[0].x, series.points[-1]
    seconds = [last.seconds * first / last.x, last.seconds]
    axis.plot([first, last.x], seconds, ":", color=GREY, label="in proportion (p = 1)")


def _logarithmic(axis: Axes, series: Series, up: str) -> None:
    """Both axes logarithmic, with plain numbers."""
    _across(axis, series)
    axis.set_ylabel(up)
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.grid(alpha=0.3)


def _plain(axis: Axes, across: str, up: str) -> None:
    """Both axes from 0."""
    axis.set_xlabel(across)
    axis.set_ylabel(up)
    axis.set_xlim(left=0)
    axis.set_ylim(0, 1.15 * axis.dataLim.y1)
    axis.grid(alpha=0.3)


def _memory(axis: Axes, series: Series) -> None:
    """Memory from 0, over the same axis as time."""
    words = "peak memory less rows, MiB"
    if series.additive:
        _plain(axis, series.axis, words)
        return
    _across(axis, series)
    axis.set_ylabel(words)
    axis.set_ylim(0, 1.15 * axis.dataLim.y1)
    axis.grid(alpha=0.3)


def _across(axis: Axes, series: Series) -> None:
    """What grows, on a logarithmic axis with a tick at every point."""
    ticks = [point.x for point in series.points]
    axis.set_xlabel(series.axis)
    axis.set_xscale("log")
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.xaxis.set_minor_locator(NullLocator())
