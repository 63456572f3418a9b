"""The table of a comparison: one column a subject, one row a measure or layer, differences with their verdicts."""

import csv
import io
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from geed_cli.comparison.schema import Comparison, Delta, Line, Side
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.measures.control import CONTROLS
from geed_cli.report.console import emit
from geed_cli.report.hidden_actions import hidden_notes, hidden_table
from geed_cli.report.numbers import interval, number, some
from geed_cli.report.reading import HIDDEN

COLUMNS = (
    "group", "metric", "layer", "subject", "value", "low", "high", "within",
    "difference", "difference_low", "difference_high", "p_value", "p_holm", "verdict", "images_to_decide", "notes",
    "null", "floor", "twin",
)  # fmt: skip
"""Of the CSV file."""
BELOW = tuple(CONTROLS[name] for name in ("floor", "twin", "phase_corrected"))
"""The controls that stand below a value, where they were measured."""


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print the whole comparison."""
    emit(render(comparison, console.width), console)


def render(comparison: Comparison, width: int = 100) -> Iterator[RenderableType]:
    """The parts of the printed comparison, top to bottom."""
    labels = [subject.label for subject in comparison.subjects]
    yield Text(f"geed compare · {', '.join(labels[1:])} against {labels[0]}", style="bold")
    for subject in comparison.subjects:
        shown = ", ".join(dict.fromkeys(subject.models))
        kind = f"population of {len(subject.models)}: " if subject.is_population else ""
        yield Text(f"  {subject.label}: {kind}{shown}")
    pairing = "paired" if comparison.paired else "not paired: the images differ"
    yield Text(f"  {comparison.images} images, {pairing}")
    for mismatch in comparison.mismatches:
        yield Text(f"  warning: not comparable in {mismatch}", style="yellow")
    for group in dict.fromkeys(line.group for line in comparison.lines):
        yield Text()
        yield _block(comparison, group, labels)
        yield from (Text(f"  note: {note}", style="yellow") for note in _notes(comparison, group, labels))
        yield from _hidden(comparison, group, width)
    yield from (Text(line, style="dim") for line in _legend(comparison))


def _block(comparison: Comparison, group: str, labels: Sequence[str]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", collapse_padding=True
    )
    table.add_column(f"{group}", overflow="fold")
    for label in labels:
        table.add_column(label, justify="right", overflow="fold")
    # whole-network measures first, then the layers in network order
    lines = [line for line in comparison.lines if line.group == group]
    layerwise = {line.metric for line in lines if line.layer is not None}
    for line in sorted(lines, key=lambda line: line.layer is not None):
        table.add_row(_name(line, named=len(layerwise) > 1), *_cells(line))
    return table


def _hidden(comparison: Comparison, group: str, width: int) -> Iterator[RenderableType]:
    """What --discover found for the group in each model that it was looked for in."""
    for subject in comparison.subjects:
        actions = [action for action in subject.hidden_actions if action.group == group]
        if actions:
            yield from (Text(), Text(f"{group} · {subject.label}"), hidden_table(actions, width))
            yield from (Text(f"  note: {note}", style="yellow") for note in hidden_notes(actions))


def _notes(comparison: Comparison, group: str, labels: Sequence[str]) -> list[str]:
    """Each note once, with the subject and the lines that it is about."""
    about: dict[tuple[str, str], list[str]] = {}
    for line in comparison.lines:
        if line.group == group:
            said = [(label, side.notes) for label, side in zip(labels, line.sides, strict=True)]
            said += [(label, delta.notes) for label, delta in zip(labels[1:], line.deltas, strict=True)]
            for label, notes in said:
                for note in notes:
                    about.setdefault((label, note), []).append(_name(line, named=True))
    return [f"{label}, {some(list(dict.fromkeys(names)))}: {note}" for (label, note), names in about.items()]


def _name(line: Line, *, named: bool) -> str:
    """The metric, or the layer; with its metric where the table has several for each layer."""
    if line.layer is None:
        return line.metric
    return f"{line.layer} {line.metric.rpartition('.')[2]}" if named else line.layer


def _cells(line: Line) -> Iterator[str]:
    """The reference's value, then each other's value over its difference and verdict."""
    yield _side(line.sides[0])
    for side, delta in zip(line.sides[1:], line.deltas, strict=True):
        yield f"{_side(side)}\n{_delta(delta)}"


def _side(side: Side) -> str:
    within = "" if side.within is None else f"\nwithin ±{number(side.within)}"
    return f"{number(side.value)} {interval(side.ci)}{within}{_controls(side)}"


def _controls(side: Side) -> str:
    """Those that were measured, on a line of their own: "floor 0.01, twin 0.3"."""
    found = [
        f"{control.heading} {number(side.controls[control.name])}"
        for control in BELOW
        if control.name in side.controls
    ]
    return f"\n{', '.join(found)}" if found else ""


def _delta(delta: Delta) -> str:
    if delta.value is None:
        return "–"
    sign = "+" if delta.value > 0 else ""
    return f"Δ {sign}{number(delta.value)} {interval(delta.ci)} {_verdict(delta)}"


def _verdict(delta: Delta) -> str:
    if delta.verdict in {"more", "less"}:
        return f"{delta.verdict} *"
    if delta.images_to_decide is not None:
        return f"undecided, ~{delta.images_to_decide} images"
    return delta.verdict


def _legend(comparison: Comparison) -> Iterator[str]:
    alpha = 100 * (1 - comparison.confidence)
    yield ""
    yield "Δ is the difference from the first; above 0 means further from invariance."
    alone = "hold together over the whole table" if comparison.simultaneous else "are for each line alone"
    yield f"* differs from the first at {alpha:.2g}% over the whole table (Holm); intervals {alone}."
    layerwise = dict.fromkeys(line.metric for line in comparison.lines if line.layer is not None)
    if layerwise:
        yield f"Rows of layers: {', '.join(layerwise)}."
    for measure in BY_NAME.values():
        if measure.perfect is None:
            yield f"{measure.name} is raw / M: its difference is one of M as much as of invariance."
    shown = {name for line in comparison.lines for side in line.sides for name in side.controls}
    yield from (control.reading for control in BELOW if control.name in shown)
    if any(subject.hidden_actions for subject in comparison.subjects):
        yield HIDDEN
    yield "undecided: these images do not decide it; the number forecasts how many would, if the difference stays."
    if any(subject.is_population for subject in comparison.subjects):
        yield "Populations: intervals are over models (t); “within” is one model's own half-width over images."


def to_csv(comparison: Comparison) -> str:
    """One row for each line and subject, differences beside the subjects that have them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    labels = [subject.label for subject in comparison.subjects]
    for line in comparison.lines:
        for label, side, delta in zip(labels, line.sides, (None, *line.deltas), strict=True):
            notes = "; ".join(dict.fromkeys((*side.notes, *(delta.notes if delta else ()))))
            writer.writerow(
                [
                    line.group,
                    line.metric,
                    line.layer,
                    label,
                    *_side_row(side),
                    *_delta_row(delta),
                    notes,
                    *_control_row(side),
                ]
            )
    return stream.getvalue()


def _side_row(side: Side) -> list[float | None]:
    low, high = side.ci or (None, None)
    return [side.value, low, high, side.within]


def _control_row(side: Side) -> list[float | None]:
    return [side.controls.get(name) for name in ("null", "floor", "twin")]


def _delta_row(delta: Delta | None) -> list[float | str | None]:
    if delta is None:
        return [None] * 7
    low, high = delta.ci or (None, None)
    return [delta.value, low, high, delta.p_value, delta.p_holm, delta.verdict, delta.images_to_decide]
