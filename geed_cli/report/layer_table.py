"""The layers of one group: value, interval, correlation, and the controls that were measured, one row a layer.

Columns that no layer fills are left out, and of the others those for which there is no room: the bar first, what was
asked for by an option last.
"""

from collections.abc import Iterator, Sequence

from rich.table import Table

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import CONTROLS
from geed_cli.report.cells import DECORATION, Column, fitted_table, texts
from geed_cli.report.numbers import bar, control_text, furthest, interval, number, value_text
from geed_cli.result.schema import Entry

BAR_WIDTH = 12


def layer_table(entries: Sequence[Entry], level: str, width: int) -> Table:
    """The table of a layerwise measure for one group, with the entries of those that are shown beside it.

    ``level`` is the heading of the intervals.
    """
    own = [entry for entry in entries if measure_named(entry.metric).beside is None]
    # measures beside another stand by themselves where that was not asked for
    shown = own or [entry for entry in entries if entry.metric == entries[0].metric]
    further = [*_beside(shown, entries), *_controls(shown, part=False)]
    further.append(Column("furthest", [furthest(entry) for entry in shown], keep=2))
    further += _controls(shown, part=True)
    return fitted_table(
        [
            texts(f"{shown[0].metric} at", [entry.layer or "" for entry in shown]),
            Column("value", [value_text(entry) for entry in shown]),
            Column(level, [interval(entry.ci) for entry in shown]),
            *(column for column in further if any(column.cells)),
            *_bars(shown),
        ],
        width,
    )


def _beside(shown: Sequence[Entry], entries: Sequence[Entry]) -> Iterator[Column]:
    """The values of the measures that stand beside the one that is shown."""
    for metric in dict.fromkeys(entry.metric for entry in entries if entry.metric != shown[0].metric):
        values = {entry.layer: entry.value for entry in entries if entry.metric == metric}
        cells = ["" if (value := values.get(entry.layer)) is None else number(value) for entry in shown]
        yield Column(metric.rpartition(".")[2], cells, keep=5)


def _controls(shown: Sequence[Entry], *, part: bool) -> Iterator[Column]:
    for control in CONTROLS.values():
        if control.heading and control.part == part:
            yield Column(control.heading, [control_text(entry, control) for entry in shown], control.keep)


def _bars(shown: Sequence[Entry]) -> Iterator[Column]:
    """From perfect to one above it; none where no layer has a value."""
    best = measure_named(shown[0].metric).best
    cells = ["" if e.value is None else bar(e.value - best, BAR_WIDTH).ljust(BAR_WIDTH) for e in shown]
    if any(cells):
        scale = f"{best:g} … {best + 1:g}".replace("-", "−")
        yield Column(scale, cells, keep=DECORATION, justify="left")
