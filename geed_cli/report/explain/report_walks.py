"""Saved comparisons, gate reports, tracks and self-tests from top to bottom, with their own numbers in sentences."""

from collections.abc import Callable, Iterator
from typing import Any

from geed_cli.choices import View
from geed_cli.comparison.schema import Comparison, Delta, Verdict
from geed_cli.comparison.schema import Line as Compared
from geed_cli.forecast.planned import Plan
from geed_cli.gate.outcome import Examined, GateReport, Outcome
from geed_cli.phrases import counted
from geed_cli.report.console import plain
from geed_cli.report.explain.result_walk import result_walk
from geed_cli.report.explain.topics import meaning_of
from geed_cli.report.gate.wording import entry_name
from geed_cli.report.numbers import in_unit, number
from geed_cli.report.page import BLANK, Block, Line, Paragraph
from geed_cli.report.plan_page import plan_page
from geed_cli.report.selftest_report import SelftestReport
from geed_cli.result.part import Part
from geed_cli.result.schema import Result
from geed_cli.tracking.columns import groups_of, labels_of
from geed_cli.tracking.record import Row, Track
from geed_cli.verdict import policy_check
from geed_cli.verdict.comparison import (
    delta_text,
    difference_warnings,
    next_comparison,
    say_difference,
    side_text,
)
from geed_cli.verdict.digits import forecast
from geed_cli.verdict.on_tracks.warnings import track_warnings
from geed_cli.verdict.track import next_track, say_track

CLAIMS: dict[Verdict, str] = {
    "more": "more: shown to be further from invariance",
    "less": "less: shown to be closer to invariance",
    "undecided": "undecided",
    "incomparable": "incomparable",
    "identical": "identical: the rows are the same, digit for digit",
    "rounding": "no difference: the rows are the same but for rounding",
    "higher": "higher: shown to be right more often",
    "lower": "lower: shown to be right less often",
}


def walk(saved: Part, name: str) -> Iterator[Block]:
    """The walk through a saved file of any kind."""
    return next(made(saved, name) for kind, made in _WALKS.items() if isinstance(saved, kind))


def comparison_walk(comparison: Comparison, name: str) -> Iterator[Block]:
    """Each subject, then every line of the table."""
    first, *others = [plain(subject.label) for subject in comparison.subjects]
    yield Line(f"a comparison of {', '.join(others)} with {first}.", strong=f"{plain(name)}:")
    yield from _warned(difference_warnings(comparison))
    yield BLANK
    pairing = (
        "All saw the same images, so differences are made image by image."
        if comparison.paired
        else "Not all saw the same images, or models stand for several, so nothing is paired over images."
    )
    together = "all hold together" if comparison.simultaneous else "each holds by itself"
    yield Line(
        f"{counted(comparison.images, 'image')}. {pairing} Intervals are at {100 * comparison.confidence:g}% by "
        f"{plain(comparison.method)}; {together}. Above 0 is further from invariance than {first}."
        + " Of accuracy above 0 is right more often."
        * bool(comparison.accuracy)
    )
    for group in dict.fromkeys(line.group for line in comparison.lines):
        yield BLANK
        yield Line(strong=plain(group))
        for at, label in enumerate(others):
            said = say_difference(comparison, group, at)
            yield Line(" ".join(map(plain, said.reasons)), strong=f"{label}: {plain(said.verdict)}", indent=2)
        for line in (*comparison.lines, *comparison.accuracy):
            if line.group == group:
                yield from _compared(comparison, line)
    yield BLANK
    yield Paragraph("next:", next_comparison(comparison))


def _compared(comparison: Comparison, line: Compared) -> Iterator[Block]:
    """One line: the first's value, then each other's with the difference."""
    labels = [plain(subject.label) for subject in comparison.subjects]
    where = "" if line.layer is None else f" at {plain(line.layer)}"
    yield Line(strong=f"{line.metric}{where}", indent=2)
    yield Line(f"{labels[0]} has {_side(line, 0)}.", indent=4)
    for at, delta in enumerate(line.deltas):
        yield Line(f"{labels[at + 1]} has {_side(line, at + 1)}: {_delta(line, at, delta)}.", indent=4)


def _side(line: Compared, at: int) -> str:
    side = line.sides[at]
    within = "" if side.within is None else f", one model's own half-width being {number(side.within)}"
    limits = "" if side.ci is None else f" ({_span(line.metric, side.ci)})"
    controls = [f"{name} {number(value)}" for name, value in side.controls.items()]
    beside = f", beside {', '.join(controls)}" if controls else ""
    return f"{side_text(line, at)}{limits}{within}{beside}"


def _span(metric: str, limits: tuple[float, float]) -> str:
    return " to ".join(in_unit(metric, limit) for limit in limits)


def _delta(line: Compared, at: int, delta: Delta) -> str:
    if delta.value is None:
        return "there is no difference to form"
    chance = "" if delta.p_value is None else f", p = {number(delta.p_value)}"
    holm = "" if delta.p_holm is None else f" and {number(delta.p_holm)} over the whole table (p_holm)"
    images = (
        ""
        if delta.images_to_decide is None
        else f"; about {forecast(delta.images_to_decide)} images would decide it"
    )
    margin = ""
    if delta.margin is not None:
        shown = "shown" if delta.margin.within else "not shown"
        holm_of = (
            "" if delta.margin.p_holm is None else f", p = {number(delta.margin.p_holm)} over the whole table"
        )
        margin = f"; {shown} to be within the margin, {plain(delta.margin.margin)}{holm_of}"
    sign = "+" if delta.value > 0 else ""
    return (
        f"the difference is {sign}{in_unit(line.metric, delta.value)} ({delta_text(line, at)}){chance}{holm}, "
        f"{CLAIMS[delta.verdict]}{margin}{images}"
    )


def gate_walk(report: GateReport, name: str) -> Iterator[Block]:
    """The verdict, then each rule with every entry that it tested."""
    against = "" if report.baseline is None else f", against {plain(report.baseline)}"
    yield Line(f"a gate's report by {plain(report.policy)}{against}.", strong=f"{plain(name)}:")
    yield BLANK
    yield Paragraph(f"{report.verdict.upper()}:", plain(policy_check.reason(report)))
    for rule, why in policy_check.why(report):
        yield Paragraph(f"{plain(rule)}:", plain(why))
    yield Line(f"Exit code {report.exit_code}: {meaning_of(f'exit {report.exit_code}')}")
    yield Line(
        f"An entry passes by its own {100 * report.confidence:g}% interval, and fails by the one that holds for all "
        f"{report.claims} tested entries together."
    )
    for outcome in report.outcomes:
        yield BLANK
        yield Line(
            f"{plain(outcome.model)}, {plain(outcome.group)}: {plain(outcome.demand)}, level {outcome.level}: "
            f"{outcome.verdict}.",
            strong=f"{plain(outcome.rule)}:",
        )
        if outcome.reason is not None:
            yield Line(plain(outcome.reason), indent=2)
        yield from (Line(_examined(outcome, entry, report.claims), indent=2) for entry in outcome.examined)
    yield BLANK
    yield Paragraph("next:", plain(policy_check.next_step(report)))


def _examined(outcome: Outcome, entry: Examined, claims: int) -> str:
    """What was tested, its interval, its limit, and why it is called so."""
    name = entry_name(entry)
    why = plain(policy_check.remark(entry, claims))
    because = f": {why}" if why else ""
    if entry.tested is None:
        return f"{name} is {entry.verdict}{because}."
    shown = policy_check.numbers(outcome, entry)
    verb = f"goes from {shown.change}, which is" if shown.change else "is"
    whose = (
        "the interval that holds for all entries together" if entry.verdict == "fail" else "its own interval"
    )
    limits = f", with {whose}, {shown.interval()}" if shown.low else ""
    tested = f"{name} {verb} {shown.measured}{limits}"
    return f"{tested}; the limit is {shown.limit}: {entry.verdict}{because}."


def track_walk(track: Track, name: str) -> Iterator[Block]:
    """What changed, then every value along the steps."""
    labels = ", ".join(map(plain, labels_of(track)))
    yield Line(f"a {track.status} track of {labels}.", strong=f"{plain(name)}:")
    yield from _warned(track_warnings(track))
    for (label, group), said in say_track(track).items():
        yield BLANK
        yield Line(
            " ".join(map(plain, said.reasons)), strong=f"{plain(label)}, {plain(group)}: {said.verdict}"
        )
    for group in groups_of(track):
        yield BLANK
        yield Line(strong=plain(group))
        for row in track.rows:
            if row.group == group:
                yield Line(_row(track, row), indent=2)
    yield BLANK
    yield Paragraph("next:", next_track(track))


def _row(track: Track, row: Row) -> str:
    where = "" if row.layer is None else f" at {plain(row.layer)}"
    value = "no value" if row.value is None else in_unit(row.metric, row.value)
    over = f"{100 * track.confidence:g}% over {row.over}"
    limits = "no interval" if row.ci is None else f"{_span(row.metric, row.ci)}, {over}"
    models = f", the mean of {row.models} models" if row.models > 1 else ""
    within = (
        "" if row.within is None else f"; within ±{in_unit(row.metric, row.within)} for one model's images"
    )
    step = f"{plain(row.label)}, {track.unit} {row.step}"
    return f"{step}: {row.metric}{where} is {value}{models} ({limits}){within}."


def selftest_walk(report: SelftestReport, name: str) -> Iterator[Block]:
    """Each check with what was expected of it, and why."""
    found = "all as expected" if report.ok else "not all as expected"
    yield Line(
        f"a self-test on {plain(report.device)} in {plain(report.precision)}, {found}.",
        strong=f"{plain(name)}:",
    )
    for case in report.cases:
        yield BLANK
        yield Line(strong=plain(case.name))
        for finding in case.findings:
            relation = {"near": "near", "above": "above", "is": "exactly"}[finding.relation]
            tolerance = "" if finding.tolerance is None else f" within {finding.tolerance:.1g}"
            verdict = "ok" if finding.ok else "FAILED"
            yield Line(
                f"{plain(finding.quantity)} is {_digits(finding.found)}, expected {relation} "
                f"{_digits(finding.expected)}{tolerance}: {verdict}. {plain(finding.reason)}",
                indent=2,
            )
        if case.error is not None:
            yield Line(f"It could not be carried out: {plain(case.error)}", indent=2)


def _digits(value: float | str) -> str:
    return plain(value) if isinstance(value, str) else f"{value:.6g}"


def _warned(said: tuple[str, ...]) -> Iterator[Block]:
    for text in said:
        yield BLANK
        yield Paragraph("warning:", f"{plain(text)}. That is: {meaning_of(text)}", style="magenta")


def plan_walk(plan: Plan, name: str) -> Iterator[Block]:
    """The answer, and every entry's number as the plan's own page has them."""
    yield Line(
        f"a plan from {counted(plan.pilot, 'image')} of {plain(plan.model)}.", strong=f"{plain(name)}:"
    )
    yield from plan_page(plan, View(verbose=True))


_WALKS: dict[type[Part], Callable[[Any, str], Iterator[Block]]] = {
    Result: result_walk,
    Comparison: comparison_walk,
    GateReport: gate_walk,
    Plan: plan_walk,
    Track: track_walk,
    SelftestReport: selftest_walk,
}
