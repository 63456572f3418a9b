"""Which converted weights a pruning takes beside rows, and keeping both together below the cache's limit. No torch."""

from collections.abc import Sequence
from pathlib import Path

from geed_cli.cache.contents import bytes_as_text
from geed_cli.cache.database import Database
from geed_cli.cache.limit import LIMIT_VARIABLE, ROOM, cut_rows, rows_size
from geed_cli.cache.prune import PruneRule
from geed_cli.cache.tables import FILE_NAME
from geed_cli.checkpoints.kept_files import StoredWeights, remove_stored, stored_weights


def doomed_weights(stored: Sequence[StoredWeights], rule: PruneRule, row_bytes: int) -> list[StoredWeights]:
    """The weights that a rule removes: by path, by last use, and by size, before any row is removed for its size.

    Args:
        stored: the last used first.
        rule: which.
        row_bytes: what rows take that the rule does not name anyway; ``max_bytes`` counts them too.
    """
    doomed = [file for file in stored if _named(file, rule)]
    if rule.max_bytes is not None:
        left = rule.max_bytes - row_bytes
        for file in (file for file in stored if not _named(file, rule)):
            left -= file.bytes
            if left < 0:
                doomed.append(file)
    return doomed


def keep_below(cache: Path, most: int) -> str | None:
    """Remove what was used longest ago where a cache takes more of the disk than ``most`` bytes.

    Returns:
        a sentence about what went; None where nothing did. What cannot be removed stays for another run.
    """
    stored, file = stored_weights(cache), cache / FILE_NAME
    if sum(each.bytes for each in stored) + rows_size(file) <= most:
        return None
    left = int((1 - ROOM) * most)
    doomed = doomed_weights(stored, PruneRule(max_bytes=left), rows_size(file))
    try:
        remove_stored(cache, doomed)
    except OSError:
        doomed = []
    rows = 0
    if file.exists():
        with Database(cache) as database:
            rows = cut_rows(database, most - sum(each.bytes for each in stored if each not in doomed))
    if not doomed and not rows:
        return None
    return (
        f"{len(doomed)} converted weights file{'s' * (len(doomed) != 1)} and {rows} rows, used longest ago, were "
        f"removed to keep below {bytes_as_text(most)} ({LIMIT_VARIABLE})"
    )


def _named(file: StoredWeights, rule: PruneRule) -> bool:
    return (
        rule.everything
        or (rule.model is not None and rule.model.casefold() in file.made_from.casefold())
        or (rule.used_before is not None and file.used < rule.used_before)
    )
