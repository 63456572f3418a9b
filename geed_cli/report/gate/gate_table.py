"""The printed report of a gate: the verdict first, then one block for each model and group.

Every row begins with its verdict. A rule that passed shows the entry that passed most narrowly; any other rule
shows each entry that did not.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from geed_cli.gate.outcome import REQUIRE, GateReport, Outcome, Verdict
from geed_cli.report.cells import frameless
from geed_cli.report.console import emit, plain
from geed_cli.report.gate import wording as say

VERDICT_COLOURS: dict[Verdict, str] = {
    "pass": "green",
    "undecided": "yellow",
    "fail": "red",
    "error": "magenta",
}


def print_gate(report: GateReport, console: Console) -> None:
    """Print the whole report."""
    emit(render(report), console)


def render(report: GateReport) -> Iterator[RenderableType]:
    """The parts of the printed report, top to bottom."""
    yield Text(f"geed check · {say.headline(report)}", style=f"bold {VERDICT_COLOURS[report.verdict]}")
    against = f", against {plain(report.baseline)}" if report.baseline is not None else ""
    yield Text(f"policy {plain(report.policy)}{against}", style="dim")
    for model, group, outcomes in suites(report):
        yield Text()
        yield Text(f"{plain(model)} × {plain(group)}", style="bold")
        # a group may be called require, too
        required = group == REQUIRE and all(outcome.rule.startswith(f"{REQUIRE}.") for outcome in outcomes)
        yield _requirements(outcomes) if required else _table(outcomes)
    yield Text()
    yield Text(say.legend(report), style="dim")


def suites(report: GateReport) -> Iterator[tuple[str, str, Sequence[Outcome]]]:
    """Model, group and their outcomes, in the report's order."""
    for model in report.models:
        outcomes = [outcome for outcome in report.outcomes if outcome.model == model.label]
        for group in dict.fromkeys(outcome.group for outcome in outcomes):
            yield model.label, group, [outcome for outcome in outcomes if outcome.group == group]


def _requirements(outcomes: Sequence[Outcome]) -> Table:
    """The requirements: those that are met in one line, the others one by one."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(overflow="fold")
    for outcome in outcomes:
        if outcome.verdict != "pass":
            table.add_row(
                _verdict(outcome, outcome.verdict), f"{plain(outcome.demand)}: {say.reason(outcome)}"
            )
    met = [outcome for outcome in outcomes if outcome.verdict == "pass"]
    if met:
        table.add_row(_verdict(met[0], "pass"), ", ".join(plain(outcome.demand) for outcome in met))
    return table


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = frameless()
    table.add_column("verdict", no_wrap=True, min_width=9)
    for name in ("rule", "entry", "measured, interval", "limit", ""):
        table.add_column(name, overflow="fold")
    for outcome in outcomes:
        for row in _rows(outcome):
            table.add_row(*row)
    return table


def _rows(outcome: Outcome) -> Iterator[Sequence[str | Text]]:
    rule, demand = plain(outcome.rule), plain(outcome.demand)
    if outcome.reason is not None:
        yield _verdict(outcome, "error"), rule, "–", "–", demand, say.reason(outcome)
    for line in say.lines(outcome):
        yield _verdict(outcome, line.verdict), rule, line.entry, line.tested, demand, line.remark


def _verdict(outcome: Outcome, verdict: Verdict) -> Text:
    return Text(say.word(outcome, verdict), style=VERDICT_COLOURS[verdict])
