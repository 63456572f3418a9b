"""How large the cache may become, and cutting its file to less: what was used longest ago goes first."""

import os
from pathlib import Path

from geed_cli.cache.contents import bytes_in
from geed_cli.cache.database import Database
from geed_cli.cache.prune import PruneRule, prune_if_free
from geed_cli.errors import InputError

LIMIT_VARIABLE = "GEED_CACHE_LIMIT"
DEFAULT_LIMIT = 5 * 10**9
ROOM = 0.1
"""Part of the limit that is free after cutting, so that not every run has to."""
_TRIES = 4


def cache_limit() -> int:
    """The most bytes that the cache keeps: the environment's GEED_CACHE_LIMIT where it is not empty, else 5 GB.

    Raises:
        InputError: it is no size.
    """
    text = os.environ.get(LIMIT_VARIABLE)
    if not text:
        return DEFAULT_LIMIT
    try:
        return bytes_in(text)
    except InputError as error:
        raise InputError(
            f"{LIMIT_VARIABLE}: {error.found}", expected=error.expected, remedy=f"{LIMIT_VARIABLE}=5GB"
        ) from error


def rows_size(file: Path) -> int:
    """What the cache's file and its log take of the disk."""
    sizes = 0
    for path in (file, file.with_name(f"{file.name}-wal")):
        try:
            sizes += path.stat().st_size
        except OSError:  # there is none, or it has just gone
            continue
    return sizes


def cut_rows(database: Database, most: int) -> int:
    """Remove the rows used longest ago until the file takes less than ``most`` bytes of the disk; how many went.

    Where another process writes, nothing is done: its own run, or the next, does it.
    """
    removed, target = 0, (1 - ROOM) * max(most, 0)
    for _ in range(_TRIES):
        gone = prune_if_free(database, PruneRule(max_bytes=int(target)))
        removed += sum(network.rows for network in gone or ())
        size = rows_size(database.path)
        if gone is None or size <= most:
            break
        target *= (1 - ROOM) * most / size  # how rows fill pages depends on their length
    return removed
