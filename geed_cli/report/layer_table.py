"""The layers of one group: value, interval, correlation, and the controls that were measured, one row a layer.

Columns that no layer fills are left out, and of the others those for which there is no room: the bar first, what was
asked for by an option last.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import CONTROLS, Control
from geed_cli.report.cells import DECORATION, Column, fitted_table, texts
from geed_cli.report.entry_text import control_text, furthest, value_text
from geed_cli.report.numbers import bar, interval, number
from geed_cli.result.schema import Entry

BAR_WIDTH = 12


@dataclass(frozen=True)
class LayerRow:
    """One layer: the entry shown, and those of the measures beside it, by their names."""

    entry: Entry
    beside: Mapping[str, Entry]


def layer_table(entries: Sequence[Entry], level: str, width: int) -> Table:
    """The table of a layerwise measure for one group.

    Args:
        entries: of the measure, and of those that are shown beside it.
        level: heading of the intervals.
        width: of the console.
    """
    rows = _rows(entries)
    shown = [row.entry for row in rows]
    measure = measure_named(shown[0].metric)
    columns = [
        texts(f"{shown[0].metric} at", [entry.layer or "" for entry in shown]),
        Column("value", [value_text(entry) for entry in shown]),
        Column(level, [interval(entry.ci) for entry in shown]),
        *_further(rows),
    ]
    if any(entry.value is not None for entry in shown):
        scale = f"{measure.best:g} … {measure.best + 1:g}".replace("-", "−")
        bars = [_bar(entry, measure.best) for entry in shown]
        columns.append(Column(scale, bars, keep=DECORATION, justify="left"))
    return fitted_table(columns, width)


def _rows(entries: Sequence[Entry]) -> list[LayerRow]:
    """Each layer's entry with those beside it, which stand by themselves where the measure was not asked for."""
    own = [entry for entry in entries if measure_named(entry.metric).beside is None]
    shown = own or [entry for entry in entries if entry.metric == entries[0].metric]
    others = [entry for entry in entries if entry.metric != shown[0].metric]
    return [LayerRow(one, {each.metric: each for each in others if each.layer == one.layer}) for one in shown]


def _further(rows: Sequence[LayerRow]) -> list[Column]:
    """The further columns that at least one layer fills."""

    def of(control: Control) -> tuple[str, int, Callable[[LayerRow], str]]:
        return control.heading, control.keep, lambda row: control_text(row.entry, control)

    def beside(metric: str) -> Callable[[LayerRow], str]:
        return lambda row: _value(row.beside.get(metric))

    every: list[tuple[str, int, Callable[[LayerRow], str]]] = [
        *((name.rpartition(".")[2], 5, beside(name)) for name in rows[0].beside),
        *(of(control) for control in CONTROLS.values() if control.heading and not control.part),
        ("furthest", 2, lambda row: furthest(row.entry)),
        *(of(control) for control in CONTROLS.values() if control.heading and control.part),
    ]
    columns = [Column(name, [show(row) for row in rows], keep) for name, keep, show in every]
    return [column for column in columns if any(column.cells)]


def _value(entry: Entry | None) -> str:
    return number(entry.value) if entry is not None and entry.value is not None else ""


def _bar(entry: Entry, best: float) -> str:
    return "" if entry.value is None else bar(entry.value - best, BAR_WIDTH).ljust(BAR_WIDTH)
