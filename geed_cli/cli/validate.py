"""``geed validate``: check any file that geed reads or writes, without auditing anything."""

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
        Path,
        typer.Argument(
            metavar="FILE",
            help="A spec, policy, group or set (YAML), or a saved result, track, comparison, gate report or self-test "
            "(JSON).",
        ),
    ],
    *,
    schema_only: Annotated[
        bool, typer.Option("--schema-only", help="Do not build the network to look up layers and split.")
    ] = False,
    arguments: AuditArguments,
    debug: Debug = False,
) -> None:
    """Say which kind of file FILE is, and whether it is valid; a spec with its layers and split."""
    del debug
    from geed_cli.cli.run.validating import describe  # noqa: PLC0415 - --help must stay fast
    from geed_cli.documents.document import unicode_text  # noqa: PLC0415 - as below

    typer.echo(unicode_text(f"{file}: valid: {describe(file, arguments, schema_only=schema_only)}"))
