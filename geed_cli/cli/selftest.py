"""``geed selftest``: does this installation, on this machine, find the answers that are known?"""

import os
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.guard import DEBUG_VARIABLE, guarded
from geed_cli.cli.panels import RUN, Debug, Json, Linear, Quiet, Verbose, view_of
from geed_cli.cli.startup import uncollected
from geed_cli.pipeline.options import ExactPrecision, RunOptions


@guarded
@takes_options(only=("device",))
def selftest(
    *,
    arguments: AuditArguments,
    precision: Annotated[
        ExactPrecision, typer.Option(help="Floating type of the network.", rich_help_panel=RUN)
    ] = "fp32",
    json: Json = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
    debug: Debug = False,
) -> None:
    """Measure answers that are known by theorem on this machine and print them beside what was expected.

    Takes less than a minute and needs no network and no data. Exit codes: 0 all as expected; 1 something is not;
    2 bad input; 3 could not run.

    Example: geed selftest --device cuda
    """
    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    with uncollected():
        from geed_cli.cli.run.selftesting import print_answers  # noqa: PLC0415 - --help must not import torch

    run = RunOptions(arguments.device, precision=precision)
    raise typer.Exit(print_answers(run, json, view, debug=debug or DEBUG_VARIABLE in os.environ))
