"""Taking rows out of the cache: by network, by age, by size. What any of the rules names goes.

Age and order are those of a network's last use. By size the networks used longest ago go first, and of the last of
them only its oldest rows.
"""

import sqlite3
from dataclasses import dataclass, replace

from geed_cli.cache.contents import NetworkUse, measure, sums
from geed_cli.cache.database import Database


@dataclass(frozen=True)
class PruneRule:
    """Which networks a pruning removes.

    Attributes:
        everything: all rows, and all facts.
        model: networks whose description has this in it, upper and lower case alike.
        used_before: networks last used before this time, Unix time.
        max_bytes: as much as it takes until the rest has at most that size.
    """

    everything: bool = False
    model: str | None = None
    used_before: float | None = None
    max_bytes: int | None = None

    def names(self, network: NetworkUse) -> bool:
        """Whether the rule removes the whole network, whatever its size."""
        return (
            self.everything
            or (self.model is not None and self.model.casefold() in network.description.casefold())
            or (self.used_before is not None and network.used < self.used_before)
        )


def prune(database: Database, rule: PruneRule, *, dry_run: bool) -> tuple[NetworkUse, ...] | None:
    """Remove what the rule names and give its room back to the disk; a dry run only says what would go.

    Returns:
        what was (or would be) removed, network by network with its rows and bytes; None if the file could not be
        used, in which case nothing was removed.
    """
    if dry_run:
        return database.read(lambda connection: _doomed(connection, rule), None)
    gone = database.write(lambda connection: _remove(connection, rule), None)
    if gone:
        database.if_free(_shrink, None)
    return gone


def prune_if_free(database: Database, rule: PruneRule) -> tuple[NetworkUse, ...] | None:
    """As ``prune``; that another process has the file, and nothing is removed, is no fault to be noted."""
    nothing: tuple[NetworkUse, ...] | None = None
    gone = database.write_if_free(lambda connection: _remove(connection, rule), nothing)
    database.if_free(_shrink, None)
    return gone


def _remove(connection: sqlite3.Connection, rule: PruneRule) -> tuple[NetworkUse, ...]:
    gone = _doomed(connection, rule)
    if rule.everything:
        connection.execute("DELETE FROM facts")
    connection.execute("DELETE FROM main.rows WHERE id NOT IN (SELECT id FROM temp.sizes)")
    connection.executemany(
        "DELETE FROM networks WHERE key = ? AND id NOT IN (SELECT network FROM temp.sizes)",
        [(network.key,) for network in gone],
    )
    return gone


def _doomed(connection: sqlite3.Connection, rule: PruneRule) -> tuple[NetworkUse, ...]:
    """The rows to remove, by network; the table ``sizes`` is left with those that stay."""
    measure(connection)
    # rows whose network damage has made unknown are of no use to anybody who lists or prunes
    connection.execute("DELETE FROM temp.sizes WHERE network NOT IN (SELECT id FROM networks)")
    before = sums(connection)
    named = {network.key for network in before if rule.names(network)}
    connection.executemany(
        "DELETE FROM temp.sizes WHERE network = (SELECT id FROM networks WHERE key = ?)",
        [(key,) for key in named],
    )
    if rule.max_bytes is not None:  # leave the rows used last, newest first, as far as they fit
        connection.execute(
            "DELETE FROM temp.sizes WHERE id IN (SELECT id FROM (SELECT sizes.id AS id, SUM(bytes) OVER"
            " (ORDER BY used DESC, network, sizes.id DESC) AS together"
            " FROM temp.sizes JOIN networks ON network = networks.id) WHERE together > ?)",
            (rule.max_bytes,),
        )
    left = {network.key: network for network in sums(connection)}
    lost = [
        replace(
            network, rows=network.rows - left[network.key].rows, bytes=network.bytes - left[network.key].bytes
        )
        for network in before
    ]
    # a network that the rule names is listed even if it had no rows
    return tuple(network for network in lost if network.rows or network.key in named)


def _shrink(connection: sqlite3.Connection) -> None:
    """Give free pages back; where another process is reading, a later run does it."""
    connection.executescript("PRAGMA incremental_vacuum")  # ``execute`` stops after the first page
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
