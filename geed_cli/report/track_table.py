"""The table of a track: a block for each group and run, a line for each step, a column for each value shown."""

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import CONTROLS
from geed_cli.report.cells import csv_text, frameless
from geed_cli.report.console import emit
from geed_cli.report.numbers import about, in_unit, limits_in_unit, some
from geed_cli.tracking.columns import Column, groups_of, labels_of, rows_of
from geed_cli.tracking.record import Row, Track

COLUMNS_A_TABLE = 4
"""Values with intervals that fit side by side in 110 columns."""

CSV_HEADER = ("group", "metric", "layer", "label", "step", "models", "value", "low", "high", "over", "within")


def print_track(track: Track, columns: Sequence[Column], console: Console) -> None:
    """Print the whole track."""
    emit(render(track, columns), console)


def render(track: Track, columns: Sequence[Column]) -> Iterator[RenderableType]:
    """The parts of the printed track, top to bottom."""
    labels = labels_of(track)
    yield Text(f"geed track · {', '.join(labels)}", style="bold")
    for label in labels:
        yield Text(f"  {_label_line(track, label)}")
    data = track.records[0].result.data
    yield Text(f"  {data.count} images of {data.root}")
    for group in groups_of(track):
        for label in labels:
            yield Text()
            yield Text(f"{group} · {label}" if len(labels) > 1 else group, style="bold")
            for start in range(0, len(columns), COLUMNS_A_TABLE):
                yield _block(track, group, label, columns[start : start + COLUMNS_A_TABLE])
            yield from (Text(f"  note: {n}", style="yellow") for n in _notes(track, group, label, columns))
    yield from (Text(line, style="dim") for line in _legend(track, columns))


def _label_line(track: Track, label: str) -> str:
    records = [record for record in track.records if record.label == label]
    steps = sorted({record.step for record in records})
    span = f"{steps[0]} to {steps[-1]}" if len(steps) > 1 else f"{steps[0]}"
    at_once = max(sum(record.step == step for record in records) for step in steps)
    kind = f", up to {at_once} checkpoints a step" if at_once > 1 else ""
    counted = f"{len(steps)} step{'s' if len(steps) > 1 else ''} ({track.unit} {span})"
    return f"{label}: {records[0].result.model.arch}, {counted}{kind}"


def _block(track: Track, group: str, label: str, columns: Sequence[Column]) -> Table:
    table = frameless()
    lines = {column: {row.step: row for row in rows_of(track, group, column, label)} for column in columns}
    steps = sorted({record.step for record in track.records if record.label == label})
    models = {row.step: row.models for line in lines.values() for row in line.values()}
    several = any(count > 1 for count in models.values())
    table.add_column(track.unit, justify="right", no_wrap=True)
    if several:
        table.add_column("models", justify="right")
    for column in columns:
        table.add_column(_heading(column, track.confidence), justify="right", overflow="fold")
    for step in steps:
        counted = [str(models.get(step, ""))] if several else []
        table.add_row(str(step), *counted, *(_cell(lines[column].get(step)) for column in columns))
    if twins := _twins(track, group, label):
        cells = [in_unit(c.metric, twins[c]) if c in twins else "" for c in columns]
        table.add_row("twin", *([""] if several else []), *cells)
    return table


def _twins(track: Track, group: str, label: str) -> dict[Column, float]:
    """The random twin's value of each column: one for all steps, since they share architecture and seed."""
    return {
        Column(entry.metric, entry.layer): entry.controls["twin"]
        for record in track.records
        if record.label == label
        for entry in record.result.results
        if entry.group == group and "twin" in entry.controls
    }


def _heading(column: Column, confidence: float) -> str:
    unit = measure_named(column.metric).unit
    name = column.metric if column.layer is None else f"{column.metric}\nat {column.layer}"
    return f"{name}{unit and ', '}{unit}\nand {100 * confidence:g}% interval"


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    if row.value is None:
        return "–"
    within = "" if row.within is None else f"\nwithin ±{in_unit(row.metric, row.within)}"
    return f"{in_unit(row.metric, row.value)} {limits_in_unit(row.metric, row.ci)}{within}"


def _notes(track: Track, group: str, label: str, columns: Sequence[Column]) -> list[str]:
    """Each note once, with the values and steps that it is about."""
    notes = about(
        ((note, column.title), str(row.step))
        for column in columns
        for row in rows_of(track, group, column, label)
        for note in row.notes
    )
    return [f"{title} at {track.unit} {some(steps)}: {note}" for (note, title), steps in notes.items()]


def _legend(track: Track, columns: Sequence[Column]) -> Iterator[str]:
    yield ""
    yield "Larger always means further from invariance."
    layerwise = [measure_named(column.metric).primary for column in columns if column.layer is not None]
    for measure in dict.fromkeys(layerwise):
        yield f"{measure.name}: {measure.best:g} is equivariant.".replace("-", "−")
    if any(record.result.settings.twin is not None for record in track.records):
        yield CONTROLS["twin"].reading
    over = {row.over for row in track.rows}
    if "images" in over:
        yield "Intervals of one model are over images, each by itself. All steps saw the same images, so two steps"
        yield "can differ clearly where their intervals overlap: geed compare has the paired difference."
    if "models" in over:
        yield "Intervals of several models are over models (t); “within” is one model's own half-width over images."
    if track.records[0].result.settings.simultaneous:
        yield "Intervals of one model hold together over its whole table (--simultaneous)."
    if track.status == "partial":
        yield "partial: checkpoints are still to be audited"


def to_csv(track: Track) -> str:
    """One row for each value of the track, whether shown or not."""
    return csv_text(
        CSV_HEADER,
        (
            (
                *(row.group, row.metric, row.layer, row.label, row.step, row.models),
                *(row.value, *(row.ci or (None, None)), row.over, row.within),
            )
            for row in track.rows
        ),
    )
