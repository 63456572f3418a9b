"""Words and numbers of a gate's report, and text from results made harmless wherever it is shown.

Names in a result come from strangers: control characters are escaped, and the marks by which build servers
recognise commands in a log are broken up.
"""

from collections.abc import Sequence

from geed_cli.documents.document import printable
from geed_cli.gate.outcome import Examined, GateReport, Outcome, Verdict, worst
from geed_cli.report.numbers import number

LONGEST = 300


def plain(text: str) -> str:
    """Printable text without a build server's command marks, ``::`` and ``##[``."""
    shown = printable(text, LONGEST).replace("##[", "# #[")
    while "::" in shown:
        shown = shown.replace("::", ": :")
    return shown


def headline(report: GateReport) -> str:
    """The verdict in one line."""
    allowed = report.verdict == "undecided" and report.exit_code == 0
    return f"{report.verdict.upper()}{' (allowed)' if allowed else ''} · {tally(report.outcomes)}"


def tally(outcomes: Sequence[Outcome]) -> str:
    """``12 checks: 10 pass, 1 undecided, 1 error``."""
    verdicts: tuple[Verdict, ...] = ("fail", "error", "undecided", "pass")
    counts = [(sum(one.verdict == verdict for one in outcomes), verdict) for verdict in verdicts]
    warned = sum(one.level == "warn" and one.verdict in {"fail", "undecided"} for one in outcomes)
    parts = [f"{count} {verdict}" for count, verdict in counts if count]
    return f"{len(outcomes)} checks: {', '.join(parts)}" + (f" ({warned} at level warn)" if warned else "")


def word(outcome: Outcome, verdict: Verdict | None = None) -> str:
    """The verdict as a table shows it; a fail or an undecided rule at level warn says so."""
    verdict = verdict or outcome.verdict
    return f"{verdict} (warn)" if outcome.level == "warn" and verdict in {"fail", "undecided"} else verdict


def deciding(outcome: Outcome) -> tuple[Examined, ...]:
    """What a reader has to see: every entry that did not pass, else the one that passed most narrowly."""
    if worst(one.verdict for one in outcome.examined) != "pass":
        return tuple(one for one in outcome.examined if one.verdict != "pass")
    return tuple(sorted(outcome.examined, key=_margin)[:1])


def where(one: Examined) -> str:
    """The measure, and its layer."""
    return plain(f"{one.metric} at {one.layer}" if one.layer is not None else one.metric)


def tested(one: Examined, *, relative: bool) -> str:
    """What was compared with the limit, with its interval; before an increase the two values.

    Args:
        one: the entry.
        relative: whether the increase is shown in percent.
    """
    if one.tested is None:
        return "–"
    change = "" if one.reference is None else f"{number(one.reference)} → {number(one.value)}, "
    sign = "+" if change and one.tested > 0 else ""
    limits = "–" if one.ci is None else f"[{_shown(one.ci[0], relative)}, {_shown(one.ci[1], relative)}]"
    return f"{change}{sign}{_shown(one.tested, relative)} {limits}"


def remarks(outcome: Outcome) -> tuple[str, ...]:
    """What stands behind each of the deciding entries: why it did not pass, behind the last what else passed."""
    shown = deciding(outcome)
    notes = [_explanation(one) for one in shown]
    more = len(outcome.examined) - len(shown)
    if more and notes:
        also = f"{more} more {'entry passes' if more == 1 else 'entries pass'}"
        notes[-1] = "; ".join(filter(None, (notes[-1], also)))
    return tuple(notes)


def is_relative(outcome: Outcome) -> bool:
    """Whether the rule's limit is a percentage."""
    return outcome.demand.endswith("%")


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


def _explanation(one: Examined) -> str:
    if one.reason is not None:
        return plain(one.reason)
    if one.verdict != "undecided":
        return ""
    if one.images_to_decide is not None:
        return f"about {one.images_to_decide} images would decide"
    return plain(one.notes[-1]) if one.ci is None and one.notes else "more images would not decide it"


def _margin(one: Examined) -> float:
    """How far the interval is inside the limit; ``max`` and ``min`` alike."""
    if one.ci is None or one.limit is None or one.tested is None:
        return 0.0
    return one.limit - one.ci[1] if one.tested <= one.limit else one.ci[0] - one.limit


def _shown(value: float, relative: bool) -> str:
    return f"{100 * value:.1f}%" if relative else number(value)
