"""``geed report``: saved results as a page to look at and to share, or as one figure."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.choices import By, Plot
from geed_cli.cli.completion import written_names
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import OUTPUT, Debug

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="RESULT",
        help="Saved results, FILE.json or LABEL=FILE.json, the first being the reference; also a track, a comparison "
        "or a gate's report of 'geed … --json', and pages, whose results are taken out of them.",
    ),
]
Target = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="The page, .html, or with --plot the figure, .svg."),
]
PlotKind = Annotated[
    Plot | None,
    typer.Option(
        "--plot",
        help="One figure in place of the page: layers by depth, features by angle or by element, a dot for each image, "
        "or layers by element.",
        rich_help_panel=OUTPUT,
    ),
]
GroupName = Annotated[
    str | None,
    typer.Option(
        "--group",
        "-g",
        metavar="NAME",
        autocompletion=written_names.groups_of_results,
        help="Of --plot. Default: the first that it can be drawn of.",
    ),
]
PictureCount = Annotated[
    int | None,
    typer.Option(
        "--images",
        metavar="N",
        min=1,
        help="Show N pictures of each group, of the first result: loads its network and pictures again.",
    ),
]
ByClass = Annotated[
    By | None,
    typer.Option("--by", help="Also every number of each class of labelled results, made of their rows."),
]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="For --images: run the code that the result's spec names.")
]
AllowPickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle", help="For --images: read a checkpoint that is a pickle, and may run code."
    ),
]


@guarded
def report(  # noqa: PLR0913 - each is an option
    results: Sources,
    *,
    output: Target,
    plot: PlotKind = None,
    group: GroupName = None,
    images: PictureCount = None,
    by: ByClass = None,
    allow_code: AllowCode = False,
    allow_pickle: AllowPickle = False,
    debug: Debug = False,
) -> None:
    """Write saved results as one HTML page: the answer, numbers, figures, differences, method, and the results.

    The page loads nothing and runs nothing. Works without torch, but for --images.

    Example: geed report r50.json r101.json -o report.html          geed report r50.json --plot depth -o depth.svg
    """
    del debug  # read by the guard
    from geed_cli.cli.run.reporting import Pictures, run_report  # noqa: PLC0415 - --help stays light

    pictures = Pictures(images, allow_code=allow_code, allow_pickle=allow_pickle)
    run_report(tuple(results), output, plot, group, pictures, by)
