"""``geed sweep``: models × data sets, one saved result a cell, resumable."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import DATA, OUTPUT, Csv, FigureFile, Linear, Pages, Quiet, ShareY, Verbose, view_of

OPTIONS_LEFT_OUT = {
    "data": "a sweep's --data is repeatable and has labels",
    "checkpoint": "each model names its own weights",
    "slurm": "jobs of Slurm share one audit",
    **dict.fromkeys(
        ("until_width", "max_samples", "width_of", "stop_early"),
        "all models are compared on the same images, and each would end at a number of its own",
    ),
}
"""The options of audits that ``sweep`` has not, and why."""

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...",
        autocompletion=offered.models,
        help="[LABEL=]NAME as for 'geed audit', or LABEL=CHECKPOINT[:SPEC], or a quoted glob of either: a population. "
        "The first is the reference. Or one file, sweep.yaml, that says all of it; "
        "or a sweep's folder, which is shown again without an audit.",
    ),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        "-d",
        metavar="[LABEL=]SOURCE",
        help="Pictures as for 'geed audit', a folder or an archive; repeatable. Default: a small bundled sample.",
        rich_help_panel=DATA,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="The folder of the results: DIR/DATA/MODEL.json, sweep.json and sweep.yaml. Cells that are there are not "
        "audited again.",
        rich_help_panel=OUTPUT,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh", help="Audit all cells anew, and replace what --out holds of them.", rich_help_panel=OUTPUT
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Also write sweep.json, cells and values, to this file; '-' writes it to stdout in place of the table.",
        rich_help_panel=OUTPUT,
    ),
]


@guarded
@takes_options(without=OPTIONS_LEFT_OUT)
def sweep(  # noqa: PLR0913 - every parameter but one is an option of the command
    models: Models,
    *,
    source: Sources = None,
    arguments: AuditArguments,
    out: Out = None,
    fresh: Fresh = False,
    json: Json = None,
    csv: Csv = None,
    figure: FigureFile = None,
    share_y: ShareY = False,
    output: Pages = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
) -> None:
    """Audit every model on every data set: one saved result a cell, and a table of all.

    The same command again goes on where it ended. --metric also chooses what the table shows: by default latent.l2.
    A cell that fails is listed, and the others go on.

    Example: geed sweep cnn='runs/cnn_*/last.pt:cnn.yaml' r50=resnet50 -d rot=rot/ -d fashion/ -g c8 --out sweep/
    """
    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    from geed_cli.cli.run.figures import AskedFigure  # noqa: PLC0415 - --help stays light
    from geed_cli.cli.run.sweeping import SweepRequest, run  # noqa: PLC0415

    request = SweepRequest(
        tuple(models),
        tuple(source or ()),
        arguments,
        out,
        json,
        csv,
        AskedFigure(figure, share_y),
        tuple(output or ()),
        fresh=fresh,
        view=view,
    )
    run(request)
