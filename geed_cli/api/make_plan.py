"""``plan``: how many images something takes, from a pilot's result. The command ``geed plan`` calls it, too."""

import math
from numbers import Real

from geed_cli.api.named_results import OneResult, result_from
from geed_cli.api.parameters import OF_RESULTS, Names, several
from geed_cli.api.python_words import called_in_python
from geed_cli.comparison.margins import margins_of
from geed_cli.comparison.mismatch import require_comparable
from geed_cli.comparison.subjects import usual_metrics
from geed_cli.errors import InputError
from geed_cli.forecast.planned import Plan
from geed_cli.forecast.policies import plan_policy
from geed_cli.forecast.widths import plan_width
from geed_cli.forecast.within import plan_margin
from geed_cli.gate.given import PolicyLike, policy_from
from geed_cli.measures.catalogue import select_measures
from geed_cli.measures.latent import L2
from geed_cli.result.clusters import with_shared_clusters
from geed_cli.result.schema import Result

WIDTH_OF = (L2.name,)
"""The measures that a width is planned of, as ``--until-width`` watches them."""
OPTIONS = {
    **OF_RESULTS,
    "--width": "width=…",
    "--margin": "margins=…",
    "--policy": "policy=…",
    "--baseline": "baseline=…",
    "--power": "power=…",
    "--metric": "metrics=…",
}


@called_in_python(OPTIONS)
def plan(
    pilot: OneResult,
    *,
    width: float | None = None,
    margins: Names = (),
    policy: PolicyLike | None = None,
    baseline: OneResult | None = None,
    power: float = 0.8,
    metrics: Names = (),
) -> Plan:
    """Say how many images something takes, as a number and a range that counts what a pilot does not know.

    One of ``width``, ``margins`` with ``baseline``, and ``policy`` says what.

    Args:
        pilot: a result, or the path of a saved one.
        width: of intervals, from their low to their high end.
        margins: within what of ``baseline`` the pilot is to be shown, as ``compare`` has them.
        policy: whose rules are to be decided; what ``check`` takes.
        baseline: a second result over the same images, that changes are from.
        power: the chance with which a margin or a rule is to be decided.
        metrics: names or globs of measures; empty is latent.l2 for a width, and all but controls for a margin.

    Raises:
        InputError: no such question or two, or what is no result.
    """
    named, sizes = several(metrics), several(margins)
    given = {"--width": width is not None, "--margin": bool(sizes), "--policy": policy is not None}
    _require_one([option for option, there in given.items() if there], pilot)
    if sizes and baseline is None:
        raise InputError(
            "--margin without --baseline",
            expected="the result that the margin is about",
            remedy=f"--margin {sizes[0]} --baseline last.json",
        )
    if baseline is not None and width is not None:
        raise InputError(
            "--baseline with --width",
            expected="a width of the result's own intervals",
            remedy="leave out --baseline, or ask for --margin 5%",
        )
    if named and policy is not None:
        raise InputError(
            "--metric with --policy",
            expected="the policy's rules, which name their measures",
            remedy="leave out --metric",
        )
    _require_numbers(width, power)
    select_measures(named)
    labels = _called(baseline, "the baseline"), _called(pilot, "the pilot")
    result, before = result_from(pilot), None if baseline is None else result_from(baseline)
    if before is not None:  # as compare and check divide them
        before, result = with_shared_clusters([before, result], labels)
    if width is not None:
        return plan_width(result, named or WIDTH_OF, width)
    if policy is not None:
        return plan_policy(result, policy_from(policy), before, power)
    assert before is not None, "checked"
    require_comparable([before, result], labels)
    return plan_margin(result, before, named or usual_metrics([before, result]), margins_of(sizes), power)


def _called(result: OneResult | None, otherwise: str) -> str:
    """A file by its path."""
    return otherwise if result is None or isinstance(result, Result) else str(result)


def _require_one(given: list[str], pilot: OneResult) -> None:
    """Refuse what is no question, or more than one."""
    if len(given) != 1:
        in_memory = isinstance(pilot, Result)
        raise InputError(
            f"a plan for {' and '.join(given) or 'nothing'}",
            expected="one of --width W, --margin SIZE with --baseline RESULT, and --policy FILE",
            remedy="geed.plan(result, width=0.02)" if in_memory else f"geed plan {pilot} --width 0.02",
        )


def _require_numbers(width: float | None, power: float) -> None:
    for option, number, usual in (("--width", width, 0.02), ("--power", power, 0.8)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, Real)):
            raise InputError(
                f"{option} {number!r}, of type {type(number).__name__}",
                expected="a number",
                remedy=f"{option} {usual}",
            )
    if not 0.0 < power < 1.0:
        raise InputError(f"--power {power:g}", expected="a chance between 0 and 1", remedy="--power 0.8")
    if width is not None and not (math.isfinite(width) and width > 0.0):
        raise InputError(f"--width {width:g}", expected="a width above 0", remedy="--width 0.02")
