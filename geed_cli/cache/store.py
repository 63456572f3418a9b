"""Finished values of earlier runs by key: read in one go, written in one transaction.

A key says everything that the value depends on (``digest``), so that a value never becomes wrong, only unused. Every
value belongs to a network, for ``geed cache list`` and ``prune``; the key alone finds it. Beside the values there are
facts: short texts that spare a run a search, such as the fastest batch size.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from numpy.typing import NDArray

from geed_cli.cache.database import PATIENCE_S, Database
from geed_cli.cache.limit import DEFAULT_LIMIT, ROOM, cut_rows, rows_size
from geed_cli.cache.row_bytes import Value, decode, decode_text, encode, encode_text

KEYS_PER_QUERY = 500
"""Older SQLite allows 999 parameters."""
MOST_FACTS = 2000
"""Those that are kept, the newest: a megabyte at most."""


class _Network(NamedTuple):
    """Whose rows these are: a key of 32 bytes, one line for people, and details as JSON."""

    key: bytes
    description: str
    details: str


class RowStore:
    """The cache's values, within ``with``; whatever is wrong with its file, nothing here raises for it.

    Args:
        folder: where the file is, or is to be.
        patience_s: how long to wait for another process.
        most_bytes: what the file may take of the disk; rows used longest ago go for new ones.
    """

    def __init__(self, folder: Path, patience_s: float = PATIENCE_S, most_bytes: int = DEFAULT_LIMIT) -> None:
        self._database = Database(folder, patience_s)
        self._most_bytes = self._cut_at = most_bytes
        self._networks: dict[bytes, _Network] = {}

    def __enter__(self) -> Self:
        self._database.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.__exit__(kind, error, trace)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was wrong with the file so far, a sentence each; for stderr, at the end of the run."""
        return self._database.notes

    def register(self, network_key: bytes, description: str, details: Mapping[str, str]) -> None:
        """Name a network, before its rows are put, and mark it as used now; once an opening, then it costs nothing."""
        if network_key not in self._networks:
            network = _Network(network_key, description, json.dumps(dict(details)))
            self._networks[network_key] = network
            self._database.write(lambda connection: _mark_used(connection, network), None)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, Value]:
        """The values of those keys that are stored and unharmed, in any order.

        Returns:
            read-only arrays with the type, shape and bits that were put. A value whose checksum fails is dropped.
        """
        values: dict[bytes, Value] = {}
        harmed: list[tuple[int]] = []
        for start in range(0, len(keys), KEYS_PER_QUERY):
            some = keys[start : start + KEYS_PER_QUERY]
            query = f"SELECT id, key, value FROM rows WHERE key IN ({','.join('?' * len(some))})"
            for number, key, stored in self._query(query, some):
                value = decode(key, stored)
                if value is None:
                    harmed.append((number,))
                else:
                    values[key] = value
        if harmed:
            self._database.note(
                f"the cache {self._database.path} had rows with wrong checksums; they are made again"
            )
            self._database.write(lambda c: c.executemany("DELETE FROM rows WHERE id = ?", harmed), None)
        return values

    def put_many(self, network_key: bytes, items: Mapping[bytes, NDArray[Any]]) -> None:
        """Store values, all or none of them, in place of any under the same keys.

        Args:
            network_key: a registered network's.
            items: key → float64 or float32 scalar or vector.

        Raises:
            KeyError: the network is not registered.
            TypeError: a value is no such array.
        """
        network = self._networks[network_key]
        if items:
            self._database.write(lambda connection: _insert(connection, network, items), None)
            self._keep_below()

    def _keep_below(self) -> None:
        """Cut the file where it has passed its limit, and not again before it has grown by a part of it."""
        if rows_size(self._database.path) <= self._cut_at:
            return
        cut_rows(self._database, self._most_bytes)
        self._cut_at = max(
            self._most_bytes, rows_size(self._database.path) + int(ROOM * self._most_bytes / 2)
        )

    def fact(self, key: bytes) -> str | None:
        """The fact under a key; None where there is none, or none that is unharmed."""
        stored = self._query("SELECT value FROM facts WHERE key = ?", [key])
        return decode_text(key, stored[0][0]) if stored else None

    def keep_fact(self, key: bytes, text: str) -> None:
        """Keep a fact as the newest, in place of any under the same key."""
        self._database.write(lambda connection: _insert_fact(connection, key, text), None)

    def _query(self, query: str, keys: Sequence[bytes]) -> list[tuple[Any, ...]]:
        return self._database.read(lambda connection: connection.execute(query, keys).fetchall(), [])


def _insert(connection: sqlite3.Connection, network: _Network, items: Mapping[bytes, NDArray[Any]]) -> None:
    number = _number(connection, network)
    rows = ((key, number, encode(key, value)) for key, value in items.items())
    connection.executemany("INSERT OR REPLACE INTO rows (key, network, value) VALUES (?, ?, ?)", rows)


def _insert_fact(connection: sqlite3.Connection, key: bytes, text: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", (key, encode_text(key, text))
    )
    connection.execute(
        "DELETE FROM facts WHERE id NOT IN (SELECT id FROM facts ORDER BY id DESC LIMIT ?)", (MOST_FACTS,)
    )


def _mark_used(connection: sqlite3.Connection, network: _Network) -> None:
    number = _number(connection, network)
    described = (network.description, network.details, time.time(), number)
    connection.execute("UPDATE networks SET description = ?, details = ?, used = ? WHERE id = ?", described)


def _number(connection: sqlite3.Connection, network: _Network) -> int:
    """The network's number in the file, given anew where another process has pruned it meanwhile."""
    now = time.time()
    connection.execute(
        "INSERT OR IGNORE INTO networks (key, description, details, created, used) VALUES (?, ?, ?, ?, ?)",
        (*network, now, now),
    )
    number: int = connection.execute("SELECT id FROM networks WHERE key = ?", (network.key,)).fetchone()[0]
    return number
