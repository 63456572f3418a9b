"""What a gate says: its verdict and the reason, each entry's numbers, why something is open, and what to do next.

Every form of the report is made of these texts. Digits are added until a number reads on its own side of its limit, so
that what is shown bears out the verdict; an entry that fails shows the interval that decided it, the joint one.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from geed_cli.documents.document import printable
from geed_cli.gate.outcome import REQUIRE, SEVERITY, Examined, GateReport, Outcome, Verdict, worst
from geed_cli.measures.catalogue import by_default, measure_named
from geed_cli.measures.label_metrics import CHANGE, LABEL_METRICS, in_percent
from geed_cli.measures.measure import LayerMeasure
from geed_cli.phrases import counted, some
from geed_cli.statistics.difference import SAME_DIFFERENCE
from geed_cli.statistics.validity import ALL_THE_SAME
from geed_cli.verdict.digits import (
    MOST_DECIMALS,
    NO_WIDTH,
    WITHHELD,
    decimals_beside,
    decimals_of,
    forecast,
    number_text,
    percent,
    two_digits,
)
from geed_cli.verdict.names import sentence

LONGEST_NAME = 60
"""Characters of a name in a sentence."""
SIGNIFICANT = 3
"""Digits of a number whose interval has no width, or that has none."""
Quote = Callable[[str], str]
DECIDED_FIRST: tuple[Verdict, ...] = ("fail", "error", "undecided", "pass")


@dataclass(frozen=True)
class Numbers:
    """What was tested of one entry, as it is shown.

    Attributes:
        measured: the value, or its increase, with its sign.
        low: of the interval that decides: the joint one of a fail, else the entry's own; empty where there is none.
        limit: in the same unit.
        change: the two values behind an increase, ``0.20 to 0.30``; else empty.
    """

    measured: str
    low: str
    high: str
    limit: str
    change: str = ""

    def interval(self, sep: str = " to ") -> str:
        """Both limits, or a word where there is no interval."""
        if not self.low:
            return WITHHELD
        if self.low == self.high:
            return NO_WIDTH
        return f"{self.low.removesuffix('%')}{sep}{self.high}"


def reason(report: GateReport, quote: Quote = str) -> str:
    """The sentences behind the verdict.

    Args:
        report: of the gate.
        quote: what is made of the names in them, which come from whoever made the result.
    """
    return " ".join(sentence(said) for said in _SENTENCES[report.verdict](report, quote))


def tally(report: GateReport) -> str:
    """``7 checks: 3 fail, 1 undecided, 3 pass``; a check is a rule for one model and group."""
    checks, needed = tested(report), requirements(report)
    parts = [
        f"{count} {verdict}{_warned(checks, verdict)}"
        for verdict in DECIDED_FIRST
        if (count := sum(check.verdict == verdict for check in checks))
    ]
    missed = sum(each.verdict != "pass" for each in needed)
    unmet = f"; {counted(missed, 'requirement')} not met" if missed else ""
    return f"{counted(len(checks), 'check')}: {', '.join(parts)}{unmet}"


def _warned(checks: Sequence[Outcome], verdict: Verdict) -> str:
    count = sum(check.level == "warn" and check.verdict == verdict for check in checks)
    return f" ({count} at level warn)" if count and verdict in {"fail", "undecided"} else ""


def is_requirement(outcome: Outcome) -> bool:
    """Whether it is about the result as a whole; a group may be called ``require``, too."""
    return outcome.group == REQUIRE and not outcome.examined and outcome.rule.startswith(f"{REQUIRE}.")


def tested(report: GateReport) -> list[Outcome]:
    """The checks, the decisive ones first: failed, in error, undecided, passed; at level error before warn."""
    checks = [outcome for outcome in report.outcomes if not is_requirement(outcome)]
    return sorted(checks, key=lambda each: (DECIDED_FIRST.index(each.verdict), each.level == "warn"))


def requirements(report: GateReport) -> list[Outcome]:
    """What the policy requires of the results."""
    return [outcome for outcome in report.outcomes if is_requirement(outcome)]


def models_by_verdict(report: GateReport) -> list[str]:
    """The labels of the models, the worst first."""

    def severity(label: str) -> int:
        return SEVERITY.index(worst(each.verdict for each in report.outcomes if each.model == label))

    return sorted((model.label for model in report.models), key=lambda label: -severity(label))


def word(outcome: Outcome, verdict: Verdict | None = None) -> str:
    """The verdict as a table shows it; a fail or an undecided rule at level warn says so."""
    verdict = verdict or outcome.verdict
    return f"{verdict} (warn)" if outcome.level == "warn" and verdict in {"fail", "undecided"} else verdict


def name_of(outcome: Outcome, report: GateReport) -> str:
    """How sentences call a check: ``flip-latent (flip)``, with the model where there are several."""
    rule, model, group = (
        printable(text, LONGEST_NAME) for text in (outcome.rule, outcome.model, outcome.group)
    )
    of = [model] * (len(report.models) > 1) + [group] * (not is_requirement(outcome))
    return f"{rule} ({', '.join(of)})" if of else rule


def _passed(report: GateReport, quote: Quote) -> Iterator[str]:
    yield f"Every entry's {_level(report)} interval is within its limit{_but_for_warnings(report)}."
    if against := [c for c in tested(report) if c.verdict == "pass" and _is_change(c)]:
        every = "That" if len(against) == len(tested(report)) else "Against the baseline that"
        worse = [
            word
            for word, labelled in (("further from invariance", False), ("worse by its labels", True))
            if any(_of_labels(check) == labelled for check in against)
        ]
        yield f"{every} is non-inferiority: no {' or '.join(worse)} than the baseline by more than the limit."
    yield from _at_level_warn(report, quote)


def _is_change(check: Outcome) -> bool:
    """Whether a check is about a change from the baseline, as its demand says."""
    return check.demand.startswith(("increase", "change"))


def _of_labels(check: Outcome) -> bool:
    return any(entry.metric in LABEL_METRICS for entry in check.examined)


def short_demand(demand: str) -> str:
    """The limit of a rule without a measured number beside it: ``≤ +0.01``, ``≥ -0.01``."""
    return demand.replace("increase ≤ ", "≤ +").replace("change ≥ ", "≥ ")


def _but_for_warnings(report: GateReport) -> str:
    warned = any(check.level == "warn" and check.verdict != "pass" for check in tested(report))
    return " at level error" if warned else ""


def _at_level_warn(report: GateReport, quote: Quote) -> Iterator[str]:
    for verdict, said in (("fail", "shown to be beyond the limit"), ("undecided", "undecided")):
        names = _names(report, verdict, "warn")
        if names:
            yield f"At level warn, {len(names)} {_are(names)} {said}: {_some(names, quote)}."


def _failed(report: GateReport, quote: Quote) -> Iterator[str]:
    yield _beyond(report, quote)
    yield from _also_undecided(report)
    yield from _at_level_warn(report, quote)


def _beyond(report: GateReport, quote: Quote) -> str:
    names = _names(report, "fail")
    return f"{_of_all(names, report)} {_are(names)} shown to be beyond the limit: {_some(names, quote)}."


def _also_undecided(report: GateReport) -> Iterator[str]:
    if names := _names(report, "undecided"):
        yield f"{len(names)} more {_are(names)} undecided."


def _open(report: GateReport, quote: Quote) -> Iterator[str]:
    names, checks = _names(report, "undecided"), tested(report)
    shown = "at level error " if any(c.level == "warn" and c.verdict == "fail" for c in checks) else ""
    let = "; --on-undecided pass lets that through" if report.exit_code == 0 else ""
    yield (
        f"Nothing {shown}is shown to fail, but {_of_all(names, report)} cannot be called: "
        f"{_some(names, quote)}{let}."
    )
    yield from _at_level_warn(report, quote)


def _untested(report: GateReport, quote: Quote) -> Iterator[str]:
    names = [name_of(each, report) for each in report.outcomes if each.verdict == "error"]
    yield f"Could not be tested: {_some(names, quote)}. That says nothing of the model."
    if _names(report, "fail"):
        yield f"Of what was tested, {_beyond(report, quote)}"
    yield from _also_undecided(report)
    yield from _at_level_warn(report, quote)


_SENTENCES = {"pass": _passed, "fail": _failed, "undecided": _open, "error": _untested}


def _names(report: GateReport, verdict: str, level: str = "error") -> list[str]:
    return [name_of(c, report) for c in tested(report) if c.verdict == verdict and c.level == level]


def _of_all(names: Sequence[str], report: GateReport) -> str:
    count = len(tested(report))
    return "the one check" if count == 1 else f"{len(names)} of {count} checks"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _some(names: Sequence[str], quote: Quote) -> str:
    return some([quote(name) for name in names])


def _level(report: GateReport) -> str:
    """The confidence of every entry's own interval, or more: growing runs leave less than α for their last look."""
    return f"{100 * min((model.confidence for model in report.models), default=report.confidence):.4g}%"


def why(report: GateReport) -> list[tuple[str, str]]:
    """For what could not be tested or called: its name, and why. Requirements first, then in the order of tables."""
    found = [(each.demand, each.reason or "") for each in requirements(report) if each.verdict != "pass"]
    reasons = [(name_of(check, report), why_open(check, report.claims)) for check in tested(report)]
    return found + [(name, text) for name, text in reasons if text]


def why_open(check: Outcome, claims: int) -> str:
    """Why one check is in error or undecided; empty where it is neither.

    Args:
        check: a rule for one model and group.
        claims: entries that the gate tested together.
    """
    if check.verdict == "error":
        reasons = [check.reason] if check.reason else []
        reasons += [each.reason for each in check.examined if each.reason]
        return "; ".join(dict.fromkeys(reasons))
    if check.verdict != "undecided":
        return ""
    entries = [each for each in check.examined if each.verdict == "undecided"]
    reasons = list(dict.fromkeys(_why_undecided(each, claims) for each in entries))
    return "; ".join([*reasons, *_would_decide(entries)])


def remark(entry: Examined, claims: int) -> str:
    """What stands behind one entry: why it is in error or undecided; empty where it is neither."""
    if entry.verdict == "undecided":
        return "; ".join([_why_undecided(entry, claims), *_would_decide([entry])])
    return entry.reason or ""


def _why_undecided(entry: Examined, claims: int) -> str:
    if entry.reason is not None:
        return entry.reason
    if entry.ci is None or entry.limit is None:
        note = f": {entry.notes[-1]}" if entry.notes else ""
        return f"there is no interval{note}"
    if entry.ci[0] <= entry.limit <= entry.ci[1]:
        return "the limit lies inside the interval"
    if claims == 1:
        return "beyond the limit, but not with the caution that a fail asks for"
    return f"beyond the limit by itself, but not when all {claims} tested entries hold together"


def _would_decide(entries: Sequence[Examined]) -> Iterator[str]:
    """How many images; nothing where none of the entries has the intervals that would tell."""
    needed = [each.images_to_decide for each in entries]
    known = [count for count in needed if count is not None]
    if not known:
        if any(map(_has_intervals, entries)):
            yield "more images would not decide it"
        return
    rest = len(needed) - len(known)
    of = f" {len(known)} of {len(needed)} entries, and no number the others" if rest else ""
    done = "decide" if any(map(_has_intervals, entries)) else "make it clear"
    yield f"about {forecast(max(known))} images would {done}{of}"


def numbers(check: Outcome, entry: Examined, *, joint: bool | None = None) -> Numbers:
    """What was tested of the entry, beside its limit; with the joint interval or its own, or the one that decides."""
    percents = check.demand.endswith("%") or in_percent(entry.metric)
    signed = _is_change(check) or entry.metric == CHANGE
    if entry.tested is None or entry.limit is None:
        return Numbers(WITHHELD, "", "", short_demand(check.demand))
    limit = Decimal(repr(entry.limit)) * (100 if percents else 1)
    joint = entry.verdict == "fail" if joint is None else joint
    ends = entry.joint_ci if joint else entry.ci
    # 100 · 0.07 is 7.000000000000001
    values = [round(100 * v, MOST_DECIMALS) if percents else v for v in (entry.tested, *(ends or ()))]
    decimals = decimals_beside(values, float(limit), _decimals(values, percents=percents))
    shown = [_signed(value, decimals, signed=signed) + "%" * percents for value in values]
    low, high = shown[1:] or ("", "")
    sign = "≥" if "≥" in check.demand else "≤"
    return Numbers(
        measured=shown[0],
        low=low,
        high=high,
        limit=f"{sign} {'+' * (signed and limit > 0)}{_exactly(limit)}{'%' * percents}",
        change=_change(entry),
    )


def _decimals(values: Sequence[float], *, percents: bool) -> int:
    """The digits that the interval supports; whole percents where its limits do not read alike in them."""
    if len(values) > 1 and values[1] != values[2]:
        return 0 if percents and round(values[1]) != round(values[2]) else decimals_of(values[1], values[2])
    size = abs(values[0])
    return 0 if percents or size == 0 else max(0, SIGNIFICANT - 1 - math.floor(math.log10(size)))


def _change(entry: Examined) -> str:
    """The two values behind an increase."""
    if entry.reference is None or entry.value is None:
        return ""
    percents = in_percent(entry.metric)
    return " to ".join(
        percent(value) if percents else two_digits(value) for value in (entry.reference, entry.value)
    )


def _signed(value: float, decimals: int, *, signed: bool) -> str:
    text = number_text(value, decimals)
    return f"+{text}" if signed and not text.startswith("-") else text


def _exactly(number: Decimal) -> str:
    """Every digit of it, without an exponent where it is of ordinary size."""
    shown = number.normalize() + 0  # no minus before 0
    return f"{shown:f}" if abs(shown.adjusted()) <= MOST_DECIMALS else str(shown)


def deciding(check: Outcome) -> list[Examined]:
    """The entries that did not pass, the furthest from its limit first; else the one that passed most narrowly."""
    open_ = [entry for entry in check.examined if entry.verdict != "pass"]
    if not open_:
        return sorted(check.examined, key=_margin)[:1]
    return sorted(open_, key=lambda entry: (DECIDED_FIRST.index(entry.verdict), -_beyond_by(entry)))


def _margin(entry: Examined) -> float:
    """How far the interval is inside the limit; ``max`` and ``min`` alike."""
    if entry.ci is None or entry.limit is None or entry.tested is None:
        return 0.0
    return entry.limit - entry.ci[1] if entry.tested <= entry.limit else entry.ci[0] - entry.limit


def _beyond_by(entry: Examined) -> float:
    return 0.0 if entry.tested is None or entry.limit is None else abs(entry.tested - entry.limit)


def legend(report: GateReport) -> str:
    """How to read the verdicts, in full."""
    level, together = _level(report), "max-t" if report.guarantee == "nominal" else "Bonferroni"
    return (
        f"pass: the entry's {level} interval is within the limit. fail: the interval that holds for all "
        f"{report.claims} tested entries together ({level}, {together}) is beyond it, and is the one shown. undecided: "
        "neither; error: could not be tested. A pass against the baseline is non-inferiority, not equality."
        f"{_guaranteed(report)}"
    )


def short_legend(report: GateReport) -> str:
    """The same for the foot of a page."""
    said = f"pass: {_level(report)} interval within the limit; fail: joint interval, shown, beyond it"
    return f"{said}{_guaranteed(report)}"


def _guaranteed(report: GateReport) -> str:
    """What the policy's guarantee adds, after a full stop; nothing where it is nominal."""
    exact = report.guarantee == "exact"
    return ". guarantee: exact, at any number of images and for any distribution" if exact else ""


def next_step(report: GateReport, moved: str = "") -> str:
    """One line on what to do next.

    Args:
        report: of the gate.
        moved: the command that shows where a result moved from its baseline, where there is one.
    """
    if report.verdict == "error":
        return f"put {_at_fault(report)} right; exit 2 is no verdict on the model"
    if report.verdict == "fail":
        return f"see where it moved: {moved}" if moved else "see every entry: -v"
    if report.verdict == "undecided":
        return _what_decides(
            [
                entry
                for check in tested(report)
                if check.level == "error"
                for entry in check.examined
                if entry.verdict == "undecided"
            ]
        )
    return "keep this report: -o report.md, or -o report.junit.xml"


def _at_fault(report: GateReport) -> str:
    unmet = any(each.verdict == "error" for each in requirements(report))
    return "the result" if unmet else "the policy or the result"


def _what_decides(entries: Sequence[Examined]) -> str:
    """More images, where a number of them is in sight or there is no interval over these; else another limit."""
    needed = [entry.images_to_decide for entry in entries]
    known = [count for count in needed if count is not None]
    without = [entry for entry in entries if not _has_intervals(entry)]
    if not known and without and all(map(_is_still, without)):
        return (
            "more images that are all alike have no interval, either; limit a measure that has bounds: "
            f"{' or '.join(_decide_on_like_rows())}"
        )
    if not known and without:
        return "audit more images: these leave some without an interval to judge by"
    if not known:
        return "choose a limit that more images can decide, or another measure"
    samples, rest = forecast(max(known)).replace(",", ""), len(needed) - len(known)
    what = "it" if len(needed) == 1 else f"each of {len(known)} entries" if len(known) > 1 else "one entry"
    decides = f"decides {what}" if any(map(_has_intervals, entries)) else "makes M clear of 0"
    lacking = f"; {rest} more {'needs' if rest == 1 else 'need'} another limit or measure" if rest else ""
    return f"audit again with --samples {samples}, which {decides} in about half of the cases{lacking}"


def _is_still(entry: Examined) -> bool:
    """Whether no image moves the value, as of a network that is exactly invariant, and so no interval can be made."""
    return entry.ci is None and any(note == SAME_DIFFERENCE or ALL_THE_SAME in note for note in entry.notes)


def _decide_on_like_rows() -> list[str]:
    """The measures that have exact limits on what equal rows may have missed, whatever a group does to classes."""
    usual = map(measure_named, by_default())
    own = [measure for measure in usual if measure.perfect is not None and measure.beside is None]
    found = [each for each in own if each.has_bounds() and each.has_bounds(moves_logits=True)]
    found.sort(key=lambda each: isinstance(each, LayerMeasure))
    return [f"{each.name}{' of layers' * isinstance(each, LayerMeasure)}" for each in found]


def _has_intervals(entry: Examined) -> bool:
    """Both that tell how far an undecided entry is from a verdict."""
    return entry.ci is not None and entry.joint_ci is not None
