"""``geed cache``: where rows and converted weights are kept, which there are, and how to be rid of them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug, Json

cache = typer.Typer(
    help="Show or prune what earlier runs kept: at most 5 GB, or what GEED_CACHE_LIMIT says.",
    no_args_is_help=True,
)

CacheDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="The cache's folder. Default: GEED_CACHE_DIR, else the system's cache folder."
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        metavar="AGE",
        help="Remove networks and weights that were not used for this long, such as 30d or 12h.",
    ),
]
MaxSize = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help="Remove what was used longest ago, until at most this much is left, such as 2GB."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Remove networks with this text in their description, and weights with it in their checkpoint's path.",
    ),
]
Everything = Annotated[
    bool, typer.Option("--all", help="Remove everything, including grid phases and batch sizes.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")]


@cache.command()
@guarded
def path(cache_dir: CacheDir = None, debug: Debug = False) -> None:
    """Print the cache's folder."""
    del debug
    from geed_cli.cache.location import cache_folder  # noqa: PLC0415
    from geed_cli.report.console import write_stdout  # noqa: PLC0415

    write_stdout(os.fsencode(cache_folder(cache_dir)) + b"\n")


@cache.command("list")
@guarded
def list_(cache_dir: CacheDir = None, json: Json = None, debug: Debug = False) -> None:
    """What is kept: each network's rows and each converted weights file, with size and last use."""
    del debug
    from geed_cli.cli.run.cache_contents import show_contents  # noqa: PLC0415 - rich and sqlite only when they are used

    show_contents(cache_dir, json)


@cache.command()
@guarded
def prune(
    *,
    older_than: OlderThan = None,
    max_size: MaxSize = None,
    model: Model = None,
    everything: Everything = False,
    dry_run: DryRun = False,
    cache_dir: CacheDir = None,
    debug: Debug = False,
) -> None:
    """Remove what is kept; what any of the options names goes.

    Example: geed cache prune --older-than 30d --max-size 2GB
    """
    del debug
    from geed_cli.cli.run.cache_contents import prune_rule, remove  # noqa: PLC0415

    remove(prune_rule(older_than, max_size, model, everything=everything), cache_dir, dry_run=dry_run)
