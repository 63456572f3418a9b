"""The gate: every rule on every entry it matches, in every result, with verdicts that hold together.

Claims are collected first, since how sure a fail has to be depends on how many there are (``levels``).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from geed_cli.choices import OnUndecided
from geed_cli.gate.cases import Case, cases_of, outcomes_of
from geed_cli.gate.claim import Claim
from geed_cli.gate.levels import ALPHA, bonferroni_confidences, fail_confidences, pass_confidence
from geed_cli.gate.outcome import ExitCode, GateReport, Judged, Outcome, RuleVerdict, Verdict, worst
from geed_cli.gate.policy import FEWEST_IMAGES, Policy, Rule
from geed_cli.gate.policy_file import Guarantee
from geed_cli.gate.require import requirements
from geed_cli.measures.catalogue import measure_named
from geed_cli.result.clusters import with_shared_clusters
from geed_cli.result.fewer_images import has_fewer, over_images, planned_images
from geed_cli.result.schema import Result
from geed_cli.result.soundness import check_sound
from geed_cli.statistics.estimate import Estimate


def gate(
    results: Mapping[str, Result],
    policy: Policy,
    baseline: Result | None = None,
    on_undecided: OnUndecided = "fail",
) -> GateReport:
    """Judge results by a policy.

    Args:
        results: each by the label that reports call it by.
        policy: from ``read_policy``.
        baseline: what limits on changes are measured from; without one, such rules are errors.
        on_undecided: whether an undecided rule at level error fails the gate.

    Returns:
        the report; nothing is printed or written.

    Raises:
        InputError: a result that contradicts itself, or has other clusters than the baseline.
    """
    for label, result in results.items():
        check_sound(result, label)
    if baseline is not None:
        check_sound(baseline, "the baseline")
    with np.errstate(all="ignore"):  # absurd rows end as an undefined value or a withheld interval
        sides = {label: _sides(label, each, baseline) for label, each in results.items()}
        cases = [case for label, pair in sides.items() for case in cases_of(label, pair[0], policy, pair[1])]
        joint = joint_confidences(cases, policy.guarantee)
        ruled = [outcome for case in cases for outcome in outcomes_of(case, joint)]
    required = [
        out for label, (each, _) in sides.items() for out in requirements(policy.require, label, each)
    ]
    outcomes = (*required, *ruled)
    # a rule that could not be tested counts at either level: `warn` forgives a value, not a gap
    verdict = worst(
        outcome.verdict for outcome in outcomes if outcome.level == "error" or outcome.verdict == "error"
    )
    return GateReport(
        verdict=verdict,
        exit_code=_exit_code(verdict, on_undecided),
        on_undecided=on_undecided,
        policy=policy.name,
        baseline=None if baseline is None else baseline.model.id,
        confidence=1.0 - ALPHA,
        guarantee=policy.guarantee,
        claims=sum(isinstance(pending.claim, Claim) for case in cases for pending in case.pending),
        models=tuple(_judged(label, *pair) for label, pair in sides.items()),
        rules=tuple(_rule_verdict(rule, ruled) for rule in policy.rules),
        outcomes=outcomes,
        version=policy.version,
        notes=tuple(_of_version_1(policy, ruled)),
    )


def _sides(label: str, result: Result, baseline: Result | None) -> tuple[Result, Result | None]:
    """A result and its baseline, over the images of a result that stopped early and in the clusters that either has."""
    if baseline is None:
        return result, None
    if result.settings.looks is not None and has_fewer(baseline, result.data):
        baseline = over_images(baseline, result.data)
    one, other = with_shared_clusters([result, baseline], [label, "the baseline"])
    return one, other


def _of_version_1(policy: Policy, ruled: Sequence[Outcome]) -> Iterator[str]:
    """What version 2 would make otherwise of a policy of version 1."""
    if policy.version != 1:
        return
    percents = {rule.id for rule in policy.rules if rule.limit.kind == "percent"}
    entries = [entry for outcome in ruled if outcome.rule in percents for entry in outcome.examined]
    if any(measure_named(entry.metric).best for entry in entries if entry.verdict != "error"):
        yield (
            "policy version 1: percentages of cosines are of the size of their value; in version 2 they are of its "
            "distance from -1"
        )
    if policy.default_images:
        yield f"policy version 1: no number of images is required; version 2 requires {FEWEST_IMAGES[2]}"


def joint_confidences(cases: Sequence[Case], guarantee: Guarantee) -> dict[str, float]:
    """The confidence of ``Examined.joint_ci``, for each set of images."""
    families: dict[str, list[Estimate]] = {}
    confidences: dict[str, float] = {}
    for pending in (each for case in cases for each in case.pending):
        family = families.setdefault(pending.images, [])
        confidences[pending.images] = max(confidences.get(pending.images, 0.0), pending.confidence)
        if isinstance(pending.claim, Claim) and pending.claim.estimate is not None:
            family.append(pending.claim.estimate)
    made = bonferroni_confidences if guarantee == "exact" else fail_confidences
    return made(families, confidences)


def _exit_code(verdict: Verdict, on_undecided: OnUndecided) -> ExitCode:
    if verdict == "error":
        return 2
    return 1 if verdict == "fail" or (verdict == "undecided" and on_undecided == "fail") else 0


def _rule_verdict(rule: Rule, outcomes: Sequence[Outcome]) -> RuleVerdict:
    verdict = worst(outcome.verdict for outcome in outcomes if outcome.rule == rule.id)
    return RuleVerdict(rule=rule.id, level=rule.level, verdict=verdict)


def _judged(label: str, result: Result, baseline: Result | None) -> Judged:
    looks, data = result.settings.looks, result.data
    return Judged(
        label=label,
        id=result.model.id,
        images=result.data.count,
        planned=None if looks is None else planned_images(data, looks),
        confidence=pass_confidence(*filter(None, (result, baseline))),
        data=result.data.root,
        signature=result.signature,
        geed=result.environment.geed,
    )
