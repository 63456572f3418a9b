"""The page of a sweep: a sentence for each data set, warnings, tables of models × data sets, what failed, what next."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console

from geed_cli.choices import View
from geed_cli.measures.label_metrics import LABEL_METRICS, perfect_of
from geed_cli.phrases import counted
from geed_cli.report.cells import csv_text
from geed_cli.report.comparison_page import SIGNS
from geed_cli.report.console import plain, write
from geed_cli.report.numbers import about, in_unit, limits_in_unit, number
from geed_cli.report.page import (
    BLANK,
    WIDEST,
    Block,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    key_values,
    print_page,
)
from geed_cli.sweeps.manifest import Sweep, Value
from geed_cli.verdict.comparison import (
    FURTHER,
    HIGHER,
    HIGHER_THAN_INSENSITIVE,
    IDENTICAL,
    LARGER,
    LOWER,
    LOWER_BUT_INSENSITIVE,
    NEARER,
    NO_DIFFERENCE,
    SMALLER,
    UNDECIDED,
)
from geed_cli.verdict.sweep_sentences import at_last_layers, say_sweep

LEGEND = {
    "+": (FURTHER, LARGER, HIGHER),
    "−": (NEARER, SMALLER, LOWER),
    "?": (UNDECIDED,),
    "!": (LOWER_BUT_INSENSITIVE, HIGHER_THAN_INSENSITIVE),
    "=": (IDENTICAL, NO_DIFFERENCE),
}
"""What a sign behind a value says of its difference from the first model."""


def print_sweep(sweep: Sweep, console: Console, view: View = View(), todo: str = "") -> None:  # noqa: B008 - it is frozen
    """Print the whole sweep: in full, as one line, or one statement a line, as the view says.

    Args:
        sweep: the sweep.
        console: where to.
        view: how.
        todo: what to do next, where there is something.
    """
    if view.quiet:
        write(one_line(sweep), console)
        return
    print_page(sweep_page(sweep, view, console.width, todo), console, linear=view.linear)


def sweep_page(sweep: Sweep, view: View, width: int = 100, todo: str = "") -> Iterator[Block]:
    """The blocks of the printed sweep, top to bottom, for a console so wide."""
    groups = list(dict.fromkeys(value.group for value in sweep.values))
    shown = sweep.values if view.verbose else at_last_layers(sweep.values)
    yield from _answers(sweep, groups, view)
    for warning in sweep.warnings:
        yield Paragraph("warning:", plain(warning, 2000), style="magenta")
    yield BLANK
    yield from _facts(sweep)
    for group in groups:
        own = [value for value in shown if value.group == group]
        for metric, layer in dict.fromkeys(
            (value.metric, value.layer if view.verbose else None) for value in own
        ):
            values = [v for v in own if v.metric == metric and (layer is None or v.layer == layer)]
            yield BLANK
            yield Line(f"· {metric}{plain(_at_layers(values))}", strong=plain(group))
            yield from _tables(sweep, values, view, width)
    if view.verbose:
        yield from _details(sweep)
    yield from _failures(sweep)
    yield BLANK
    if len(shown) < len(sweep.values):
        yield Line("other layers are shown by -v", style="dim")
    yield from _legend(sweep, shown, view)
    if todo:
        yield Paragraph("next:", plain(todo, 2000))


def one_line(sweep: Sweep) -> str:
    """The sweep as one line of ``key=value``: how many cells there are, and every value with what is claimed of it."""
    done = sum(cell.status == "done" for cell in sweep.cells)
    pairs: list[tuple[str, object]] = [
        ("geed", "sweep"), ("status", sweep.status), ("cells", len(sweep.cells)), ("done", done),
        ("failed", len(sweep.failed)),
    ]  # fmt: skip
    for value in sweep.values:
        parts = (value.data, value.group, value.model, value.metric, value.layer)
        name = ".".join(plain(part) for part in parts if part is not None)
        if value.value is not None:
            pairs.append((name, f"{value.value:.4g}"))
            if value.ci is not None:
                pairs.append((f"{name}.ci", f"{value.ci[0]:.4g},{value.ci[1]:.4g}"))
        if value.claim:
            pairs.append((f"{name}.claim", value.claim))
    return key_values(*pairs, ("warnings", len(sweep.warnings)))


def to_csv(sweep: Sweep) -> str:
    """One row for each value, differences beside those that have them."""
    return csv_text(*sweep.rows_and_columns())


def _answers(sweep: Sweep, groups: Sequence[str], view: View) -> Iterator[Block]:
    """A sentence for each data set, of several groups one for each."""
    hang = max((cell_len(plain(data.label)) for data in sweep.data), default=0) + 2
    for data in sweep.data:
        for at, group in enumerate(groups):
            said = plain(say_sweep(sweep, data.label, group).verdict, 1000)
            name = plain(data.label) if at == 0 or view.linear else ""
            yield Paragraph(name, "", f"{plain(group)}: {said}" if len(groups) > 1 else said, hang=hang)
    if not groups:
        yield Line("No cell has a result.", style="bold")


def _facts(sweep: Sweep) -> Iterator[Block]:
    done = sum(cell.status == "done" for cell in sweep.cells)
    shape = f"{counted(len(sweep.models), 'model')} × {counted(len(sweep.data), 'data set')}"
    yield Line(f"· {shape}, {done} of {counted(len(sweep.cells), 'cell')} audited", strong="geed sweep")
    for model in sweep.models:
        if len(model.members) > 1:
            yield Line(
                f"{plain(model.label)} is a population of {counted(len(model.members), 'model')}", indent=2
            )
    if len(sweep.models) > 1:
        alpha = f"{100 * (1 - sweep.confidence):.2g}%"
        yield Line(
            f"differences from {plain(sweep.models[0].label)}: claims hold together at {alpha} on each data set (Holm)"
            + ", of accuracy by themselves" * any(value.metric in LABEL_METRICS for value in sweep.values)
        )


def _tables(sweep: Sweep, values: Sequence[Value], view: View, width: int) -> Iterator[Block]:
    """Models below each other, data sets side by side; of more than fit the others below."""
    at = {(value.model, value.data): value for value in values}
    models = [model.label for model in sweep.models]
    cells = {
        data.label: [_cell(at.get((model, data.label)), view) for model in models] for data in sweep.data
    }
    widths = {
        label: max(cell_len(plain(label)), *(cell_len(text) for text in column)) + 2
        for label, column in cells.items()
    }
    names = max(cell_len(plain(model)) for model in models)
    room = 10**6 if view.linear else min(width, WIDEST) - 2 - names
    for number_, chunk in enumerate(_side_by_side(widths, room)):
        if number_:
            yield BLANK
        rows = [[plain(model), *(cells[label][row] for label in chunk)] for row, model in enumerate(models)]
        yield Rows(
            [Column("", left=True), *(Column(plain(label), left=True) for label in chunk)], [Section(rows)]
        )


def _side_by_side(widths: dict[str, int], room: int) -> Iterator[list[str]]:
    """The labels of columns that fit side by side; at least one each time."""
    chunk: list[str] = []
    for label, wide in widths.items():
        if chunk and sum(widths[each] for each in chunk) + wide > room:
            yield chunk
            chunk = []
        chunk.append(label)
    if chunk:
        yield chunk


def _cell(value: Value | None, view: View) -> str:
    """Value, interval, and the sign of the claim, in words where nothing is drawn."""
    if value is None or value.value is None:
        return "none"
    limits = "" if value.ci is None else f" {limits_in_unit(value.metric, value.ci)}"
    sign = value.claim if view.linear else SIGNS.get(value.claim, "")
    return f"{in_unit(value.metric, value.value)}{limits} {sign}".rstrip()


def _details(sweep: Sweep) -> Iterator[Block]:
    """Every difference with its p-value, and every note."""
    differences = [value for value in sweep.values if value.difference is not None]
    if differences:
        yield from (BLANK, Line("every difference from the first:", style="bold"))
        columns = [Column(name, left=True, shortens=True) for name in ("data", "group", "measure", "model")]
        yield Rows(
            [
                *columns,
                Column("difference"),
                Column(f"{100 * sweep.confidence:g}% interval"),
                Column("p, Holm"),
            ],
            [Section([_difference(value) for value in differences])],
        )
    notes = (
        (note, f"{value.model} on {value.data}{_at_layers([value])}")
        for value in sweep.values
        for note in value.notes
    )
    for note, names in about(notes).items():
        yield Paragraph("note:", plain(f"{note} ({', '.join(names)})", 2000))


def _difference(value: Value) -> list[str]:
    return [
        *map(plain, (value.data, value.group, value.metric + _at_layers([value]), value.model)),
        in_unit(value.metric, value.difference),
        limits_in_unit(value.metric, value.difference_ci),
        number(value.p_holm),
    ]


def _failures(sweep: Sweep) -> Iterator[Block]:
    if sweep.failed:
        yield BLANK
        yield Line(f"{counted(len(sweep.failed), 'cell')} failed:", style="bold")
    for cell in sweep.failed:
        found, expected, remedy = (*cell.error, "", "", "")[:3]
        yield Line(plain(f"{cell.member} on {cell.data}: {found}", 2000), indent=2)
        yield Line(plain(f"expected: {expected}", 2000), indent=4)
        yield Line(plain(f"try: {remedy}", 2000), indent=4)


def _at_layers(values: Sequence[Value]) -> str:
    """Behind a measure: at which layer its values are, of models whose last layers differ at the last of each."""
    layers = {value.layer for value in values if value.layer is not None}
    if not layers:
        return ""
    return f" at {layers.pop()}" if len(layers) == 1 else " at the last layer of each"


def _legend(sweep: Sweep, shown: Sequence[Value], view: View) -> Iterator[Block]:
    if view.linear:
        return
    claims = {value.claim for value in shown}
    signs = [f"{sign} {' or '.join(each for each in words if each in claims)}"
             for sign, words in LEGEND.items() if claims & set(words)]  # fmt: skip
    limits = f"in brackets {100 * sweep.confidence:g}% intervals"
    perfect = {perfect_of(value.metric) for value in shown} == {0.0}
    lower = "; 0 is invariant" if perfect else ""
    if sweep.values:
        yield Line(f"{limits}{lower}", style="dim")
    if signs:
        yield Line(f"{' · '.join(signs)}, each against {plain(sweep.models[0].label)}", style="dim")
