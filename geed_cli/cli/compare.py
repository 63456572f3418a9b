"""``geed compare``: two or more models or saved results side by side, differences with evidence."""

from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import (
    MEASURE,
    Csv,
    FigureFile,
    Json,
    Linear,
    Pages,
    PairRuns,
    Quiet,
    ShareY,
    Verbose,
    view_of,
)

OPTIONS_LEFT_OUT = {
    "checkpoint": "each of the subjects names its own weights",
    "slurm": "jobs of Slurm share one audit",
    **dict.fromkeys(
        ("until_width", "max_samples", "width_of", "stop_early"),
        "all models are compared on the same images, and each would end at a number of its own",
    ),
}
"""The options of audits that ``compare`` has not, and why."""

Subjects = Annotated[
    list[str],
    typer.Argument(
        metavar="A B...",
        autocompletion=offered.subjects,
        help="Saved results (.json), report pages (.html) for the results in them, models as for 'geed audit', or "
        "LABEL=GLOB of saved results: a population of checkpoints of one recipe. TRACK.json@STEP is a step of a saved "
        "track: a number, first or last. The first subject is the reference.",
    ),
]


@guarded
@takes_options(without=OPTIONS_LEFT_OUT)
def compare(  # noqa: PLR0913 - every parameter but one is an option of the command
    subjects: Subjects,
    *,
    arguments: AuditArguments,
    allow_mismatch: Annotated[
        bool,
        typer.Option("--allow-mismatch", help="Show results that are not comparable, with a warning."),
    ] = False,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            "--margin",
            metavar="[NAME=]SIZE",
            help="Also test whether others are within this of the first: 5% of its distance from perfect, or "
            "softmax.kl=0.01 of one measure; repeatable.",
            rich_help_panel=MEASURE,
        ),
    ] = None,
    pair_runs: PairRuns = None,
    json: Json = None,
    csv: Csv = None,
    figure: FigureFile = None,
    share_y: ShareY = False,
    output: Pages = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
) -> None:
    """Compare models or saved results with the first of them, paired over the same images.

    Saved results are compared as they are; the options of audits need a model that is audited now. A line is marked
    where it differs after Holm's correction over the whole table.

    Example: geed compare r50.json dino.json          geed compare cnn='runs/cnn_*.json' c8='runs/c8_*.json'
    """
    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    from geed_cli.cli.run.comparing import ComparisonRequest, run_compare  # noqa: PLC0415 - --help stays light
    from geed_cli.cli.run.figures import AskedFigure  # noqa: PLC0415

    request = ComparisonRequest(
        tuple(subjects),
        arguments,
        json,
        csv,
        tuple(margin or ()),
        pair_runs,
        allow_mismatch=allow_mismatch,
        view=view,
        pages=tuple(output or ()),
        figure=AskedFigure(figure, share_y),
    )
    run_compare(request)
