"""Converted weights in ``geed cache``: which of them a rule of pruning names, and what is said of them."""

from collections.abc import Sequence
from pathlib import Path

from geed_cli.cache.amounts import bytes_as_text
from geed_cli.cache.prune import PruneRule
from geed_cli.checkpoints.kept_files import StoredWeights, remove_partial, remove_stored, stored_weights
from geed_cli.errors import RunError


def doomed(stored: Sequence[StoredWeights], rule: PruneRule, row_bytes: int) -> tuple[StoredWeights, ...]:
    """The weights that a rule removes: by path, by last use, and by size, before any row is removed for its size.

    Args:
        stored: the last used first.
        rule: of the command line.
        row_bytes: what rows take that the rule does not name anyway; ``max_bytes`` counts them too.
    """
    named = [one for one in stored if _named(one, rule)]
    if rule.max_bytes is None:
        return tuple(named)
    left = rule.max_bytes - row_bytes
    for one in stored:
        if one in named:
            continue
        left -= one.bytes
        if left < 0:
            named.append(one)
    return tuple(named)


def prune_weights(
    cache: Path, rule: PruneRule, row_bytes: int, *, dry_run: bool
) -> tuple[StoredWeights, ...]:
    """Remove what a rule names, unless it is only to be said; the arguments are those of ``doomed``.

    Raises:
        RunError: a file cannot be removed.
    """
    gone = doomed(stored_weights(cache), rule, row_bytes)
    if dry_run:
        return gone
    try:
        remove_stored(cache, gone)
        if rule.everything:
            remove_partial(cache)
    except OSError as error:
        raise RunError(
            f"converted weights could not be removed: {error}",
            expected="a cache that you may change",
            remedy="remove the folder weights-1 by hand",
        ) from error
    return gone


def summary(stored: Sequence[StoredWeights]) -> str:
    """The sum in words: "2 converted weights files, 97.6 MB"."""
    noun = "file" if len(stored) == 1 else "files"
    return f"{len(stored)} converted weights {noun}, {bytes_as_text(sum(one.bytes for one in stored))}"


def as_values(stored: Sequence[StoredWeights]) -> list[dict[str, object]]:
    """For JSON."""
    return [
        {"key": one.key, "made_from": one.made_from, "bytes": one.bytes, "used": one.used} for one in stored
    ]


def _named(one: StoredWeights, rule: PruneRule) -> bool:
    return (
        rule.everything
        or (rule.model is not None and rule.model.casefold() in one.made_from.casefold())
        or (rule.used_before is not None and one.used < rule.used_before)
    )
