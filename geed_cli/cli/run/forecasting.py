"""The work of ``geed plan``."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from geed_cli.choices import View
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.comparison.margins import margins_of
from geed_cli.comparison.mismatch import require_comparable
from geed_cli.errors import InputError
from geed_cli.forecast.planned import Plan
from geed_cli.forecast.policies import plan_policy
from geed_cli.forecast.widths import plan_width
from geed_cli.forecast.within import plan_margin
from geed_cli.gate.policy import read_policy
from geed_cli.measures.catalogue import BY_NAME, select_measures
from geed_cli.measures.latent import L2
from geed_cli.report.console import result_console
from geed_cli.report.plan_page import print_plan
from geed_cli.result.clusters import with_shared_clusters
from geed_cli.result.file import read_result, require_distinct, to_strict_json
from geed_cli.result.schema import Result

WIDTH_OF = (L2.name,)
"""The measures that a width is planned of, as ``--until-width`` watches them."""
COMPARED = tuple(name for name, measure in BY_NAME.items() if measure.beside is None)
"""Those that a comparison makes claims of."""


@dataclass(frozen=True)
class PlanRequest:
    """What the user asked for; see ``geed_cli.cli.images_needed``."""

    result: Path
    width: float | None = None
    margins: tuple[str, ...] = ()
    policy: Path | None = None
    baseline: Path | None = None
    power: float = 0.8
    metrics: tuple[str, ...] = ()
    json: Path | None = None
    view: View = field(default_factory=View)


def run_plan(request: PlanRequest) -> None:
    """Read, plan, print and save."""
    _check(request)
    check_outputs(request.json)
    inputs = [each for each in (request.result, request.baseline, request.policy) if each is not None]
    require_distinct((request.json,), inputs)
    made = _plan(request, read_result(request.result))
    hand_over(
        [(request.json, lambda: to_strict_json(made))],
        lambda: print_plan(made, result_console(), request.view),
    )


def _check(request: PlanRequest) -> None:
    """Refuse what is no question, or more than one."""
    asked = {
        "--width": request.width is not None,
        "--margin": bool(request.margins),
        "--policy": request.policy is not None,
    }
    given = [option for option, there in asked.items() if there]
    if len(given) != 1:
        raise InputError(
            f"a plan for {' and '.join(given) or 'nothing'}",
            expected="one of --width W, --margin SIZE with --baseline RESULT, and --policy FILE",
            remedy=f"geed plan {request.result} --width 0.02",
        )
    if request.margins and request.baseline is None:
        raise InputError(
            "--margin without --baseline",
            expected="the result that the margin is about",
            remedy=f"--margin {request.margins[0]} --baseline last.json",
        )
    if request.baseline is not None and request.width is not None:
        raise InputError(
            "--baseline with --width",
            expected="a width of the result's own intervals",
            remedy="leave out --baseline, or ask for --margin 5%",
        )
    if request.metrics and request.policy is not None:
        raise InputError(
            "--metric with --policy",
            expected="the policy's rules, which name their measures",
            remedy="leave out --metric",
        )
    if not 0.0 < request.power < 1.0:
        raise InputError(
            f"--power {request.power:g}", expected="a chance between 0 and 1", remedy="--power 0.8"
        )
    if request.width is not None and not (math.isfinite(request.width) and request.width > 0.0):
        raise InputError(f"--width {request.width:g}", expected="a width above 0", remedy="--width 0.02")
    select_measures(request.metrics)


def _plan(request: PlanRequest, result: Result) -> Plan:
    baseline = None if request.baseline is None else read_result(request.baseline)
    if baseline is not None:  # as compare and check divide them
        labels = str(request.baseline), str(request.result)
        baseline, result = with_shared_clusters([baseline, result], labels)
    if request.width is not None:
        return plan_width(result, request.metrics or WIDTH_OF, request.width)
    if request.policy is not None:
        return plan_policy(result, read_policy(request.policy), baseline, request.power)
    assert baseline is not None, "checked"
    require_comparable([baseline, result], [str(request.baseline), str(request.result)])
    return plan_margin(
        result, baseline, request.metrics or COMPARED, margins_of(request.margins), request.power
    )
