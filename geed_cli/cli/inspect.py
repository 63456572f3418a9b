"""``geed inspect``: what a model name resolves to, its split, its layers with their shapes."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import MODEL_OPTIONS, AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug, ModelName
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
    debug: Debug = False,
) -> None:
    """Show what MODEL resolves to: weights, preprocessing, split, layers with shapes."""
    del debug
    with uncollected():
        from geed_cli.cli.run.inspecting import run_inspect  # noqa: PLC0415 - --help must not import torch
        from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415

    run_inspect(ModelRequest(model, arguments), write_spec, every=layers)
