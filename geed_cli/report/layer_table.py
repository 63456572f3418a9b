"""The layers of one group: value, interval, correlation, and the controls that were measured, one row a layer.

Columns that no layer fills are left out, and of the others those for which there is no room: the bar first, what was
asked for by an option last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from geed_cli.report.cells import DECORATION, Column, fitted_table, texts
from geed_cli.report.entry_text import control_text, furthest, value_text
from geed_cli.report.numbers import bar, interval, number, percent
from geed_cli.result.schema import Entry

COSINE, CORRELATION = "channelwise.cosine", "channelwise.correlation"
BAR_WIDTH = 12


@dataclass(frozen=True)
class LayerRow:
    """One layer: the entry shown, and the correlation beside it."""

    entry: Entry
    correlation: Entry | None


def layer_table(entries: Sequence[Entry], level: str, width: int) -> Table:
    """The table of a group's layerwise entries.

    Args:
        entries: of the layerwise measures.
        level: heading of the intervals.
        width: of the console.
    """
    rows = _rows(entries)
    shown = [row.entry for row in rows]
    columns = [
        texts(f"{shown[0].metric} at", [entry.layer or "" for entry in shown]),
        Column("value", [value_text(entry) for entry in shown]),
        Column(level, [interval(entry.ci) for entry in shown]),
        *_further(rows),
    ]
    if any(entry.value is not None for entry in shown):
        columns.append(Column("−1 … 0", list(map(_bar, shown)), keep=DECORATION, justify="left"))
    return fitted_table(columns, width)


def _rows(entries: Sequence[Entry]) -> list[LayerRow]:
    """The cosine of each layer with its correlation; correlations by themselves where no cosine was asked for."""
    by_layer = {entry.layer: entry for entry in entries if entry.metric == CORRELATION}
    cosines = [entry for entry in entries if entry.metric == COSINE]
    if cosines:
        return [LayerRow(entry, by_layer.get(entry.layer)) for entry in cosines]
    return [LayerRow(entry, None) for entry in by_layer.values()]


def _further(rows: Sequence[LayerRow]) -> list[Column]:
    """The further columns that at least one layer fills."""

    def control(name: str) -> Callable[[LayerRow], str]:
        return lambda row: control_text(row.entry, name)

    every: list[tuple[str, int, Callable[[LayerRow], str]]] = [
        ("correlation", 5, _correlation),
        ("null", 4, control("null")),
        ("floor", 3, control("floor")),
        ("twin", 7, control("twin")),
        ("corrected", 6, control("phase_corrected")),
        ("furthest", 2, lambda row: furthest(row.entry)),
        ("dead", 1, _dead),
    ]
    columns = [Column(name, [show(row) for row in rows], keep) for name, keep, show in every]
    return [column for column in columns if any(column.cells)]


def _correlation(row: LayerRow) -> str:
    found = row.correlation
    return number(found.value) if found is not None and found.value is not None else ""


def _dead(row: LayerRow) -> str:
    fraction = row.entry.controls.get("dead_fraction")
    return percent(fraction) if fraction else ""


def _bar(entry: Entry) -> str:
    return "" if entry.value is None else bar(1 + entry.value, BAR_WIDTH).ljust(BAR_WIDTH)
