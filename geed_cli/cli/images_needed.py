"""``geed plan``: how many images a width, a margin or a policy takes, from a pilot's saved result."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug, Json, Linear, Quiet, Verbose, view_of

Pilot = Annotated[
    Path, typer.Argument(metavar="RESULT", help="The pilot: a result saved by 'geed audit --json'.")
]
Width = Annotated[
    float | None,
    typer.Option(metavar="W", help="Plan for intervals so wide, from their low to their high end."),
]
MarginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--margin",
        metavar="[NAME=]SIZE",
        help="Plan for being shown within this of --baseline, as 'geed compare --margin' says it; repeatable.",
    ),
]
PolicyPath = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Plan for the rules of this policy to be decided.")
]
Baseline = Annotated[
    Path | None,
    typer.Option(metavar="RESULT", help="A second result, over the same images, that changes are from."),
]
Power = Annotated[
    float,
    typer.Option(metavar="P", help="The chance with which a margin or a rule is to be decided."),
]
Metric = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        metavar="NAME",
        autocompletion=offered.metrics,
        help="Only these measures, names or globs; repeatable. Default: latent.l2 for a width.",
    ),
]


@guarded
def plan(  # noqa: PLR0913 - every parameter but one is an option of the command
    result: Pilot,
    *,
    width: Width = None,
    margin: MarginOption = None,
    policy: PolicyPath = None,
    baseline: Baseline = None,
    power: Power = 0.8,
    metric: Metric = None,
    json: Json = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
    debug: Debug = False,
) -> None:
    """Say how many images something takes, as a range that counts what a pilot does not know.

    One of --width, --margin with --baseline, or --policy. Works on saved results, without torch.

    Example: geed plan pilot.json --width 0.02          geed plan pilot.json --policy geed-policy.yaml --power 0.9
    """
    del debug  # read by the guard
    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    from geed_cli.cli.run.forecasting import PlanRequest, run_plan  # noqa: PLC0415 - --help stays light

    asked = PlanRequest(
        result, width, tuple(margin or ()), policy, baseline, power, tuple(metric or ()), json, view
    )
    run_plan(asked)
