"""The work of ``geed cache``: tables on stdout, what is wrong with the file on stderr.

Converted weights in ``geed cache``: which of them a rule of pruning names, and what is said of them.
"""

import json as text
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from geed_cli.cache.contents import NetworkUse, bytes_as_text, bytes_in, networks_in, seconds_in
from geed_cli.cache.database import Database, aside
from geed_cli.cache.location import cache_folder
from geed_cli.cache.prune import PruneRule, prune
from geed_cli.cache.tables import FILE_NAME
from geed_cli.checkpoints.kept_files import StoredWeights, remove_partial, remove_stored, stored_weights
from geed_cli.cli.run.listing import make_table
from geed_cli.errors import InputError, RunError
from geed_cli.report.console import emit, message_console, result_console
from geed_cli.report.gate.wording import plain
from geed_cli.result.file import check_writable, write_atomically


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


STDOUT = Path("-")


@dataclass(frozen=True)
class PruneRequest:
    """The options of ``geed cache prune`` as they were typed."""

    older_than: str | None = None
    max_size: str | None = None
    model: str | None = None
    everything: bool = False

    def rule(self, now: float) -> PruneRule:
        """The options as a rule.

        Args:
            now: Unix time.

        Raises:
            InputError: an age or a size that is none, or nothing was asked for.
        """
        if not (self.older_than or self.max_size or self.model or self.everything):
            raise InputError(
                "no option says what to remove",
                expected="--older-than, --max-size, --model or --all",
                remedy="geed cache prune --older-than 30d --dry-run",
            )
        return PruneRule(
            everything=self.everything,
            model=self.model,
            used_before=None if self.older_than is None else now - seconds_in(self.older_than),
            max_bytes=None if self.max_size is None else bytes_in(self.max_size),
        )


def show_contents(cache_dir: Path | None, json: Path | None) -> None:
    """Print what the cache holds, or write it as JSON.

    Raises:
        InputError: a JSON file that cannot be written.
        RunError: the same, found too late.
    """
    if json is not None and json != STDOUT:
        check_writable(json)
    folder = cache_folder(cache_dir)
    networks, weights = _contents(folder), stored_weights(folder)
    if json == STDOUT:
        sys.stdout.write(_as_json(folder, networks, weights))
        return
    if json is not None:
        write_atomically(_as_json(folder, networks, weights), json)
        message_console().print(f"wrote {json}")
    _print(networks, weights, f"in {folder}")


def remove(request: PruneRequest, cache_dir: Path | None, *, dry_run: bool) -> None:
    """Remove what was asked for and print what went.

    Raises:
        InputError: the options are wrong, or no network is called so.
        RunError: the file did not serve.
    """
    rule = request.rule(time.time())
    folder = cache_folder(cache_dir)
    file = folder / FILE_NAME
    known = _contents(folder)
    row_bytes = sum(one.bytes for one in known if not rule.names(one))
    weights = prune_weights(folder, rule, row_bytes, dry_run=dry_run)
    gone = _pruned(file, rule, known, bool(weights), dry_run=dry_run) if file.exists() else ()
    if rule.everything and not dry_run:
        aside(file).unlink(missing_ok=True)
    _print(gone, weights, "would be removed" if dry_run else "removed")


def _pruned(
    file: Path, rule: PruneRule, known: Sequence[NetworkUse], named: bool, *, dry_run: bool
) -> tuple[NetworkUse, ...]:
    """What was removed from an existing file; ``named``: whether the rule has removed something else already."""
    with Database(file.parent) as database:
        gone = prune(database, rule, dry_run=dry_run)
    _tell(database.notes)
    if gone is None:
        raise RunError(
            f"nothing was removed from {file}",
            expected="a cache that you may change and that no other process uses",
            remedy="try again when no audit is running, or remove the file",
        )
    if (
        rule.model is not None
        and not named
        and not any(PruneRule(model=rule.model).names(one) for one in known)
    ):
        raise InputError(
            f"no network in the cache has {rule.model!r} in its description",
            expected=", ".join(plain(one.description) for one in known) or "nothing: the cache is empty",
            remedy="geed cache list",
        )
    return gone


def _contents(folder: Path) -> tuple[NetworkUse, ...]:
    """What the cache holds; looking creates no file."""
    if not (folder / FILE_NAME).exists():
        return ()
    with Database(folder) as database:
        networks = networks_in(database)
    _tell(database.notes)
    return networks


def _tell(notes: Sequence[str]) -> None:
    for note in notes:
        message_console().print(f"note: {note}")


def _print(networks: Sequence[NetworkUse], weights: Sequence[StoredWeights], what: str) -> None:
    """A line for each network and kept file, and the sums below; the sums alone where there is none."""
    rows, size = sum(one.rows for one in networks), sum(one.bytes for one in networks)
    totals = [f"{rows} rows, {bytes_as_text(size)}, {what}"]
    if weights:
        totals.append(f"{summary(weights)}, {what}")
    lines: list[Table | str] = [_table(networks, weights), ""] if networks or weights else []
    emit([*lines, *totals], result_console())


def _table(networks: Sequence[NetworkUse], weights: Sequence[StoredWeights]) -> Table:
    table = make_table("network", "rows", "size", "last used")
    for column in table.columns[1:]:
        column.no_wrap = True
    table.columns[1].justify = table.columns[2].justify = "right"
    for one in networks:
        table.add_row(plain(one.description), str(one.rows), bytes_as_text(one.bytes), _when(one.used))
    for kept in weights:
        name = f"weights of {plain(Path(kept.made_from).name)}"
        table.add_row(name, "", bytes_as_text(kept.bytes), _when(kept.used))
    return table


def _when(seconds: float) -> str:
    """Local time to the minute."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "unknown"


def _as_json(folder: Path, networks: Sequence[NetworkUse], weights: Sequence[StoredWeights]) -> str:
    """Strict JSON; times are seconds since 1970."""
    listed = [
        {
            "key": one.key.hex(),
            "description": one.description,
            "details": dict(one.details),
            "rows": one.rows,
            "bytes": one.bytes,
            "created": one.created,
            "used": one.used,
        }
        for one in networks
    ]
    content = {"folder": str(folder), "networks": listed, "weights": as_values(weights)}
    return text.dumps(content, indent=1, allow_nan=False) + "\n"
