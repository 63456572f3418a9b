"""The verdicts of a gate, rule by rule, the gravest first."""

from collections.abc import Iterator
from dataclasses import dataclass

from geed_cli.gate.outcome import SEVERITY, GateReport
from geed_cli.report.gate import wording
from geed_cli.verdict import policy_check


@dataclass(frozen=True)
class RuleRow:
    """One entry under one rule.

    Attributes:
        css: the class that colours the verdict's word, which says the same.
    """

    verdict: str
    css: str
    rule: str
    where: str
    entry: str
    tested: str
    limit: str
    remark: str


@dataclass(frozen=True)
class GateBlock:
    """What the page shows of a gate; every text is harmless."""

    verdict: str
    css: str
    sentences: str
    reasons: tuple[tuple[str, str], ...]
    facts: str
    rows: tuple[RuleRow, ...]
    notes: tuple[str, ...]
    legend: str


CSS = {"pass": "good", "undecided": "open", "fail": "bad", "error": "bad"}


def gate_block(report: GateReport) -> GateBlock:
    """The report as the page shows it."""
    against = f", against {wording.model_name(report.baseline)}" if report.baseline else ""
    images, policy = ", ".join(wording.images_of(report)), wording.last_name(report.policy)
    facts = f"{images}, {policy_check.tally(report)}. Policy {policy}"
    return GateBlock(
        report.verdict.upper(),
        CSS[report.verdict],
        wording.reason(report),
        tuple(wording.reasons(report, None, "")),
        f"{facts}{against}.",
        tuple(_rows(report)),
        report.notes,
        policy_check.legend(report),
    )


def _rows(report: GateReport) -> Iterator[RuleRow]:
    for outcome in sorted(report.outcomes, key=lambda outcome: -SEVERITY.index(outcome.verdict)):
        where = f"{wording.model_name(outcome.model)} × {outcome.group}"
        lines = wording.lines(outcome, report.claims)
        if not lines:
            word = policy_check.word(outcome, outcome.verdict)
            css = CSS[outcome.verdict]
            yield RuleRow(word, css, outcome.rule, where, "", "", outcome.demand, wording.why(outcome))
        for each in lines:
            word = policy_check.word(outcome, each.verdict)
            yield RuleRow(
                word, CSS[each.verdict], outcome.rule, where, each.entry, each.tested, each.limit, each.remark
            )
