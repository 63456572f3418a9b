"""The printed report of a gate: the verdict and why, what was judged, the decisive rows first, what to do next.

A rule that passed shows the entry that passed most narrowly; any other rule shows each entry that did not. ``-v`` shows
every entry with both its intervals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from rich.console import Console

from geed_cli.choices import View
from geed_cli.gate.outcome import Examined, GateReport, Outcome, Verdict
from geed_cli.report.console import plain, write
from geed_cli.report.gate import wording as say
from geed_cli.report.page import (
    BLANK,
    NARROW,
    Block,
    Cell,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    key_values,
    print_page,
)
from geed_cli.verdict import policy_check
from geed_cli.verdict.digits import forecast

Part = TypeVar("Part")
VERDICT_STYLES: dict[Verdict, str] = {
    "pass": "bold green",
    "undecided": "bold magenta",
    "fail": "bold red",
    "error": "bold red",
}
MEASURED = 3
"""The column of the number that was tested; its interval is the one that decides."""
MOST_ENTRIES = 10
"""Rows of one check; the others are counted, and ``-v`` has all."""


def print_gate(report: GateReport, console: Console, view: View = View(), *, moved: str = "") -> None:  # noqa: B008 - it is frozen
    """Print the whole report.

    Args:
        report: of the gate.
        console: where to.
        view: in full, as one line, or one statement a line.
        moved: the command that shows where a result moved from its baseline, where there is one.
    """
    if view.quiet:
        write(one_line(report), console)
        return
    print_page(gate_page(report, view, console.width, moved=moved), console, linear=view.linear)


def gate_page(report: GateReport, view: View, width: int = 100, *, moved: str = "") -> Iterator[Block]:
    """The blocks of the printed report, top to bottom; arguments as for ``print_gate``, in a console so wide."""
    yield Paragraph(f"{report.verdict.upper()}:", say.reason(report), style=VERDICT_STYLES[report.verdict])
    for name, text in say.reasons(
        report, None if view.verbose else say.MOST_REASONS, more="-v has their reasons"
    ):
        yield Paragraph(f"{name}:", text, style="")
    yield BLANK
    yield from _facts(report)
    yield BLANK
    table = _Table(report, view, narrow=width < NARROW and not view.linear)
    yield table.rows()
    yield from _met(report)
    yield from (Paragraph("note:", text) for text in report.notes)
    if view.verbose:
        yield BLANK
        yield table.details()
    yield BLANK
    if view.verbose:
        yield Line(policy_check.legend(report), style="dim")
    else:
        yield Line(policy_check.short_legend(report), style="dim", drawn=True)
    yield Paragraph("next:", plain(policy_check.next_step(report, moved), say.LONGEST))


def one_line(report: GateReport) -> str:
    """The report as one line of ``key=value``."""
    checks = policy_check.tested(report)
    counts = {verdict: sum(check.verdict == verdict for check in checks) for verdict in VERDICT_STYLES}
    missed = [each.rule for each in policy_check.requirements(report) if each.verdict != "pass"]
    stopped = [f"{check.rule}:{check.group}" for check in checks if report.stops(check)]
    return key_values(
        ("geed", "check"),
        ("verdict", report.verdict),
        ("exit", report.exit_code),
        ("policy", say.last_name(report.policy)),
        ("models", ",".join(plain(model.label) for model in report.models)),
        ("checks", len(checks)),
        *counts.items(),
        ("unmet", ",".join(missed) or "none"),
        ("stopped_by", ",".join(map(plain, stopped)) or "none"),
    )


def suites(report: GateReport) -> Iterator[tuple[str, str, Sequence[Outcome]]]:
    """Model, group and their outcomes, in the report's order."""
    for model in report.models:
        outcomes = [outcome for outcome in report.outcomes if outcome.model == model.label]
        for group in dict.fromkeys(outcome.group for outcome in outcomes):
            yield model.label, group, [outcome for outcome in outcomes if outcome.group == group]


def _facts(report: GateReport) -> Iterator[Block]:
    models = ", ".join(say.model_name(model.label) for model in report.models)
    against = f" against {say.model_name(report.baseline)}" if report.baseline is not None else ""
    yield Line(f"· {models}{against} · {say.last_name(report.policy)}", strong="geed check")
    images = ", ".join(say.images_of(report))
    yield Line(f"{images} · {policy_check.tally(report)} · exit {report.exit_code}")


def _met(report: GateReport) -> Iterator[Block]:
    """The requirements that are met, once for models that meet the same; the others are among the reasons."""
    met: dict[str, list[str]] = {}
    for model in report.models:
        own = [each for each in policy_check.requirements(report) if each.model == model.label]
        demands = ", ".join(plain(each.demand) for each in own if each.verdict == "pass")
        met.setdefault(demands, []).append(plain(model.label))
    for demands, models in met.items():
        if demands:
            by = f" by {', '.join(models)}" if len(met) > 1 else ""
            yield Line(f"met{by}: {demands}", indent=2)


@dataclass(frozen=True)
class _Table:
    """The rows of the report.

    Attributes:
        narrow: whether there is no room for the number that an interval is about.
    """

    report: GateReport
    view: View
    narrow: bool

    def rows(self) -> Rows:
        """The whole table."""
        columns = [
            Column("", left=True),
            Column("rule", left=True, shortens=True),
            Column("entry", left=True, shortens=True),
            Column("measured", keep=2),
            Column("interval"),
            Column("limit"),
        ]
        sections = [self._section(label) for label in policy_check.models_by_verdict(self.report)]
        return Rows(self._kept(columns), sections)

    @property
    def _sep(self) -> str:
        return ".." if self.narrow else " to "

    def _kept(self, parts: Sequence[Part]) -> list[Part]:
        return [part for at, part in enumerate(parts) if at != MEASURED or not self.narrow]

    def _section(self, label: str) -> Section:
        """The rows of one model, under its name where there are several."""
        made = [
            made
            for check in policy_check.tested(self.report)
            if check.model == label
            for made in self._rows_of(check)
        ]
        return Section(
            [self._kept(row) for _, row in made],
            plain(label) if len(self.report.models) > 1 else "",
            [VERDICT_STYLES[verdict] if verdict else "" for verdict, _ in made],
        )

    def _rows_of(self, check: Outcome) -> Iterator[tuple[Verdict | None, list[Cell]]]:
        """The deciding entries of a check, with ``-v`` all; each with its verdict."""
        rule = plain(check.rule)
        if not check.examined:
            limit = policy_check.short_demand(check.demand)
            yield check.verdict, [check.verdict, rule, plain(check.group), "none", "none", limit]
            return
        deciding = policy_check.deciding(check)
        taken = set(map(id, deciding))  # comparing thousands of entries with each other takes a minute
        rest = [entry for entry in check.examined if id(entry) not in taken]
        shown = [*deciding, *rest] if self.view.verbose else deciding[:MOST_ENTRIES]
        more = len(check.examined) - len(shown)
        passed = f", {more} more" if more and check.verdict == "pass" else ""
        for entry in shown:
            yield entry.verdict, self._row(check, entry, passed)
        if more and not passed:
            count = len(deciding) - len(shown)
            said = ["as these"] * (count > 0) + [f"{len(rest)} pass"] * bool(rest)
            # an entry may lose its beginning, which is no place for a count
            yield None, [f"{count} more" if count > 0 else "", rule, ", ".join(said), "", "", ""]

    def _name(self, entry: Examined) -> str:
        """The measure or the layer; of layers with the measure where the report has several for each."""
        if entry.layer is None or self.view.linear:
            return say.entry_name(entry)
        return plain(entry.layer) + (f" {entry.metric.rpartition('.')[2]}" if self._several else "")

    @cached_property
    def _several(self) -> bool:
        """Whether several measures of layers were tested."""
        examined = (entry for outcome in self.report.outcomes for entry in outcome.examined)
        return len({entry.metric for entry in examined if entry.layer is not None}) > 1

    def _row(self, check: Outcome, entry: Examined, more: str) -> list[Cell]:
        shown = policy_check.numbers(check, entry)
        return [
            policy_check.word(check, entry.verdict),
            plain(check.rule),
            f"{self._name(entry)}, {plain(check.group)}{more}",
            shown.measured,
            shown.interval(self._sep),
            shown.limit,
        ]

    def details(self) -> Rows:
        """Both intervals of every entry, the values behind its increase, and how many images would decide it."""
        columns = [
            Column("rule", left=True, shortens=True),
            Column("entry", left=True, shortens=True),
            Column("own interval"),
            Column("joint interval"),
            Column("with a value", keep=0),
            Column("images", keep=1),
            Column("values", keep=2),
        ]
        sections = []
        for label in policy_check.models_by_verdict(self.report):
            checks = [check for check in policy_check.tested(self.report) if check.model == label]
            rows = [self._detail(check, entry) for check in checks for entry in check.examined]
            sections.append(Section(rows, plain(label) if len(self.report.models) > 1 else ""))
        return Rows(columns, sections)

    def _detail(self, check: Outcome, entry: Examined) -> list[Cell]:
        own, joint = (policy_check.numbers(check, entry, joint=which) for which in (False, True))
        return [
            plain(check.rule),
            f"{self._name(entry)}, {plain(check.group)}",
            own.interval(self._sep),
            joint.interval(self._sep),
            "" if entry.images is None else str(entry.images),
            "" if entry.images_to_decide is None else forecast(entry.images_to_decide),
            own.change,
        ]
