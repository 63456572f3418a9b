"""What a gate says: its verdict in one line, why what is open is open, and numbers that bear the verdict out.

A number is never rounded onto its limit or beyond it: digits are added until what is shown lies where the number does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geed_cli.gate.outcome import REQUIRE, Examined, GateReport, Outcome
from geed_cli.measures.catalogue import measure_named
from geed_cli.verdict.digits import NO_WIDTH, WITHHELD, decimals_beside, decimals_of, forecast, signed
from geed_cli.verdict.names import counted, some

LONGEST = 4
"""Decimals that an interval alone may ask for; beside its limit a number may get more."""


@dataclass(frozen=True)
class Measured:
    """The numbers of one entry beside its limit, as text.

    Attributes:
        tested: what was compared with the limit.
        limits: its interval: for a fail the joint one, which is beyond the limit, else the entry's own.
        limit: the demand in the same unit.
    """

    tested: str
    limits: str
    limit: str


def is_requirement(outcome: Outcome) -> bool:
    """Whether it is a requirement of the policy, and no rule on entries; a group may be called require, too."""
    return outcome.group == REQUIRE and outcome.rule.startswith(f"{REQUIRE}.")


def say_gate(report: GateReport) -> str:
    """The verdict's sentence; the word before it, PASS or FAIL, is ``report.verdict``."""
    rules = [outcome for outcome in report.outcomes if not is_requirement(outcome)]
    if report.verdict == "pass":
        return " ".join([_passed(report, rules), *_warned(rules)])
    if report.verdict == "fail":
        return _failed(report, rules)
    return _undecided(report, rules) if report.verdict == "undecided" else _untested(report, rules)


def reasons(report: GateReport) -> tuple[tuple[str, str], ...]:
    """Why rules are in error or undecided: the rule with its group, and one clause."""
    found = []
    for outcome in report.outcomes:
        if outcome.verdict == "error":
            found += [(_name(report, outcome), why) for why in dict.fromkeys(_errors(outcome))]
        elif outcome.verdict == "undecided":
            found.append((_name(report, outcome), _open(report, outcome)))
    return tuple(found)


def next_gate(report: GateReport) -> str:
    """One line on what to do next."""
    stopping = [outcome for outcome in report.outcomes if outcome.level == "error"]
    needed = [entry.images_to_decide for outcome in stopping for entry in outcome.examined]
    images = max((count for count in needed if count is not None), default=None)
    match report.verdict:
        case "error":
            return "put the policy or the result right; exit 2 is no verdict on the model"
        case "fail":
            before = "EARLIER" if report.baseline is None else "BASELINE"
            return f"geed compare {before} RESULT shows where it moved"
        case "undecided" if images is not None:
            return f"audit about {forecast(images)} images; that will do in about half of the cases"
        case "undecided":
            return "a limit further from the value can be decided; more images would not do"
    return "-o report.md or -o report.junit.xml keeps this"


def measured(outcome: Outcome, entry: Examined) -> Measured:
    """The numbers of one entry of an outcome, with the digits that show on which side of the limit they lie."""
    relative = outcome.demand.endswith("%")
    rate = measure_named(entry.metric).percent
    unit, tail = (100.0, "%") if relative or rate else (1.0, "")
    limit = outcome.demand.replace("increase ≤ ", "≤ +")
    if rate and not relative and entry.limit is not None:
        limit = f"{outcome.demand.split()[-2]} {'+' * (entry.reference is not None)}{unit * entry.limit:g}%"
    if entry.tested is None or entry.limit is None:
        return Measured(WITHHELD, WITHHELD, limit)
    span = entry.joint_ci if entry.verdict == "fail" else entry.ci
    shown = [unit * number for number in (entry.tested, *(span or ()))]
    least = 0 if tail else min(LONGEST, decimals_of(*span) if span is not None and span[0] < span[1] else 3)
    places = decimals_beside(shown, unit * entry.limit, least)
    tested, *ends = (signed(x, places) if entry.reference is not None else f"{x:.{places}f}" for x in shown)
    limits = WITHHELD if span is None else NO_WIDTH if span[0] == span[1] else f"{ends[0]} to {ends[1]}{tail}"
    return Measured(f"{tested}{tail}", limits, limit)


def _passed(report: GateReport, rules: Sequence[Outcome]) -> str:
    if not rules:
        return "Every requirement is met."
    among = " at level error" * any(outcome.verdict != "pass" for outcome in rules)
    return f"Every entry's {100 * report.confidence:g}% interval{among} is within its limit."


def _warned(rules: Sequence[Outcome]) -> Iterator[str]:
    """Those at level warn that did not pass."""
    for verdict, word in (("fail", "beyond its limit"), ("undecided", "undecided")):
        count = sum(outcome.level == "warn" and outcome.verdict == verdict for outcome in rules)
        if count:
            yield f"At level warn {counted(count, 'check')} {'is' if count == 1 else 'are'} {word}."


def _failed(report: GateReport, rules: Sequence[Outcome]) -> str:
    bad = [outcome for outcome in rules if outcome.verdict == "fail" and outcome.level == "error"]
    still_open = sum(outcome.verdict == "undecided" and outcome.level == "error" for outcome in rules)
    verb, more = ("is" if len(bad) == 1 else "are"), ("is" if still_open == 1 else "are")
    said = f"{len(bad)} of {counted(len(rules), 'check')} {verb} shown to be beyond the limit: {_names(report, bad)}."
    return " ".join(
        [said, *([f"{still_open} more {more} undecided."] if still_open else []), *_warned(rules)]
    )


def _undecided(report: GateReport, rules: Sequence[Outcome]) -> str:
    bad = [outcome for outcome in rules if outcome.verdict == "undecided" and outcome.level == "error"]
    let = ", and let through" if report.exit_code == 0 else ""
    among = "" if not any(outcome.verdict == "fail" for outcome in rules) else " at level error"
    said = f"Nothing{among} is shown to fail, but {len(bad)} of {counted(len(rules), 'check')} cannot be called{let}"
    return " ".join([f"{said}: {_names(report, bad)}.", *_warned(rules)])


def _untested(report: GateReport, rules: Sequence[Outcome]) -> str:
    bad = [outcome for outcome in report.outcomes if outcome.verdict == "error"]
    failed = sum(outcome.verdict == "fail" and outcome.level == "error" for outcome in rules)
    also = (
        f" Of the others {failed} {'is' if failed == 1 else 'are'} shown to be beyond the limit."
        if failed
        else ""
    )
    return f"Could not be tested: {_names(report, bad)}. That says nothing of the model.{also}"


def _names(report: GateReport, outcomes: Sequence[Outcome]) -> str:
    return some(list(dict.fromkeys(_name(report, outcome) for outcome in outcomes)))


def _name(report: GateReport, outcome: Outcome) -> str:
    """The rule with its group, and with the model where several were judged; a requirement by its name."""
    parts = [] if is_requirement(outcome) else [outcome.group]
    parts += [outcome.model] if len(report.models) > 1 else []
    return f"{outcome.rule} ({', '.join(parts)})" if parts else outcome.rule


def _errors(outcome: Outcome) -> Iterator[str]:
    if outcome.reason is not None:
        yield outcome.reason
    yield from (
        entry.reason for entry in outcome.examined if entry.verdict == "error" and entry.reason is not None
    )


def _open(report: GateReport, outcome: Outcome) -> str:
    """Where the limit lies, and what would decide it."""
    entries = [entry for entry in outcome.examined if entry.verdict == "undecided"]
    inside = all(_inside(entry) for entry in entries)
    if any(entry.ci is None for entry in entries):
        where = "there is no interval"
    elif inside:
        where = "the limit lies inside the interval"
    else:
        where = f"beyond the limit, but not for all {report.claims} tested entries together"
    needed = [entry.images_to_decide for entry in entries]
    images = [count for count in needed if count is not None]
    if not images:
        return f"undecided, {where}; more images would not decide it"
    rest = "" if len(images) == len(needed) else " some of it"
    return f"undecided, {where}; about {forecast(max(images))} images would decide{rest}"


def _inside(entry: Examined) -> bool:
    """Whether the limit is in the entry's own interval."""
    return entry.ci is not None and entry.limit is not None and entry.ci[0] <= entry.limit <= entry.ci[1]
