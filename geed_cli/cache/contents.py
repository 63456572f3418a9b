"""What the cache holds, summed for every network; ages and sizes as people write them: 30d, 12h, 2GB, 500 MiB."""

import json
import math
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from geed_cli.cache.database import Database
from geed_cli.errors import InputError

_PAGE, _USED = 4096, 4088
"""Bytes of SQLite's pages, and what of a page rows can fill."""
_ON_ONE_PAGE, _LEAST, _OVERFLOW = 4061, 489, 4092
"""The longest row that has no pages of its own; of a longer one, the least that stays with the others; and what each of
its own pages takes (https://sqlite.org/fileformat2.html#b_tree_pages)."""
_INDEX, _BESIDE = 45, 44
"""A row's part of the index of keys; and what lies beside its value: key, number, network and lengths."""
_SIZES = (
    "DROP TABLE IF EXISTS temp.sizes",
    # a table of its own, because sorting the rows themselves would carry every value along
    "CREATE TEMP TABLE sizes (id INTEGER PRIMARY KEY, network INTEGER, bytes INTEGER)",
    f"""
    INSERT INTO temp.sizes
    WITH
        whole AS (SELECT id, network, length(value) + {_BESIDE} AS n FROM main.rows),
        tails AS (SELECT *, {_LEAST} + (n - {_LEAST}) % {_OVERFLOW} AS tail FROM whole),
        parts AS (
            SELECT *, CASE WHEN n <= {_ON_ONE_PAGE} THEN n WHEN tail <= {_ON_ONE_PAGE} THEN tail ELSE {_LEAST} END
            AS here FROM tails
        )
    SELECT
        id,
        network,
        {_INDEX} + {_PAGE} / ({_USED} / (here + 5)) + {_PAGE} * ((n - here + {_OVERFLOW} - 1) / {_OVERFLOW})
    FROM parts
    """,
)
"""What every row takes of the file: rows that go on one page share it, and as many as fit are on it."""
_SUMS = (
    "SELECT key, description, details, created, used, COUNT(sizes.id), TOTAL(bytes)"
    " FROM networks LEFT JOIN temp.sizes ON network = networks.id GROUP BY networks.id ORDER BY used DESC, networks.id"
)


_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "b": 1}
_BYTES |= {f"{sign}{end}": 1000**power for power, sign in enumerate("kmgt", 1) for end in ("", "b")}
_BYTES |= {f"{sign}ib": 1024**power for power, sign in enumerate("kmgt", 1)}
_UNITS = ("kB", "MB", "GB", "TB")
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]*)", re.ASCII)


@dataclass(frozen=True)
class NetworkUse:
    """One network's share of the cache.

    Attributes:
        description: how a person knows it.
        created: when it came in, Unix time.
        used: when a run last opened the cache for it, Unix time.
        rows: how many.
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

    def summed(connection: sqlite3.Connection) -> tuple[NetworkUse, ...]:
        measure(connection)
        return sums(connection)

    return database.read(summed, ())


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


def seconds_in(text: str) -> float:
    """An age in seconds: a number with s, min, h, d or w.

    Raises:
        InputError: it is written otherwise.
    """
    return _amount(text, _SECONDS, ("age", "a number with s, min, h, d or w", "--older-than 30d"))


def bytes_in(text: str) -> int:
    """A size in bytes: a number with kB, MB, GB, TB (powers of 1000), KiB to TiB (of 1024), or nothing.

    Raises:
        InputError: it is written otherwise.
    """
    return int(_amount(text, _BYTES, ("size", "a number with kB, MB, GB, KiB, MiB or GiB", "--max-size 2GB")))


def bytes_as_text(size: int) -> str:
    """A size as ``bytes_in`` reads it, to three digits: 512 B, 1.25 MB."""
    if size < 1000:
        return f"{size} B"
    power = 1
    while size >= 999.5 * 1000**power and power < len(_UNITS):  # else it would be rounded to 1000 of its unit
        power += 1
    value = size / 1000**power
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[power - 1]}"


def _amount(text: str, units: dict[str, int], wanted: tuple[str, str, str]) -> float:
    matched = _AMOUNT.fullmatch(text.strip().lower())
    if matched is None or matched[2] not in units:
        what, expected, remedy = wanted
        raise InputError(f"{text!r} is no {what}", expected=expected, remedy=remedy)
    return float(matched[1]) * units[matched[2]]
