"""One rule on one matched entry: the claim to be decided with all others, and then its verdict.

pass: the claim's own interval is within the limit. fail: its joint interval, which holds its own, is beyond the
limit. Otherwise undecided: at n images the nearer of the two would reach the limit if the estimate stayed where it is.
"""

from dataclasses import dataclass, replace

from geed_cli.gate.claim import Claim, Open, increase_claim, open_reason, value_claim
from geed_cli.gate.floor import refusal
from geed_cli.gate.label_rules import LabelMatch, label_claim
from geed_cli.gate.levels import pass_confidence
from geed_cli.gate.outcome import Examined, Verdict
from geed_cli.gate.policy import Limit, Rule
from geed_cli.gate.policy_file import Guarantee
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import forecasts
from geed_cli.result.samples import sample_of
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.bounded_mean import is_bounded
from geed_cli.statistics.difference import Difference
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.methods import Limits
from geed_cli.statistics.sample import Sample


@dataclass(frozen=True)
class Match:
    """One key that a rule matches: the result's entry, the baseline's; None where one has no such entry."""

    metric: str
    group: str
    layer: str | None
    entry: Entry | None
    reference: Entry | None
    element: None = None


@dataclass(frozen=True)
class Pending:
    """A matched entry before the verdict.

    Attributes:
        claim: what is to be decided, or why it is open or cannot be.
        images: which images it is about; claims with the same are decided jointly.
        confidence: at which ``claim.ci`` stands.
    """

    rule: Rule
    match: Match | LabelMatch
    claim: Claim | Open | str
    images: str
    confidence: float


def examine(
    rule: Rule,
    match: Match | LabelMatch,
    result: Result,
    baseline: Result | None,
    least: int,
    guarantee: Guarantee = "nominal",
) -> Pending:
    """The claim of a rule about one of its entries in a result, or why it can have none.

    ``baseline`` is there for a limit on a change; ``least`` images must have a value.
    """
    confidence = pass_confidence(*filter(None, (result, baseline)))
    claim = (
        label_claim(match, rule.limit, result, baseline, confidence, guarantee)
        if isinstance(match, LabelMatch)
        else _claim(rule, match, result, baseline, confidence, guarantee)
    )
    # of a result with too few images in all, the requirement itself says so
    if isinstance(claim, Claim) and claim.images < min(least, result.data.count):
        have = "image has" if claim.images == 1 else "images have"
        claim = f"{claim.images} {have} a value, and the policy requires {least}"
    return Pending(rule, match, claim, _image_set(result), confidence)


def concluded(pending: Pending, joint_confidence: float) -> Examined:
    """The entry with its verdict at the joint confidence."""
    match, claim, limit = pending.match, pending.claim, pending.rule.limit
    found = Examined(
        metric=match.metric, group=match.group, layer=match.layer, element=match.element, verdict="error"
    )
    if isinstance(claim, str):
        return found.model_copy(update={"reason": claim})
    found = found.model_copy(update={"verdict": "undecided", "limit": limit.value})
    if isinstance(claim, Open):
        return found.model_copy(update={"images_to_decide": claim.images_to_decide, "reason": claim.reason})
    joint = around(claim.at(joint_confidence), claim.ci)
    verdict = _verdict(claim, joint, limit)
    return found.model_copy(
        update={
            "verdict": verdict,
            "value": claim.value,
            "reference": claim.reference,
            "tested": claim.tested,
            "ci": claim.ci,
            "joint_ci": joint,
            "images": claim.images,
            "images_to_decide": _images_needed(claim, joint, limit)
            if verdict == "undecided" and forecasts(pending.match.metric)
            else None,
            "notes": claim.notes,
        }
    )


def around(joint: Limits | None, own: Limits | None) -> Limits | None:
    """The joint interval with all of the entry's own, which another method may leave out at one end."""
    if joint is None or own is None:
        return joint
    return min(joint[0], own[0]), max(joint[1], own[1])


def _verdict(claim: Claim, joint: Limits | None, limit: Limit) -> Verdict:
    """``joint`` is the interval at the joint confidence, None where withheld; reaching the limit is allowed."""
    upper = not limit.is_least
    if claim.ci is not None and (claim.ci[1] <= limit.value if upper else claim.ci[0] >= limit.value):
        return "pass"
    if joint is not None and (joint[0] > limit.value if upper else joint[1] < limit.value):
        return "fail"
    return "undecided"


def _images_needed(claim: Claim, joint: Limits | None, limit: Limit) -> int | None:
    """Forecast for an undecided claim: of a pass while the estimate is within the limit, else of a fail."""
    if claim.ci is None or joint is None:
        return None
    # the end that has to come inside for a pass, and the end that has to go beyond for a fail
    low, high = (claim.ci[0], joint[1]) if limit.is_least else (joint[0], claim.ci[1])
    beyond = Difference(claim.tested - limit.value, low - limit.value, high - limit.value, None)
    return images_to_decide(beyond, claim.images)


def _claim(
    rule: Rule,
    match: Match,
    result: Result,
    baseline: Result | None,
    confidence: float,
    guarantee: Guarantee,
) -> Claim | Open | str:
    sample = _rows_of(result, match.entry, "the result")
    if isinstance(sample, str) or match.entry is None:
        return str(sample)
    if (unfit := _unfit(rule, match.metric, sample, guarantee)) is not None:
        return unfit
    if not rule.limit.needs_baseline:
        return refusal(rule.limit, match.entry, 1.0, result) or value_claim(sample, confidence, guarantee)
    reference = _rows_of(baseline, match.reference, "the baseline")
    if isinstance(reference, str):
        return reference
    best = measure_named(match.entry.metric).best
    limit = replace(rule.limit, kind="increase") if rule.limit.kind == "change" else rule.limit
    claim = increase_claim(reference, sample, limit, confidence, guarantee, best)
    if not isinstance(claim, Claim):
        return claim
    return refusal(rule.limit, match.entry, claim.unit, result) or claim


def _unfit(rule: Rule, metric: str, sample: Sample, guarantee: Guarantee) -> str | None:
    """Why a rule is none for a measure: no bounds for a guarantee, or a limit of a glob that asks for the opposite."""
    if guarantee == "exact" and not is_bounded(sample):
        return f"guarantee: exact, and the values of {metric} have no bounds"
    if not measure_named(metric).larger_is_better or rule.limit.is_least:
        return None
    right = "max_decrease" if rule.limit.needs_baseline else "min"
    return (
        f"{metric} is nearer to invariance the larger it is: "
        f"give it a rule of its own, with {right}, and name the others here"
    )


def _rows_of(result: Result | None, entry: Entry | None, whose: str) -> Sample | str:
    """The rows of an entry that has a value or may have one over more images, or why there are none."""
    if result is None or entry is None:
        return f"{whose} has no such entry"
    notes = f": {'; '.join(entry.notes)}" if entry.notes else ""
    sample = sample_of(result, entry)
    if entry.status != "ok" and (sample is None or open_reason(sample) is None):
        what = "not applicable" if entry.status == "not_applicable" else "undefined"
        return f"the value of {whose} is {what}{notes}"
    if result.unsteady is not None:
        return f"the network of {whose} is no function of one image"
    return sample or f"{whose} has no rows for it"


def _image_set(result: Result) -> str:
    """The audited and normaliser images, and which of them are drawn together."""
    normaliser = " ".join(image.sha256 for image in result.data.normaliser_images)
    clusters = "" if result.data.clusters is None else result.data.clusters.of
    return f"{result.data.count} {result.data.sha256} {normaliser} {clusters}"
