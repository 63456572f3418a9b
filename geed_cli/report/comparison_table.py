"""The table of a comparison: one column a subject, one row a measure or layer, differences with their verdicts."""

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from geed_cli.comparison.schema import Comparison, Delta, Line, Side
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.measures.control import CONTROLS
from geed_cli.report.cells import csv_text, frameless
from geed_cli.report.console import emit
from geed_cli.report.hidden_actions import hidden_notes, hidden_table
from geed_cli.report.numbers import about, interval, number, some
from geed_cli.report.reading import HIDDEN_ACTIONS_READING

CSV_HEADER = (
    "group", "metric", "layer", "subject", "value", "low", "high", "within",
    "difference", "difference_low", "difference_high", "p_value", "p_holm", "verdict", "images_to_decide", "notes",
    "null", "floor", "twin",
)  # fmt: skip
"""Of the CSV file."""
CONTROLS_BELOW_VALUES = tuple(CONTROLS[name] for name in ("repeat", "floor", "twin", "phase_corrected"))
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
    table = frameless()
    table.add_column(group, overflow="fold")
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
    pairs: list[tuple[tuple[str, str], str]] = []
    for line in comparison.lines:
        if line.group == group:
            parts: list[Side | Delta] = [*line.sides, *line.deltas]
            for label, part in zip([*labels, *labels[1:]], parts, strict=True):
                pairs += [((label, note), _name(line, named=True)) for note in part.notes]
    return [f"{label}, {some(names)}: {note}" for (label, note), names in about(pairs).items()]


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
    measured = [
        f"{control.heading} {number(side.controls[control.name])}"
        for control in CONTROLS_BELOW_VALUES
        if control.name in side.controls
    ]
    return f"\n{', '.join(measured)}" if measured else ""


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
    yield from (control.reading for control in CONTROLS_BELOW_VALUES if control.name in shown)
    if any(subject.hidden_actions for subject in comparison.subjects):
        yield HIDDEN_ACTIONS_READING
    yield "undecided: these images do not decide it; the number forecasts how many would, if the difference stays."
    if any(subject.is_population for subject in comparison.subjects):
        yield "Populations: intervals are over models (t); “within” is one model's own half-width over images."


def to_csv(comparison: Comparison) -> str:
    """One row for each line and subject, differences beside the subjects that have them."""
    return csv_text(CSV_HEADER, _csv_rows(comparison))


def _csv_rows(comparison: Comparison) -> Iterator[Sequence[object]]:
    none = Delta(value=None, ci=None, p_value=None, p_holm=None, verdict="incomparable")
    for line in comparison.lines:
        for subject, side, delta in zip(comparison.subjects, line.sides, (none, *line.deltas), strict=True):
            decision = (delta.p_value, delta.p_holm, delta.verdict, delta.images_to_decide)
            yield (
                *(line.group, line.metric, line.layer, subject.label),
                *(side.value, *(side.ci or (None, None)), side.within),
                *(delta.value, *(delta.ci or (None, None))),
                *(decision if delta is not none else (None,) * 4),
                "; ".join(dict.fromkeys((*side.notes, *delta.notes))),
                *(side.controls.get(name) for name in ("null", "floor", "twin")),
            )
