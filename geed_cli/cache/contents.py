"""What the cache holds, summed for every network."""

import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from geed_cli.cache.database import Database

ROW_BYTES = 100
"""What a row takes beside its value: its key twice (table and index), its number, and room that pages leave free.

Measured on 40,000 rows: 89 where all are scalars, 115 where every 25th is an embedding, whose last page is not full."""

_SIZES = (
    "DROP TABLE IF EXISTS temp.sizes",
    # a table of its own, because sorting the rows themselves would carry every value along
    "CREATE TEMP TABLE sizes (id INTEGER PRIMARY KEY, network INTEGER, bytes INTEGER)",
    f"INSERT INTO temp.sizes SELECT id, network, length(value) + {ROW_BYTES} FROM main.rows",
)
_SUMS = (
    "SELECT key, description, details, created, used, COUNT(sizes.id), TOTAL(bytes)"
    " FROM networks LEFT JOIN temp.sizes ON network = networks.id GROUP BY networks.id ORDER BY used DESC, networks.id"
)


@dataclass(frozen=True)
class NetworkUse:
    """One network's share of the cache.

    Attributes:
        key: what tells it from others.
        description: how a person knows it.
        details: what else was said of it.
        created: when it came in, Unix time.
        used: when a run last opened the cache for it, Unix time.
        rows: values.
        bytes: about what they take of the file.
    """

    key: bytes
    description: str
    details: Mapping[str, str]
    created: float
    used: float
    rows: int
    bytes: int


def networks_in(database: Database) -> tuple[NetworkUse, ...]:
    """Every network, the last used first; none where the file does not serve."""
    return database.read(_networks, ())


def _networks(connection: sqlite3.Connection) -> tuple[NetworkUse, ...]:
    measure(connection)
    return sums(connection)


def measure(connection: sqlite3.Connection) -> None:
    """Make the temporary table ``sizes``: number, network and bytes of every row."""
    for statement in _SIZES:
        connection.execute(statement)


def sums(connection: sqlite3.Connection) -> tuple[NetworkUse, ...]:
    """The networks with what ``sizes`` says of them, the last used first."""
    return tuple(
        NetworkUse(
            key if isinstance(key, bytes) else b"",
            str(name),
            _details(details),
            _moment(created),
            _moment(used),
            rows,
            int(size),
        )
        for key, name, details, created, used, rows, size in connection.execute(_SUMS)
    )


def _moment(seconds: object) -> float:
    """A time as it was written; long ago where damage has left no time."""
    return float(seconds) if isinstance(seconds, int | float) and math.isfinite(seconds) else 0.0


def _details(text: str) -> Mapping[str, str]:
    """The details as they were given; nothing where damage has left no such thing."""
    try:
        details = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in details.items()} if isinstance(details, dict) else {}
