"""A claim: one number from one entry's rows that a rule's limit is about, and its interval at any confidence.

``max`` and ``min`` are about the value θ; ``increase`` about θ − θ₀, paired over the images; ``percent``
about θ − cθ₀ with c = 1 ± p (+ where θ₀ > 0), also paired, so that the baseline's own uncertainty counts. It is
shown as the increase over |θ₀|, whose limit is p. ``share`` is about θ − θ₀ − p(θ₀ − θ⁰) with θ⁰ the value of a perfect
network, shown as the increase over θ₀ − θ⁰.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

from geed_cli.choices import IntervalMethod
from geed_cli.gate.policy import Limit
from geed_cli.gate.policy_file import Guarantee
from geed_cli.statistics.difference import Difference, Paired
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.equivalence import moved
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import Limits
from geed_cli.statistics.sample import Sample, finite_rows
from geed_cli.statistics.validity import point_value, unclear_normaliser, undefined_reason

OWN_METHOD: IntervalMethod = "corrected-t"
"""What an entry's own interval is made with: it draws nothing, so that a release is judged alike at any seed."""
JOINT_METHOD: IntervalMethod = "cautious-t"
"""What claims that must hold together are made with: far out in the tails, skewness is not trusted."""
METHODS_OF: Mapping[Guarantee, tuple[IntervalMethod, IntervalMethod]] = {
    "nominal": (OWN_METHOD, JOINT_METHOD),
    "exact": ("bounded", "bounded"),
}
"""By the policy's guarantee: what an entry's own interval is made with, and its joint one."""


@dataclass(frozen=True)
class Claim:
    """What is known of the tested number.

    Attributes:
        value: θ.
        reference: θ₀; None without a baseline.
        tested: the number.
        ci: its interval at the confidence asked for; None where withheld.
        estimate: how each image moves it, for the joint confidence; None where there is no spread.
        at: its interval at another confidence; None where withheld there.
        images: with a value.
        notes: what is unusual, one sentence each.
        unit: of the tested number in that of the estimate.
    """

    value: float
    reference: float | None
    tested: float
    ci: Limits | None
    estimate: Estimate | None
    at: Callable[[float], Limits | None]
    images: int
    notes: tuple[str, ...]
    unit: float = 1.0


@dataclass(frozen=True)
class Open:
    """An entry without a value that more images may give one: its M can have either sign, and its interval holds 0.

    Attributes:
        reason: in one sentence.
        images_to_decide: at which M would be clearly above 0; None where it is not above it.
    """

    reason: str
    images_to_decide: int | None


def open_reason(sample: Sample, whose: str = "") -> Open | None:
    """Why it is open whether a sample has a value; None where it has one, or has none for another reason."""
    rows = finite_rows(sample)
    m = unclear_normaliser(rows.sample)
    if m is None:
        return None
    needed = (
        None
        if (m.value or 0.0) < 0.0
        else images_to_decide(Difference(m.value, m.low, m.high, None), rows.unit_count)
    )
    return Open(f"{whose}{undefined_reason(rows)}", needed)


def value_claim(sample: Sample, confidence: float, guarantee: Guarantee = "nominal") -> Claim | Open | str:
    """The claim about a value, or why it is open or undefined."""
    if (left := open_reason(sample)) is not None:
        return left
    own, joint = METHODS_OF[guarantee]
    made = interval(sample, confidence=confidence, method=own)
    if made.value is None:
        return made.notes[-1]

    def at(level: float) -> Limits | None:
        again = interval(sample, confidence=level, method=joint)
        return _pair(again.low, again.high)

    rows = finite_rows(sample)
    spread = estimate(rows) if made.width else None
    ci = _pair(made.low, made.high)
    return Claim(made.value, None, made.value, ci, spread, at, len(rows.kept), made.notes)


def increase_claim(
    reference: Sample,
    sample: Sample,
    limit: Limit,
    confidence: float,
    guarantee: Guarantee = "nominal",
    best: float = 0.0,
) -> Claim | Open | str:
    """The claim about an increase over the baseline, or why it is open or undefined.

    Args:
        reference: the baseline's rows.
        sample: the result's.
        limit: on the increase.
        confidence: of the claim's own interval.
        guarantee: of the policy.
        best: the row of a perfect network, for a limit that is a share of the baseline's distance from it.
    """
    if (missing := _without_value(reference, sample)) is not None:
        return missing
    rows = finite_rows(reference), finite_rows(sample)
    before, value = (point_value(side) or 0.0 for side in rows)
    if limit.kind == "increase":
        return _paired(reference, sample, confidence, (before, value), (1.0, 0.0), guarantee)
    if limit.kind == "share":
        # twice as far from perfect, less what it is
        distance = (point_value(finite_rows(moved(reference, 1.0, best))) or 0.0) - before
        if not distance > 0.0:
            return "a percentage of the baseline's distance from perfect, 0, is no limit: use an absolute max_increase"
        further = moved(reference, limit.value, best)
        return _paired(further, sample, confidence, (before, value), (distance, limit.value), guarantee)
    if before == 0.0:
        return "a percentage of the baseline's value, 0, is no limit: use an absolute max_increase"
    share = limit.value if before > 0 else -limit.value
    further = moved(reference, share, 0.0)
    return _paired(further, sample, confidence, (before, value), (abs(before), limit.value), guarantee)


def _without_value(reference: Sample, sample: Sample) -> Open | str | None:
    """Why one of the two is open or undefined; None where both have a value."""
    for side, whose in ((reference, "the baseline: "), (sample, "")):
        if (reason := undefined_reason(finite_rows(side))) is not None:
            return open_reason(side, whose) or whose + reason
    return None


def _paired(
    reference: Sample,
    sample: Sample,
    confidence: float,
    values: Limits,
    shown: tuple[float, float],
    guarantee: Guarantee,
) -> Claim:
    """θ − (scaled) θ₀, shown as that over ``unit`` plus ``shift``, with ``shown = (unit, shift)``.

    The pairs are those of ``compare``, without a p-value: a gate reads the interval at two levels only.
    """
    unit, shift = shown
    own, joint = METHODS_OF[guarantee]
    before, value = values
    tested = (value - before) / unit
    rows = finite_rows(reference), finite_rows(sample)
    paired = Paired.of(*rows)

    def shown_by(method: IntervalMethod) -> Callable[[float], Limits | None]:
        limits = paired.limits(method)

        def at(level: float) -> Limits | None:
            span = limits(level)
            return span and _pair(span[0] / unit + shift, span[1] / unit + shift)

        return at

    ci = shown_by(own)(confidence)
    missing = () if ci is not None else paired.why_none(own)
    notes = [*(note for side in rows for note in side.notes), *paired.notes, *missing]
    return Claim(
        value=value,
        reference=before,
        tested=tested,
        ci=ci,
        estimate=paired.estimate,
        at=shown_by(joint),
        images=min(len(side.kept) for side in rows),
        unit=unit,
        notes=tuple(dict.fromkeys(notes)),
    )


def _pair(low: float | None, high: float | None) -> Limits | None:
    """Both limits, or None where one is withheld or too large for floating point."""
    return None if low is None or high is None or not isfinite(high - low) else (low, high)
