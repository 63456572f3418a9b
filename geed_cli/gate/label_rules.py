"""Rules about what labels say: accuracy, its changes under elements, its worst case, balanced, the calibration error.

Such a rule names its metric in full. Against a baseline both results have to have the same labels. Differences are
paired over the images, but for the calibration error, whose bins are each network's own: its increase lies between
the ends of the two intervals, each at half of α (Bonferroni).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from geed_cli.choices import IntervalMethod, IntervalOptions
from geed_cli.gate.claim import METHODS_OF, Claim, Open, increase_claim, value_claim
from geed_cli.gate.policy import Limit, Rule
from geed_cli.gate.policy_file import Guarantee
from geed_cli.globs import fits_group
from geed_cli.measures.label_metrics import LABEL_METRICS
from geed_cli.result.labelled_rows import LabelledRow, labelled_rows, labels_differ
from geed_cli.result.schema import Result
from geed_cli.statistics.calibration import Calibration
from geed_cli.statistics.difference import Paired
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.methods import Limits
from geed_cli.statistics.sample import Interval, MeanSample, finite_rows


@dataclass(frozen=True)
class LabelMatch:
    """One number that a rule matches: the result's rows, the baseline's; None where one has no such number."""

    metric: str
    group: str
    element: str | None
    row: LabelledRow | None
    reference: LabelledRow | None
    layer: None = None


def is_about_labels(rule: Rule) -> bool:
    """Whether a rule is about what labels say, which is named in full."""
    return rule.metric in LABEL_METRICS


def label_matches(rule: Rule, result: Result, baseline: Result | None) -> Iterator[LabelMatch]:
    """What a rule about labels matches in the result, and for a limit on a change in the baseline."""
    here, there = _keyed(rule, result), {} if baseline is None else _keyed(rule, baseline)
    for key in dict.fromkeys((*here, *there)):
        yield LabelMatch(*key, here.get(key), there.get(key))


def without_labels(rule: Rule, result: Result, baseline: Result | None) -> str | None:
    """Why a rule about labels cannot be tested at all; None where it can.

    Args:
        rule: about labels.
        result: that is judged.
        baseline: None for a limit that needs none.
    """
    for side, whose in ((result, "the result"), (baseline, "the baseline")):
        if side is not None and side.data.labels is None:
            return f"{rule.metric} needs labels, and {whose} has none: audit with --labels"
    differing = None if baseline is None else labels_differ(baseline, result)
    return differing and f"the labels of baseline and result are not the same: {differing}"


def label_claim(
    match: LabelMatch,
    limit: Limit,
    result: Result,
    baseline: Result | None,
    confidence: float,
    guarantee: Guarantee,
) -> Claim | Open | str:
    """The claim of a rule about one number that labels give, or why it can have none."""
    row = _rows_of(match.row, result, "the result")
    if isinstance(row, str) or not limit.needs_baseline:
        return row if isinstance(row, str) else _value(row, confidence, guarantee)
    reference = _rows_of(match.reference, baseline, "the baseline")
    if isinstance(reference, str):
        return reference
    if isinstance(row, Calibration) and isinstance(reference, Calibration):
        return _apart(reference, row, confidence, guarantee)
    assert isinstance(row, MeanSample), "both are the same number"
    assert isinstance(reference, MeanSample), "both are the same number"
    return increase_claim(reference, row, replace(limit, kind="increase"), confidence, guarantee)


def _keyed(rule: Rule, result: Result) -> dict[tuple[str, str, str | None], LabelledRow]:
    return {
        (row.metric, row.group, row.element): row
        for row in labelled_rows(result)
        if row.metric == rule.metric and fits_group(row.group, rule.group)
    }


def _rows_of(row: LabelledRow | None, result: Result | None, whose: str) -> MeanSample | Calibration | str:
    if result is None or row is None:
        return f"{whose} has no such entry"
    if result.unsteady is not None:
        return f"the network of {whose} is no function of one image"
    return row.sample or f"the value of {whose} is {row.missing}"


def _value(row: MeanSample | Calibration, confidence: float, guarantee: Guarantee) -> Claim | Open | str:
    if isinstance(row, MeanSample):
        return value_claim(row, confidence, guarantee)
    own, joint = METHODS_OF[guarantee]
    made = _error(row, own)(confidence)
    assert made.value is not None, "every labelled image has a probability"
    spread = estimate(finite_rows(row.signed)) if made.width else None
    limits = _error(row, joint)
    return Claim(
        value=made.value,
        reference=None,
        tested=made.value,
        ci=_limits(made),
        estimate=spread,
        at=lambda level: _limits(limits(level)),
        images=len(row.right),
        notes=made.notes,
    )


def _apart(reference: Calibration, row: Calibration, confidence: float, guarantee: Guarantee) -> Claim:
    """The increase of a calibration error."""
    own, joint = METHODS_OF[guarantee]

    def at(method: IntervalMethod) -> Callable[[float], Limits | None]:
        before, after = _error(reference, method), _error(row, method)

        def limits(level: float) -> Limits | None:
            half = 1.0 - (1.0 - level) / 2.0
            ends = _limits(before(half)), _limits(after(half))
            return None if ends[0] is None or ends[1] is None else _between(ends[0], ends[1])

        return limits

    sides = [_error(side, own)(confidence) for side in (reference, row)]
    values = [side.value or 0.0 for side in sides]
    paired = Paired.of(finite_rows(reference.signed), finite_rows(row.signed))
    return Claim(
        value=values[1],
        reference=values[0],
        tested=values[1] - values[0],
        ci=at(own)(confidence),
        estimate=paired.estimate,
        at=at(joint),
        images=len(row.right),
        notes=tuple(dict.fromkeys(note for side in sides for note in side.notes)),
    )


def _between(before: Limits, after: Limits) -> Limits:
    return after[0] - before[1], after[1] - before[0]


def _error(row: Calibration, method: IntervalMethod) -> Callable[[float], Interval]:
    return lambda level: row.error(IntervalOptions(method=method, confidence=level))


def _limits(made: Interval) -> Limits | None:
    return None if made.low is None or made.high is None else (made.low, made.high)
