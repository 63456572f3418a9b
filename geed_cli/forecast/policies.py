"""Images for the rules of a policy: to pass where the estimate is within the limit, to fail where it is beyond."""

from collections.abc import Iterator

import numpy as np

from geed_cli.forecast.planned import NO_FORECAST, Plan, Planned
from geed_cli.gate.cases import Case, cases_of
from geed_cli.gate.claim import Claim
from geed_cli.gate.examine import Pending, around
from geed_cli.gate.gate import joint_confidences
from geed_cli.gate.policy import Policy
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import ACCURACY, LABEL_METRICS, WORST_CASE, forecasts
from geed_cli.result.schema import Result
from geed_cli.result.soundness import check_sound
from geed_cli.statistics.methods import Limits
from geed_cli.statistics.needed import (
    End,
    Needed,
    images_for_power,
    images_without_events,
    rate_spread_limits,
    spread_limits,
)


def plan_policy(result: Result, policy: Policy, baseline: Result | None, power: float) -> Plan:
    """The plan for every rule on every entry that it matches, as ``gate`` would test them together.

    Raises:
        InputError: a result that contradicts itself.
    """
    check_sound(result, result.model.id)
    if baseline is not None:
        check_sound(baseline, "the baseline")
    with np.errstate(all="ignore"):  # absurd rows end as an undefined value or a withheld interval
        cases = tuple(cases_of(result.model.id, result, policy, baseline))
        joint = joint_confidences(cases, policy.guarantee)
        lines = [line for case in cases for line in _planned(case, joint, power)]
    return Plan(
        asked="policy",
        target=policy.name,
        model=result.model.id,
        baseline=None if baseline is None else baseline.model.id,
        pilot=result.data.count,
        power=power,
        least=policy.require.min_images,
        lines=tuple(lines),
    )


def _planned(case: Case, joint: dict[str, float], power: float) -> Iterator[Planned]:
    rule, target = case.rule, str(case.rule.limit)
    if case.reason is not None:
        yield Planned(
            metric=rule.metric, group=rule.group, layer=rule.layer, rule=rule.id, target=target, reason=case.reason
        )  # fmt: skip
    for pending in case.pending:
        match, claim = pending.match, pending.claim
        found = Planned(
            metric=match.metric,
            group=match.group,
            layer=match.layer,
            element=match.element,
            rule=rule.id,
            target=target,
        )
        if not isinstance(claim, Claim):
            yield found.model_copy(update={"reason": claim if isinstance(claim, str) else claim.reason})
            continue
        found = found.model_copy(update={"now": claim.tested, "ci": claim.ci})
        if not forecasts(match.metric):
            yield found.model_copy(update={"reason": NO_FORECAST})
            continue
        needed = _needed(pending, claim, joint[pending.images], power)
        if needed is None:
            yield found.model_copy(update={"reason": (*claim.notes, "there is no interval")[-1]})
            continue
        inside = _inward(pending, claim.tested) >= 0.0
        yield found.model_copy(
            update={
                "verdict": "pass" if inside else "fail",
                "images": needed.images,
                "low": needed.low,
                "high": needed.high,
            }
        )


def _inward(pending: Pending, number: float) -> float:
    """How far a number lies within the limit; below 0 beyond it."""
    limit = pending.rule.limit
    return number - limit.value if limit.is_least else limit.value - number


def _needed(pending: Pending, claim: Claim, level: float, power: float) -> Needed | None:
    joint = around(claim.at(level), claim.ci)
    if claim.ci is None or joint is None:
        return None
    distance = _inward(pending, claim.tested)
    if claim.estimate is None or not claim.estimate.variance > 0.0:
        return _without_spread(pending, claim, claim.ci, distance)
    own, held = (_reaches(pending, claim.tested, span) for span in (claim.ci, joint))
    rate = _is_rate(pending.match.metric) and not pending.rule.limit.needs_baseline
    spread = rate_spread_limits(claim.tested, claim.ci) if rate else spread_limits(claim.estimate)
    error = claim.estimate.standard_error / claim.unit
    # towards a pass the outer end of the own interval has to come inside, towards a fail the inner end of the joint one
    passing = End(distance, own[1], error, pending.confidence)
    failing = End(-distance, held[0], error, level)
    to_pass = images_for_power([passing], claim.images, power, spread, (own[0], -own[1]))
    to_fail = images_for_power([failing], claim.images, power, spread, (own[1], -own[0]))
    least = [each.low for each in (to_pass, to_fail) if each.low is not None]
    nearer = to_pass if distance >= 0.0 else to_fail
    return Needed(nearer.images, min(least, default=None), nearer.high)


def _is_rate(metric: str) -> bool:
    """Whether a value is a plain rate of images: of a class's images, or of a change, the spread says more."""
    if metric in LABEL_METRICS:
        return metric in {ACCURACY, WORST_CASE}
    return measure_named(metric).scale.kind == "rate"


def _reaches(pending: Pending, number: float, span: Limits) -> Limits:
    """From a number to the end of its interval further within the limit, and to the other."""
    low, high = number - span[0], span[1] - number
    return (high, low) if pending.rule.limit.is_least else (low, high)


def _without_spread(pending: Pending, claim: Claim, span: Limits, distance: float) -> Needed | None:
    """Of rows that are the same in every image: what none of n images showed shrinks as 1/n."""
    if span[0] == span[1] or distance <= 0.0:
        return None
    outer = _reaches(pending, claim.tested, span)[1]
    found = images_without_events(claim.images, outer / distance)
    return Needed(found.images, found.low, found.high if outer <= distance else None)
