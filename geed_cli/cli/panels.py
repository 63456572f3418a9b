"""Panels of ``--help``, and what several commands take beside the options of audits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from geed_cli.choices import PAGE_SUFFIXES, View
from geed_cli.cli.completion import offered
from geed_cli.errors import InputError

MODEL, DATA, MEASURE = "Model", "Data", "Groups and measures"
CONTROLS, RUN, OUTPUT = "Controls", "Running", "Output"
PAGE = PAGE_SUFFIXES[0]
"""The suffix of a report page that is written."""

ModelName = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        autocompletion=offered.models,
        help="NAME (a spec, else a timm name), timm:NAME, torchvision:NAME or torchvision:NAME/WEIGHTS, "
        "hf-hub:org/name or transformers:org/name (a revision behind @), open_clip:NAME/TAG, local-dir:PATH, "
        "path/to/spec.yaml, or a checkpoint file with --arch.",
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the result to exactly this file; '-' writes it to stdout in place of the table.",
        rich_help_panel=OUTPUT,
    ),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write every value as CSV; '-' writes it to stdout in place of the table.",
        rich_help_panel=OUTPUT,
    ),
]
PairRuns = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help=r"Compare populations run by run: finds the run, such as a seed, in each file's name with its one group, "
        r"such as 'seed_(\d+)'.",
        rich_help_panel=DATA,
    ),
]
Pages = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Also write a report page: one .html file to look at and to share; repeatable.",
        rich_help_panel=OUTPUT,
    ),
]
FigureFile = Annotated[
    Path | None,
    typer.Option(
        "--figure",
        metavar="FILE",
        help="Also draw a figure for a paper, with intervals; .svg, .pdf or .png. Needs the extra 'plot'.",
        rich_help_panel=OUTPUT,
    ),
]
ShareY = Annotated[
    bool,
    typer.Option(
        "--share-y",
        help="Panels of one measure in the figure have one vertical axis.",
        rich_help_panel=OUTPUT,
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print every number and note.", rich_help_panel=OUTPUT)
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print one line of key=value, and no progress.", rich_help_panel=OUTPUT
    ),
]
Linear = Annotated[
    bool,
    typer.Option("--linear", help="Print one statement a line, for screen readers.", rich_help_panel=OUTPUT),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks (or set GEED_DEBUG=1).")]


def view_of(*, verbose: bool, quiet: bool, linear: bool) -> View:
    """How the result is to be shown.

    Raises:
        InputError: --quiet with what asks for more than its one line.
    """
    for option, asked in (("--verbose", verbose), ("--linear", linear)):
        if quiet and asked:
            raise InputError(f"--quiet and {option}", expected="one of them", remedy=f"leave out {option}")
    return View(verbose=verbose, quiet=quiet, linear=linear)


def parted(outputs: Sequence[Path] | None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files of -o that are a gate's own, and the report pages, which need no gate."""
    every = tuple(outputs or ())
    pages = tuple(path for path in every if path.suffix.lower() == PAGE)
    return tuple(path for path in every if path not in pages), pages
