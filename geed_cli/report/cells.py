"""Tables without a frame, columns that fit the width of the console, and rows as CSV.

Numbers are never cut. Where a table is too wide, texts are folded and whole columns left out, and a line below
the table names these; every number is in the JSON result.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from geed_cli.report.console import harmless

Justify = Literal["left", "right"]
FOLDED_WIDTH = 20
"""Width to which names are folded: that of the longest name of a measure."""
READABLE_WIDTH = 8
"""Where less than this were left for the names, the numbers are broken over lines as well."""
DECORATION = 0
"""``Column.keep`` of a column that says nothing new, and is not missed."""


def frameless(*, collapse_padding: bool = True) -> Table:
    """An empty table in the style of all reports: a line below the headings and no other."""
    return Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        header_style="dim",
        collapse_padding=collapse_padding,
    )


def list_table(*columns: str) -> Table:
    """An empty table in the style of lists: the first column is never broken."""
    table = frameless(collapse_padding=False)
    for number, name in enumerate(columns):
        table.add_column(name, no_wrap=number == 0, overflow="fold")
    return table


def csv_text(header: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV below their header; None is an empty cell."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([tuple(header), *rows])
    return stream.getvalue()


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, and a cell for each row.

    Attributes:
        keep: None for a column that is always there; of the others the lowest is left out first.
        folds_to: width to which its texts may be folded; None for numbers, which stay whole.
    """

    name: str
    cells: Sequence[str | Text]
    keep: int | None = None
    folds_to: int | None = None
    justify: Justify = "right"

    @property
    def widest(self) -> int:
        """Characters of the longest among heading and cells."""
        return max(cell_len(str(cell)) for cell in (self.name, *self.cells))

    @property
    def folded(self) -> int:
        """Characters that it takes at least."""
        return self.widest if self.folds_to is None else min(self.widest, self.folds_to)


def texts(name: str, cells: Sequence[str | Text]) -> Column:
    """A column of names or words, which is always there."""
    return Column(name, cells, folds_to=FOLDED_WIDTH, justify="left")


def fitted_table(columns: Sequence[Column], width: int) -> Table:
    """A table of at most ``width`` characters, of the columns that there is room for, the first of them texts.

    Names in it are made harmless before they are measured, since what stands for a character may be longer.
    """
    columns = [
        replace(each, name=harmless(each.name), cells=list(map(_harmless, each.cells))) for each in columns
    ]
    shown = _fitting(columns, width)
    spare = width - _least(shown)
    if shown[0].folded + spare < READABLE_WIDTH:
        table = _table(shown, [None] * len(shown), wraps=True)
    else:
        table = _table(shown, _widths(shown, spare), wraps=False)
    missed = [each.name for each in columns if each not in shown and each.keep != DECORATION]
    if missed:
        table.caption = f"too narrow to show: {' · '.join(missed)}"
        table.caption_justify = "left"
    return table


def _harmless(cell: str | Text) -> str | Text:
    return harmless(cell) if isinstance(cell, str) else cell


def _fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that fit with their texts folded; those that are always there may still be too wide."""
    shown = list(columns)
    for _, column in sorted((each.keep, at) for at, each in enumerate(columns) if each.keep is not None):
        if _least(shown) <= width:
            break
        shown.remove(columns[column])
    return shown


def _least(columns: Sequence[Column]) -> int:
    """Characters that a table takes with its texts folded and its numbers whole."""
    console = Console(width=100_000)  # wide enough for anything, so that it measures and does not squeeze
    table = _table(columns, [each.folded for each in columns], wraps=False)
    return Measurement.get(console, console.options, table).maximum


def _widths(columns: Sequence[Column], spare: int) -> list[int]:
    """The texts share the spare room, the first before the others; where room is lacking the first gives it."""
    widths = []
    for column in columns:
        granted = min(column.widest - column.folded, spare)
        widths.append(column.folded + granted)
        spare -= granted
    return widths


def _table(columns: Sequence[Column], widths: Sequence[int | None], *, wraps: bool) -> Table:
    """The table; ``wraps`` where numbers may be broken, which loses nothing but is hard to read."""
    table = frameless()
    for column, width in zip(columns, widths, strict=True):
        whole = column.folds_to is None and not wraps
        table.add_column(column.name, justify=column.justify, overflow="fold", width=width, no_wrap=whole)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table
