"""Options that several commands share, so that they read and behave alike everywhere."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from geed_cli.cache.folder import cache_folder
from geed_cli.errors import InputError

MODEL, DATA, MEASURE = "Model", "Data", "Groups and measures"
CONTROLS, RUN, OUTPUT = "Controls", "Running", "Output"
"""Panels of ``--help``."""

ModelName = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        help="NAME (a spec, else a timm name), timm:NAME, torchvision:NAME or torchvision:NAME/WEIGHTS, "
        "hf-hub:org/name, path/to/spec.yaml, or a checkpoint file with --arch.",
        show_default=False,
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(help="Take the weights from this file (.safetensors, .pt, .pth).", rich_help_panel=MODEL),
]
StripPrefix = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PREFIX",
        help="Remove this prefix from the names in the weights file, such as 'module.'; repeatable.",
        rich_help_panel=MODEL,
    ),
]
Arch = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Architecture of a checkpoint file: a timm name or torchvision:NAME.",
        rich_help_panel=MODEL,
    ),
]
Weights = Annotated[
    Literal["spec", "random"],
    typer.Option(
        help="'random' draws the architecture's initial weights with --seed.", rich_help_panel=MODEL
    ),
]
SpecDir = Annotated[
    Path | None,
    typer.Option(help="Folder of specs that is searched before the bundled ones.", rich_help_panel=MODEL),
]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code", help="Let a spec with 'source: python' import its code.", rich_help_panel=MODEL
    ),
]
AllowPickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle",
        help="Let a checkpoint file run its own code, as whole pickled modules do; only for files you trust.",
        rich_help_panel=MODEL,
    ),
]
ImgSize = Annotated[
    int | None,
    typer.Option(
        metavar="S", min=1, help="Input side in pixels instead of the model's own.", rich_help_panel=MODEL
    ),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that keeps rows for later runs. Default: GEED_CACHE_DIR, else the system's cache folder.",
        rich_help_panel=RUN,
        show_default=False,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option("--no-cache", help="Use no rows of earlier runs, and keep none.", rich_help_panel=RUN),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of random weights and of resamples.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks (or set GEED_DEBUG=1).")]


def kept_in(cache_dir: Path | None, *, no_cache: bool) -> Path | None:
    """The folder of the cache; None where none is wanted.

    Raises:
        InputError: a folder together with ``--no-cache``.
    """
    if no_cache and cache_dir is not None:
        raise InputError("--cache-dir together with --no-cache", expected="one of them", remedy="--no-cache")
    return None if no_cache else cache_folder(cache_dir)
