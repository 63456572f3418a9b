"""Words and numbers of a gate's report, the same in every form that it is written in."""

from collections.abc import Sequence
from typing import NamedTuple

from geed_cli.gate.outcome import Examined, GateReport, Outcome, Verdict
from geed_cli.report.console import plain
from geed_cli.report.numbers import number


def headline(report: GateReport) -> str:
    """The verdict in one line."""
    allowed = report.verdict == "undecided" and report.exit_code == 0
    return f"{report.verdict.upper()}{' (allowed)' if allowed else ''} · {tally(report.outcomes)}"


def tally(outcomes: Sequence[Outcome]) -> str:
    """``12 checks: 10 pass, 1 undecided, 1 error``."""
    verdicts: tuple[Verdict, ...] = ("fail", "error", "undecided", "pass")
    counts = [(sum(outcome.verdict == verdict for outcome in outcomes), verdict) for verdict in verdicts]
    warned = sum(outcome.level == "warn" and outcome.verdict in {"fail", "undecided"} for outcome in outcomes)
    parts = [f"{count} {verdict}" for count, verdict in counts if count]
    return f"{len(outcomes)} checks: {', '.join(parts)}" + (f" ({warned} at level warn)" if warned else "")


def word(outcome: Outcome, verdict: Verdict | None = None) -> str:
    """The verdict as a table shows it; a fail or an undecided rule at level warn says so."""
    verdict = verdict or outcome.verdict
    return f"{verdict} (warn)" if outcome.level == "warn" and verdict in {"fail", "undecided"} else verdict


class Line(NamedTuple):
    """One entry of a rule as a reader has to see it: the number that was tested, and what stands behind it."""

    verdict: Verdict
    entry: str
    tested: str
    remark: str


def lines(outcome: Outcome) -> list[Line]:
    """Every entry that did not pass, else the one that passed most narrowly; behind the last what else passed."""
    deciding = [entry for entry in outcome.examined if entry.verdict != "pass"]
    deciding = deciding or sorted(outcome.examined, key=_margin)[:1]
    relative = outcome.demand.endswith("%")
    shown = [
        Line(entry.verdict, _where(entry), _tested(entry, relative), _explanation(entry))
        for entry in deciding
    ]
    more = len(outcome.examined) - len(deciding)
    if more and shown:
        also = f"{more} more {'entry passes' if more == 1 else 'entries pass'}"
        shown[-1] = shown[-1]._replace(remark="; ".join(filter(None, (shown[-1].remark, also))))
    return shown


def reason(outcome: Outcome) -> str:
    """Why a rule could not be tested at all; empty where it was."""
    return plain(outcome.reason or "")


def legend(report: GateReport) -> str:
    """How to read the verdicts."""
    level = f"{100 * report.confidence:g}%"
    return (
        f"pass: the entry's {level} interval is within the limit. fail: the interval that holds for all "
        f"{report.claims} tested entries together ({level}, max-t) is beyond it. undecided: neither; error: "
        "could not be tested."
    )


def _where(entry: Examined) -> str:
    """The measure, and its layer."""
    return plain(f"{entry.metric} at {entry.layer}" if entry.layer is not None else entry.metric)


def _tested(entry: Examined, relative: bool) -> str:
    """What was compared with the limit, with its interval; before an increase the two values."""
    if entry.tested is None:
        return "–"
    change = "" if entry.reference is None else f"{number(entry.reference)} → {number(entry.value)}, "
    sign = "+" if change and entry.tested > 0 else ""
    ci = "–" if entry.ci is None else f"[{_shown(entry.ci[0], relative)}, {_shown(entry.ci[1], relative)}]"
    return f"{change}{sign}{_shown(entry.tested, relative)} {ci}"


def _explanation(entry: Examined) -> str:
    if entry.reason is not None:
        return plain(entry.reason)
    if entry.verdict != "undecided":
        return ""
    if entry.images_to_decide is not None:
        return f"about {entry.images_to_decide} images would decide"
    return plain(entry.notes[-1]) if entry.ci is None and entry.notes else "more images would not decide it"


def _margin(entry: Examined) -> float:
    """How far the interval is inside the limit; ``max`` and ``min`` alike."""
    if entry.ci is None or entry.limit is None or entry.tested is None:
        return 0.0
    return entry.limit - entry.ci[1] if entry.tested <= entry.limit else entry.ci[0] - entry.limit


def _shown(value: float, relative: bool) -> str:
    return f"{100 * value:.1f}%" if relative else number(value)
