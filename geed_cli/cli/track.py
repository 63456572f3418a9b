"""``geed track``: one recipe along training, as a table, a file and a figure."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import (
    DATA,
    MODEL,
    OUTPUT,
    Csv,
    FigureFile,
    Linear,
    Pages,
    PairRuns,
    Quiet,
    ShareY,
    Verbose,
    view_of,
)

OPTIONS_LEFT_OUT = {
    "by": "a track shows what changes along steps; geed audit says what classes of one checkpoint have",
    "checkpoint": "the arguments are the checkpoints",
    "weights": "the weights are those of the checkpoints",
    **dict.fromkeys(
        ("until_width", "max_samples", "width_of", "stop_early"),
        "all steps stand on the same images, and each would end at a number of its own",
    ),
    "on_nonfinite": "all steps stand on the same images, and an image left out at one step would be in the others",
    **dict.fromkeys(
        ("phase_correct", "discover"),
        "a track shows values, and what these find is read of one network at a time",
    ),
    "slurm": "jobs of Slurm share one audit",
}
"""The options of audits that ``track`` has not, and why."""

Checkpoints = Annotated[
    list[str],
    typer.Argument(
        metavar="CKPT...",
        help="Checkpoint files, saved results or tracks (.json; a track's page, .html), or quoted globs of them. "
        "LABEL=GLOB names a run; files of one label and step are a population. LABEL=GLOB:SPEC names the network of "
        "checkpoints, too: several families on one track.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        autocompletion=offered.models,
        help="The network of the checkpoints: a spec or a model as for 'geed audit'; its weights are replaced.",
        rich_help_panel=MODEL,
    ),
]
StepRegex = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help=r"Finds the step in each path with its one group, such as 'it(\d+)'. Default: the number after step, "
        "iter, epoch or ckpt in the name, else its last number, else an entry of the checkpoint.",
        rich_help_panel=DATA,
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Save the track to this file after every step, and go on from it: steps in it are not audited again. "
        "'-' writes it to stdout in place of the table.",
        rich_help_panel=OUTPUT,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help="Start over, and replace what --json FILE holds.", rich_help_panel=OUTPUT),
]


@guarded
@takes_options(without=OPTIONS_LEFT_OUT)
def track(  # noqa: PLR0913 - every parameter but one is an option of the command
    checkpoints: Checkpoints,
    *,
    model: Model = None,
    step_regex: StepRegex = None,
    pair_runs: PairRuns = None,
    arguments: AuditArguments,
    json: Json = None,
    csv: Csv = None,
    figure: FigureFile = None,
    share_y: ShareY = False,
    output: Pages = None,
    fresh: Fresh = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
) -> None:
    """Follow one recipe along training: a value with its interval for every checkpoint.

    Checkpoints are audited as 'geed audit' would, with --arch or --model; saved results are taken as they are.
    --metric and --layer also choose what is shown: by default four values that say most.

    Example: geed track 'runs/step_*.pt' --arch resnet18 -g c8 -d photos/ --json track.json --figure track.svg
    """
    from geed_cli.cli.run.figures import AskedFigure  # noqa: PLC0415 - --help stays light
    from geed_cli.cli.run.track_recipe import TrackRequest  # noqa: PLC0415
    from geed_cli.cli.run.tracking import run_track  # noqa: PLC0415

    files, view = tuple(checkpoints), view_of(verbose=verbose, quiet=quiet, linear=linear)
    request = TrackRequest(
        files,
        arguments,
        model,
        step_regex,
        pair_runs,
        json,
        csv,
        AskedFigure(figure, share_y),
        tuple(output or ()),
        fresh=fresh,
        view=view,
    )
    run_track(request)
