"""``geed merge``: one result of the parts that ``geed audit --shard`` made."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug, Json, Linear, Quiet, Verbose, view_of
from geed_cli.cli.startup import uncollected

PartFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="PART", help="The parts, FILE.json of 'geed audit … --shard I/N --json FILE.json'."
    ),
]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Run the code that the parts' spec names.")]
AllowPickle = Annotated[
    bool, typer.Option("--allow-pickle", help="Read a checkpoint that is a pickle, and may run code.")
]


@guarded
def merge(
    parts: PartFiles,
    *,
    json: Json = None,
    allow_code: AllowCode = False,
    allow_pickle: AllowPickle = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
    debug: Debug = False,
) -> None:
    """Put the PARTs of an audit together: the result that one process would have made, to the last digit.

    Shows nothing to the network, but loads it, and lists the pictures, for what the result says of both. Parts that
    lack are named with their commands (exit 3), and parts of another audit refused (exit 2).

    Example: geed merge part*.json --json all.json
    """
    del debug  # read by the guard
    with uncollected():
        from geed_cli.cli.shards.merging import MergeRequest, run_merge  # noqa: PLC0415 - --help must not import torch

    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    run_merge(MergeRequest(tuple(parts), json, allow_code, allow_pickle), view)
