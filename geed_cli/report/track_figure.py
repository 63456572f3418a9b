"""The figure of a track, after figure 4 of Kvinge et al. (2022): value against step, one line a run or population.

Matplotlib is an extra and is imported where the figure is drawn. Colours are Okabe and Ito's, told apart with any
colour vision; markers tell lines apart without colour. The same track gives the same SVG, byte for byte.
"""

import io
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from geed_cli.errors import InputError, RunError
from geed_cli.measures.catalogue import measure_named
from geed_cli.tracking.columns import Column, groups_of, labels_of, rows_of
from geed_cli.tracking.record import Row, Track
from geed_cli.verdict.track import bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^Dv<>P"
LINE_STYLES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
SUFFIXES = (".png", ".svg")
WIDTH, HEIGHT, DPI = 4.4, 3.3, 160
"""Inches of one panel, and pixels an inch of a PNG."""


def check_figure(path: Path) -> None:
    """Refuse a figure that could not be drawn, before hours are spent on its values.

    Raises:
        InputError: a suffix that is neither .png nor .svg.
        RunError: matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"a figure {path.name} of no known kind", expected="a name that ends in .png or .svg",
            remedy=f"--figure {path.with_suffix('.svg')}",
        )  # fmt: skip
    if find_spec("matplotlib") is None:
        raise RunError(
            "matplotlib, which draws figures, is not installed",
            expected="the extra 'plot'",
            remedy='python -m pip install "geed-cli[plot]"',
        )


def draw_track(track: Track, columns: Sequence[Column], kind: str) -> bytes:
    """The contents of the figure's file, of kind ``.png`` or ``.svg``: a panel for each group and column."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    panels = [(group, column) for group in groups_of(track) for column in columns]
    wide = _panels_a_row(len(columns), len(panels))
    tall = math.ceil(len(panels) / wide)
    # ids in an SVG are random unless salted; text stays text, so that it can be searched and edited
    with mpl.rc_context({"svg.hashsalt": "geed", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure((WIDTH * wide, HEIGHT * tall + 0.7), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(tall, wide, squeeze=False).flat
        for axis, (group, column) in zip(axes, panels, strict=False):
            _panel(axis, track, group, column)
        for axis in list(axes)[len(panels) :]:
            axis.set_visible(False)
        _legend(figure, track)
        stream, suffix = io.BytesIO(), kind.lower()
        no_date = {"Date": None} if suffix == ".svg" else {}
        figure.savefig(stream, format=suffix.lstrip("."), dpi=DPI, metadata=no_date)
    return stream.getvalue()


def _panels_a_row(columns: int, panels: int) -> int:
    """A row for each group where that fits on a page; otherwise about as wide as tall."""
    if columns <= 3:
        return min(columns, panels)
    return 2 if columns == 4 else 3


def _panel(axis: "Axes", track: Track, group: str, column: Column) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - an extra

    for number, label in enumerate(labels_of(track)):
        _line(axis, rows_of(track, group, column, label), column, number)
    axis.set_title(f"{group} · {column.title}", fontsize=10)
    axis.set_xlabel(f"training {track.unit}")
    unit = f" ({column.unit})" if column.unit else ""
    axis.set_ylabel((measure_named(column.metric).label or column.metric) + unit)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
    axis.grid(visible=True, alpha=0.25, linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)


def _line(axis: "Axes", rows: Sequence[Row], column: Column, number: int) -> None:
    """One run: markers joined by a line, the interval as a band and as bars at the steps themselves."""
    drawn = [row for row in rows if row.value is not None]
    factor = 100.0 if column.unit == "%" else 1.0
    steps = [row.step for row in drawn]
    values = [factor * (row.value if row.value is not None else math.nan) for row in drawn]
    lows = [factor * (row.ci[0] if row.ci else math.nan) for row in drawn]
    highs = [factor * (row.ci[1] if row.ci else math.nan) for row in drawn]
    colour = COLOURS[number % len(COLOURS)]
    style = LINE_STYLES[number // len(COLOURS) % len(LINE_STYLES)]
    axis.fill_between(steps, lows, highs, color=colour, alpha=0.18, linewidth=0)
    axis.vlines(steps, lows, highs, color=colour, linewidth=1.0, alpha=0.7)
    axis.plot(steps, values, style, marker=MARKERS[number % len(MARKERS)], color=colour, markersize=4.5)


def _legend(figure: "Figure", track: Track) -> None:
    """The lines' names, and what the bands are, once for all panels."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - an extra

    labels = labels_of(track)
    handles = [
        Line2D([], [], color=COLOURS[n % len(COLOURS)], marker=MARKERS[n % len(MARKERS)],
               linestyle=LINE_STYLES[n // len(COLOURS) % len(LINE_STYLES)], label=_name(track, label))
        for n, label in enumerate(labels)
    ]  # fmt: skip
    count = track.records[0].result.data.count
    said = bands(track).replace(", ", ",\n")
    title = f"higher: further from invariance; {count} images\n{said}"
    legend = figure.legend(
        handles=handles, loc="outside upper center", ncols=min(len(labels), 4), frameon=False, title=title
    )
    legend.get_title().set_multialignment("center")


def _name(track: Track, label: str) -> str:
    most = max(row.models for row in track.rows if row.label == label)
    return f"{label} ({most} models)" if most > 1 else label
