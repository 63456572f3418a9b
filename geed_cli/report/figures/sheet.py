"""A figure: panels on a sheet as wide as a column of a paper or as its page, with one legend, as the bytes of a file.

The same sheet gives the same bytes. Texts are measured and moved until none overlaps another.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geed_cli.report.figures.embedded_font import with_font
from geed_cli.report.figures.panel import Panel, limits_of
from geed_cli.report.figures.points_panel import PointsPanel
from geed_cli.report.figures.scatter_panel import ScatterPanel
from geed_cli.report.figures.style import ONE_COLUMN, PANEL_HEIGHT, TWO_COLUMNS, look, settings
from geed_cli.report.html.drawing import name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST_PLACES = 12
"""Marks side by side from which on a single panel is two columns wide."""
LONGEST_LABEL = 42
"""Characters of a series' name from which on it needs two columns."""
MOST_COLUMNS = 4
"""Names of series side by side."""
MOST_ROUNDS = 6
"""How often what was moved may move others; each round settles one kind of text."""
NO_DATES: dict[str, dict[str, None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".png": {"Software": None},
}
"""What files say of when and by what they were made, left out."""


def side_by_side(groups: int, measures: int) -> int:
    """Panels in a row: the measures of a group where they fit, else about as many as there are rows."""
    if measures == 1:
        return min(groups, 3)
    return measures if measures <= 3 else 2 if measures == 4 else 3


@dataclass(frozen=True)
class Sheet:
    """What a figure shows.

    Attributes:
        panels: row by row.
        columns: panels side by side.
        labels: the names of the series.
        title: what it shows, in a line; the file's title.
        caption: what a reader has to know beside the axes, such as what intervals are over; it is not drawn, and stands
            in the file's description.
        share_y: whether panels of one measure have one vertical axis.
    """

    panels: tuple[Panel, ...]
    columns: int
    labels: tuple[str, ...]
    title: str
    caption: str
    share_y: bool = False

    def draw(self, kind: str) -> bytes:
        """The contents of a file of kind ``.svg``, ``.pdf`` or ``.png``."""
        suffix, stream = kind.lower(), io.BytesIO()
        with settings():
            self.canvas().savefig(stream, format=suffix.lstrip("."), metadata=self._metadata(suffix))
        return stream.getvalue() if suffix != ".svg" else with_font(stream.getvalue())

    def canvas(self) -> "Canvas":
        """The figure as matplotlib's, laid out; within ``style.settings``."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415
        from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

        rows = math.ceil(len(self.panels) / self.columns)
        # higher than it will be: what stands around the panels has room from the beginning
        height = rows * (PANEL_HEIGHT + 2.5) + 0.2 * len(self.labels)
        canvas = Canvas((self._width(), height), layout="constrained")
        FigureCanvasAgg(canvas)
        grid = list(canvas.subplots(rows, self.columns, squeeze=False).flat)
        looks = [look(number) for number in range(len(self.labels))]
        for panel, axes in zip(self.panels, grid, strict=False):
            axes.set_ylim(*limits_of(self._sharing(panel)))
            panel.draw(axes, looks)
            axes.set_ylabel(panel.y_label)
            axes.set_xlabel(panel.x_label)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        for axes in grid[len(self.panels) :]:
            axes.set_visible(False)
        canvas.align_ylabels(grid[: len(self.panels)])
        self._legend(canvas)
        self._settle(canvas, grid[: len(self.panels)], rows)
        canvas.set_layout_engine("none")
        return canvas

    def _sharing(self, panel: Panel) -> Sequence[Panel]:
        """The panels whose vertical axis is that of this one."""
        if not self.share_y:
            return (panel,)
        return [each for each in self.panels if each.axis == panel.axis]

    def _width(self) -> float:
        """Inches: of a column, or of two where panels, marks or names need them."""
        places = max(panel.places for panel in self.panels)
        wide = self.columns > 1 or places > MOST_PLACES or max(map(len, self.labels)) > LONGEST_LABEL
        return TWO_COLUMNS if wide else ONE_COLUMN

    def _metadata(self, suffix: str) -> dict[str, Any]:
        """Title and caption, under the names that the kind of file has for them."""
        said = "Subject" if suffix == ".pdf" else "Description"
        return {**NO_DATES[suffix], "Title": self.title[:1].upper() + self.title[1:], said: self.caption}

    def _legend(self, canvas: "Canvas") -> None:
        """The names of the series above all panels, as many in a row as fit; none where the axes have them."""
        from matplotlib.lines import Line2D  # noqa: PLC0415 - an extra

        shown = sorted({each.number for panel in self.panels for each in panel.series})
        if len(self.labels) == 1 or all(panel.names_series for panel in self.panels):
            return
        lines = any(not isinstance(panel, PointsPanel | ScatterPanel) for panel in self.panels)
        handles = [
            Line2D([], [], linestyle=look(number).dash if lines else "none", **look(number).mark)
            for number in shown
        ]
        for columns in range(min(MOST_COLUMNS, len(shown)), 0, -1):
            # matplotlib leaves out names that begin with an underscore, so that these are given afterwards
            legend = canvas.legend(
                handles, [str(at) for at in shown], loc="outside upper left", ncols=columns
            )
            for text, number in zip(legend.get_texts(), shown, strict=True):
                text.set_text(self.labels[number])
            over = legend.get_window_extent().width / canvas.bbox.width
            if columns == 1 and over > 1:
                for text in legend.get_texts():
                    text.set_text(name(text.get_text(), int(len(text.get_text()) / over) - 4))
            if columns == 1 or over <= 1:
                return
            legend.remove()

    def _settle(self, canvas: "Canvas", grid: "Sequence[Axes]", rows: int) -> None:
        """Lay out, look, and change what does not fit, until all does."""
        for _ in range(MOST_ROUNDS):
            _lay_out(canvas)
            changed = sum(panel.fit(axes) for panel, axes in zip(self.panels, grid, strict=True)) > 0
            if not changed and not _grown(canvas, grid, rows):
                return


def _lay_out(canvas: "Canvas") -> None:
    """Give every panel its place, without drawing."""
    engine = canvas.get_layout_engine()
    assert engine is not None, "the constrained one"
    engine.execute(canvas)


def _grown(canvas: "Canvas", grid: "Sequence[Axes]", rows: int) -> bool:
    """Make the figure so high that its panels have their height, whatever stands below and above them."""
    missing = PANEL_HEIGHT - min(axes.get_window_extent().height for axes in grid) / canvas.dpi
    if abs(missing) < 0.02:
        return False
    width, height = canvas.get_size_inches()
    canvas.set_size_inches(width, height + rows * missing)
    return True
