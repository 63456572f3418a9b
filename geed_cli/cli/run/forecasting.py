"""The work of ``geed plan``."""

from dataclasses import dataclass, field
from pathlib import Path

from geed_cli.api.make_plan import plan
from geed_cli.choices import View
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.report.console import result_console
from geed_cli.report.plan_page import print_plan
from geed_cli.result.file import require_distinct, to_strict_json
from geed_cli.tracking.named_steps import tracks_named


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
    """Plan, print and save."""
    check_outputs(request.json)
    named = [each for each in (request.result, request.baseline, request.policy) if each is not None]
    require_distinct((request.json,), [file for each in named for file in tracks_named(str(each))])
    made = plan(
        request.result,
        width=request.width,
        margins=request.margins,
        policy=request.policy,
        baseline=request.baseline,
        power=request.power,
        metrics=request.metrics,
    )
    hand_over(
        [(request.json, lambda: to_strict_json(made))],
        lambda: print_plan(made, result_console(), request.view),
    )
