"""The work of ``geed cache``: what is kept of networks' rows and of converted weights, and removing some of it.

Tables go to stdout; what is wrong with the cache's file goes to stderr.
"""

import json as text
import re
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from geed_cli.cache.contents import NetworkUse, bytes_as_text, bytes_in, networks_in, seconds_in
from geed_cli.cache.database import Database, aside
from geed_cli.cache.location import cache_folder
from geed_cli.cache.prune import PruneRule, prune
from geed_cli.cache.tables import FILE_NAME
from geed_cli.checkpoints.kept import KEPT_FOLDER
from geed_cli.checkpoints.kept_files import StoredWeights, remove_partial, remove_stored, stored_weights
from geed_cli.cli.completion.model_names import FILE_NAME as NAMES_FILE
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.errors import InputError, RunError, meant
from geed_cli.pipeline.reuse.pruning import doomed_weights
from geed_cli.report.cells import list_table
from geed_cli.report.console import emit, message_console, plain, result_console


def show_contents(cache_dir: Path | None, json: Path | None) -> None:
    """Print what the cache holds, or write it as JSON."""
    check_outputs(json)
    folder = cache_folder(cache_dir)
    networks, weights = _networks(folder), stored_weights(folder)
    hand_over(
        [(json, lambda: _as_json(folder, networks, weights))],
        lambda: _print(networks, weights, f"in {folder}"),
    )


def prune_rule(
    older_than: str | None, max_size: str | None, model: str | None, *, everything: bool
) -> PruneRule:
    """The options of ``geed cache prune`` as a rule.

    Raises:
        InputError: an age or a size that is none, or nothing was asked for.
    """
    if not (older_than or max_size or model or everything):
        raise InputError(
            "no option says what to remove",
            expected="--older-than, --max-size, --model or --all",
            remedy="geed cache prune --older-than 30d --dry-run",
        )
    return PruneRule(
        everything=everything,
        model=model,
        used_before=None if older_than is None else time.time() - seconds_in(older_than),
        max_bytes=None if max_size is None else bytes_in(max_size),
    )


def remove(rule: PruneRule, cache_dir: Path | None, *, dry_run: bool) -> None:
    """Remove what the rule names and print what went.

    Raises:
        InputError: no network is called so.
        RunError: the cache's file does not serve, or a file cannot be removed.
    """
    folder = cache_folder(cache_dir)
    file = folder / FILE_NAME
    networks = _networks(folder)
    row_bytes = sum(network.bytes for network in networks if not rule.names(network))
    weights = doomed_weights(stored_weights(folder), rule, row_bytes)
    if not dry_run:
        _remove_weights(folder, weights, rule)
    gone = _pruned(file, rule, networks, bool(weights), dry_run=dry_run) if file.exists() else ()
    if rule.everything and not dry_run:
        aside(file).unlink(missing_ok=True)
        (folder / NAMES_FILE).unlink(missing_ok=True)
    _print(gone, weights, "would be removed" if dry_run else "removed")


def _remove_weights(cache: Path, doomed: Sequence[StoredWeights], rule: PruneRule) -> None:
    try:
        remove_stored(cache, doomed)
        if rule.everything:
            remove_partial(cache)
    except OSError as error:
        raise RunError(
            f"converted weights could not be removed: {error}",
            expected="a cache that you may change",
            remedy=f"remove the folder {KEPT_FOLDER} by hand",
        ) from error


def _pruned(
    file: Path, rule: PruneRule, networks: Sequence[NetworkUse], weights_go: bool, *, dry_run: bool
) -> tuple[NetworkUse, ...]:
    """What was removed from the file; that the rule names no network is an error where no weights go either."""
    with Database(file.parent) as database:
        gone = prune(database, rule, dry_run=dry_run)
    _print_notes(database)
    if gone is None:
        raise RunError(
            f"nothing was removed from {file}",
            expected="a cache that you may change and that no other process uses",
            remedy="try again when no audit is running, or remove the file",
        )
    by_model = PruneRule(model=rule.model)
    if rule.model is not None and not weights_go and not any(map(by_model.names, networks)):
        words = [word for each in networks for word in re.findall(r"[\w-]+", each.description)]
        listed = ", ".join(plain(each.description) for each in networks)
        raise InputError(
            f"no network in the cache has {rule.model!r} in its description",
            expected=f"{meant(rule.model, words)}{listed or 'nothing: the cache is empty'}",
            remedy="geed cache list",
        )
    return gone


def _networks(folder: Path) -> tuple[NetworkUse, ...]:
    """The networks in the cache; looking creates no file."""
    if not (folder / FILE_NAME).exists():
        return ()
    with Database(folder) as database:
        networks = networks_in(database)
    _print_notes(database)
    return networks


def _print_notes(database: Database) -> None:
    for note in database.notes:
        message_console().print(f"note: {note}")


def _print(networks: Sequence[NetworkUse], weights: Sequence[StoredWeights], what: str) -> None:
    """A line for each network and kept file, and the sums below; the sums alone where there is none."""
    rows, size = sum(network.rows for network in networks), sum(network.bytes for network in networks)
    totals = [f"{rows} rows, {bytes_as_text(size)}, {what}"]
    if weights:
        files = f"{len(weights)} converted weights file{'s' * (len(weights) != 1)}"
        totals.append(f"{files}, {bytes_as_text(sum(file.bytes for file in weights))}, {what}")
    lines: list[Table | str] = [_table(networks, weights), ""] if networks or weights else []
    emit([*lines, *totals], result_console())


def _table(networks: Sequence[NetworkUse], weights: Sequence[StoredWeights]) -> Table:
    table = list_table("network", "rows", "size", "last used")
    for column in table.columns[1:]:
        column.no_wrap = True
    table.columns[1].justify = table.columns[2].justify = "right"
    for network in networks:
        sizes = str(network.rows), bytes_as_text(network.bytes)
        table.add_row(plain(network.description), *sizes, _when(network.used))
    for file in weights:
        name = f"weights of {plain(Path(file.made_from).name)}"
        table.add_row(name, "", bytes_as_text(file.bytes), _when(file.used))
    return table


def _when(seconds: float) -> str:
    """Local time to the minute."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "unknown"


def _as_json(folder: Path, networks: Sequence[NetworkUse], weights: Sequence[StoredWeights]) -> str:
    """Strict JSON; times are seconds since 1970."""
    listed = [asdict(network) | {"key": network.key.hex()} for network in networks]
    content = {"folder": str(folder), "networks": listed, "weights": [asdict(file) for file in weights]}
    return text.dumps(content, indent=1, allow_nan=False) + "\n"
