"""``geed inspect``: what a model name resolves to, its split, its layers with their shapes."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli import options as common
from geed_cli.cli.guard import guarded
from geed_cli.cli.startup import uncollected


@guarded
def inspect(  # noqa: PLR0913 - every parameter is an option of the command
    model: common.ModelName = None,
    *,
    layers: Annotated[
        bool, typer.Option("--layers", help="List every module, not only the audited layers.")
    ] = False,
    write_spec: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a starting spec to this file.")
    ] = None,
    checkpoint: common.Checkpoint = None,
    arch: common.Arch = None,
    strip_prefix: common.StripPrefix = None,
    weights: common.Weights = "spec",
    spec_dir: common.SpecDir = None,
    img_size: common.ImgSize = None,
    allow_code: common.AllowCode = False,
    allow_pickle: common.AllowPickle = False,
    seed: common.Seed = 0,
    debug: common.Debug = False,
) -> None:
    """Show what MODEL resolves to: weights, preprocessing, split, layers with shapes."""
    del debug
    with uncollected():
        from geed_cli.cli.model_request import ModelRequest  # noqa: PLC0415 - --help must not import torch
        from geed_cli.cli.run_inspect import run_inspect  # noqa: PLC0415

    request = ModelRequest(
        model,
        checkpoint,
        arch,
        weights,
        seed,
        spec_dir,
        allow_code,
        img_size,
        allow_pickle,
        tuple(strip_prefix or ()),
    )
    run_inspect(request, write_spec, every=layers)
