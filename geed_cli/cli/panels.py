"""Panels of ``--help``, and what several commands take beside the options of audits."""

from pathlib import Path
from typing import Annotated

import typer

MODEL, DATA, MEASURE = "Model", "Data", "Groups and measures"
CONTROLS, RUN, OUTPUT = "Controls", "Running", "Output"

ModelName = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        help="NAME (a spec, else a timm name), timm:NAME, torchvision:NAME or torchvision:NAME/WEIGHTS, "
        "hf-hub:org/name, path/to/spec.yaml, or a checkpoint file with --arch.",
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
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=OUTPUT)]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks (or set GEED_DEBUG=1).")]
