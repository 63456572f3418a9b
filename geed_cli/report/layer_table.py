"""The layers of one group: value, interval, correlation, and the controls that were measured, one row a layer.

Columns that no layer has are left out, and so is the bar in a terminal that is too narrow for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from geed_cli.report.cells import furthest, plain_table, value_text
from geed_cli.report.numbers import bar, interval, number, percent
from geed_cli.result.schema import Entry

COSINE, CORRELATION = "channelwise.cosine", "channelwise.correlation"
BAR_WIDTH = 12


@dataclass(frozen=True)
class LayerRow:
    """One layer: the entry shown, and the correlation beside it."""

    entry: Entry
    correlation: Entry | None


def layer_table(entries: Sequence[Entry], level: str, width: int, *, narrow: bool) -> Table:
    """The table of a group's layerwise entries.

    Args:
        entries: of the layerwise measures.
        level: heading of the intervals.
        width: of the console.
        narrow: whether value and interval alone are shown.
    """
    rows = _rows(entries)
    columns = [] if narrow else _columns(rows)
    table = plain_table(f"{rows[0].entry.metric} at", "value", level, *(name for name, _ in columns))
    # name, value, interval, then about 13 characters a column with its gap
    with_bar = not narrow and width >= 52 + 13 * len(columns) + BAR_WIDTH
    if with_bar:
        table.add_column("−1 … 0", no_wrap=True, min_width=BAR_WIDTH)
    for row in rows:
        entry = row.entry
        more = [show(row) for _, show in columns]
        if with_bar:
            more.append(bar(1 + entry.value, BAR_WIDTH) if entry.value is not None else "")
        table.add_row(entry.layer or "", value_text(entry), interval(entry.ci), *more)
    return table


def _rows(entries: Sequence[Entry]) -> list[LayerRow]:
    """The cosine of each layer with its correlation; correlations by themselves where no cosine was asked for."""
    by_layer = {entry.layer: entry for entry in entries if entry.metric == CORRELATION}
    cosines = [entry for entry in entries if entry.metric == COSINE]
    if cosines:
        return [LayerRow(entry, by_layer.get(entry.layer)) for entry in cosines]
    return [LayerRow(entry, None) for entry in by_layer.values()]


def _columns(rows: Sequence[LayerRow]) -> list[tuple[str, Callable[[LayerRow], str]]]:
    """The further columns that at least one layer fills."""

    def control(name: str) -> Callable[[LayerRow], str]:
        return lambda row: number(row.entry.controls[name]) if name in row.entry.controls else ""

    every: list[tuple[str, Callable[[LayerRow], str]]] = [
        (
            "correlation",
            lambda row: number(row.correlation.value) if row.correlation and row.correlation.ci else "",
        ),
        ("null", control("null")),
        ("floor", control("floor")),
        ("twin", control("twin")),
        ("corrected", control("phase_corrected")),
        ("furthest", lambda row: furthest(row.entry)),
        (
            "dead",
            lambda row: (
                percent(row.entry.controls["dead_fraction"])
                if row.entry.controls.get("dead_fraction")
                else ""
            ),
        ),
    ]
    return [(name, show) for name, show in every if any(show(row) for row in rows)]
