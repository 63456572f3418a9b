"""``geed inspect``: what a model name resolves to, its split, its layers with their shapes."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import MODEL_OPTIONS, AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug, Linear, ModelName, Quiet, Verbose, view_of
from geed_cli.cli.startup import uncollected


@guarded
@takes_options(only=MODEL_OPTIONS)
def inspect(
    model: ModelName = None,
    *,
    layers: Annotated[
        bool, typer.Option("--layers", help="List every module, not only the audited layers.")
    ] = False,
    write_spec: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a starting spec to this file.")
    ] = None,
    arguments: AuditArguments,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
    debug: Debug = False,
) -> None:
    """Say whether MODEL can be audited, and what it resolves to: weights, preprocessing, split, layers with shapes."""
    del debug
    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    with uncollected():
        from geed_cli.cli.run.inspecting import run_inspect  # noqa: PLC0415 - --help must not import torch
        from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415

    run_inspect(ModelRequest(model, arguments), write_spec, every=layers, view=view)
