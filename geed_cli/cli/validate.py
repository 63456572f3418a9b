"""``geed validate``: check a spec or a saved result without auditing anything."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug


@guarded
@takes_options(only=("allow_code",))
def validate(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A spec or a policy (.yaml), or a saved result (.json).")
    ],
    *,
    schema_only: Annotated[
        bool, typer.Option("--schema-only", help="Do not build the network to look up layers and split.")
    ] = False,
    arguments: AuditArguments,
    debug: Debug = False,
) -> None:
    """Check FILE: a spec with its layers and split, a policy, or a saved result."""
    del debug
    if file.suffix == ".json":
        from geed_cli.result.file import read_result  # noqa: PLC0415 - --help must stay fast

        result = read_result(file)
        typer.echo(f"{file}: a {result.status} result of {result.model.id}, {len(result.results)} entries")
        return
    from geed_cli.documents.strict_yaml import read_yaml  # noqa: PLC0415

    document = read_yaml(file)
    if isinstance(document.data, dict) and "rules" in document.data:
        from geed_cli.gate.policy import read_policy  # noqa: PLC0415

        typer.echo(f"{file}: a policy with {len(read_policy(file).rules)} rules")
        return
    from geed_cli.models.spec_files import read_spec  # noqa: PLC0415

    spec = read_spec(file)
    if schema_only:
        typer.echo(f"{file}: the keys of this spec are right; its network was not built")
        return
    from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415

    # random weights: a spec can be checked on a machine that has none
    network = ModelRequest(str(file), replace(arguments, weights="random")).load()
    typer.echo(
        f"{file}: a spec of {spec.model.source}:{spec.model.name}; "
        f"{len(network.layers)} layers and the split are in the network; weights were not read"
    )
