"""How figures for papers look: colours, marks and dashes of series, sizes, and what every file of them has in common.

Colours are Okabe and Ito's, told apart with any colour vision, in the order of hues that the report page has; marks and
dashes tell series apart without colour. The page's own colours are darker, since text is set in them.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from geed_cli.report.html.colours import INK, RULE

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)), (0, (8, 2)))
ONE_COLUMN, TWO_COLUMNS = 3.4, 7.0
"""Inches: a column of a paper in two, and its whole width."""
PANEL_HEIGHT = 1.75
"""Inches of what lies between the axes of a panel."""
DPI = 300
"""Pixels an inch of a PNG."""
TEXT, SMALL = 8, 7
"""Points of the axes' names, and of all other text."""
RC = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so that a figure is the same everywhere
    "font.size": SMALL, "axes.labelsize": TEXT, "legend.fontsize": SMALL,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6,
    "xtick.major.size": 2.5, "ytick.major.size": 2.5,
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": RULE, "grid.linewidth": 0.4, "axes.axisbelow": True,
    "lines.linewidth": 1.2, "lines.markersize": 4.0, "axes.formatter.useoffset": False,
    "legend.frameon": False, "legend.handlelength": 2.4, "legend.columnspacing": 1.4, "legend.borderpad": 0.1,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "svg.fonttype": "none", "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "geed", "savefig.dpi": DPI, "figure.dpi": 100,
    "figure.constrained_layout.h_pad": 0.04, "figure.constrained_layout.w_pad": 0.04,
    "figure.constrained_layout.hspace": 0.05, "figure.constrained_layout.wspace": 0.03,
}  # fmt: skip
"""Over matplotlib's own defaults: settings of the machine do not count."""


@contextmanager
def settings() -> Iterator[None]:
    """In which figures are made and written."""
    import matplotlib.style  # noqa: PLC0415 - an extra

    with matplotlib.style.context(["default", RC]), warnings.catch_warnings():
        # of a sign that the font does not have, which is shown as a box
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield


@dataclass(frozen=True)
class Look:
    """How one series is drawn in all panels: no two of 35 are alike without their colour.

    Attributes:
        filled: whether its marks are; those of the eighth series and on are hollow.
    """

    colour: str
    marker: str
    dash: Any
    filled: bool = True

    @property
    def mark(self) -> dict[str, Any]:
        """The mark, as matplotlib's properties of a line."""
        face = self.colour if self.filled else "#ffffff"
        return {"color": self.colour, "marker": self.marker, "markerfacecolor": face, "markeredgewidth": 0.8}


def look(number: int) -> Look:
    """The look of a series by its place in the order of all, from 0."""
    return Look(
        COLOURS[number % len(COLOURS)],
        MARKERS[number % len(MARKERS)],
        DASHES[number % len(DASHES)],
        number // len(MARKERS) % 2 == 0,
    )
