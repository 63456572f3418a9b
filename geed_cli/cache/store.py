"""Finished values of earlier runs by key: read in one go, written in one transaction.

A key says everything that the value depends on (``digest``), so that a value never becomes wrong, only unused. Every
value belongs to a network, for ``geed cache list`` and ``prune``; the key alone finds it. Beside the values there are
facts: short texts that spare a run a search, such as the fastest batch size.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from geed_cli.cache.database import PATIENCE_S, Database
from geed_cli.cache.row_bytes import Value, decode, decode_text, encode, encode_text

CHUNK = 500
"""Keys a query: older SQLite allows 999 parameters."""
MOST_FACTS = 2000
"""Those that are kept, the newest: a megabyte at most."""
Stored = tuple[int, bytes, object]
"""Number, key and value as they are in the file."""


@dataclass(frozen=True)
class Network:
    """Whose rows these are.

    Attributes:
        key: what tells it from others, 32 bytes.
        description: how a person knows it, one line.
        details: what else ``geed cache list --json`` shows.
    """

    key: bytes
    description: str
    details: Mapping[str, str]


class RowStore:
    """The cache's values, within ``with``; whatever is wrong with its file, nothing here raises for it.

    Args:
        folder: where the file is, or is to be.
        patience_s: how long to wait for another process.
    """

    def __init__(self, folder: Path, patience_s: float = PATIENCE_S) -> None:
        self._database = Database(folder, patience_s)
        self._networks: dict[bytes, Network] = {}

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
            network = self._networks[network_key] = Network(network_key, description, dict(details))
            self._database.write(lambda connection: _mark_used(connection, network), None)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, Value]:
        """The values of those keys that are stored and unharmed, in any order.

        Returns:
            read-only arrays with the type, shape and bits that were put. A value whose checksum fails is dropped.
        """
        found: dict[bytes, Value] = {}
        harmed: list[int] = []
        for start in range(0, len(keys), CHUNK):
            for number, key, stored in self._stored(keys[start : start + CHUNK]):
                value = decode(key, stored)
                if value is None:
                    harmed.append(number)
                else:
                    found[key] = value
        if harmed:
            self._drop(harmed)
        return found

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

    def fact(self, key: bytes) -> str | None:
        """The fact under a key; None where there is none, or none that is unharmed."""
        found = self._database.read(lambda connection: _select_fact(connection, key), None)
        return None if found is None else decode_text(key, found[0])

    def keep_fact(self, key: bytes, text: str) -> None:
        """Keep a fact as the newest, in place of any under the same key."""
        self._database.write(lambda connection: _insert_fact(connection, key, text), None)

    def _stored(self, keys: Sequence[bytes]) -> list[Stored]:
        return self._database.read(lambda connection: _select(connection, keys), [])

    def _drop(self, numbers: Sequence[int]) -> None:
        self._database.note(
            f"the cache {self._database.path} had rows with wrong checksums; they are made again"
        )
        doomed = [(number,) for number in numbers]
        self._database.write(lambda c: c.executemany("DELETE FROM rows WHERE id = ?", doomed), None)


def _select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[Stored]:
    """Those of the keys that are there."""
    places = ",".join("?" * len(keys))
    return connection.execute(f"SELECT id, key, value FROM rows WHERE key IN ({places})", keys).fetchall()


def _insert(connection: sqlite3.Connection, network: Network, items: Mapping[bytes, NDArray[Any]]) -> None:
    number = _number(connection, network)
    rows: Iterator[tuple[bytes, int, bytes]] = (
        (key, number, encode(key, value)) for key, value in items.items()
    )
    connection.executemany("INSERT OR REPLACE INTO rows (key, network, value) VALUES (?, ?, ?)", rows)


def _select_fact(connection: sqlite3.Connection, key: bytes) -> tuple[object] | None:
    found: tuple[object] | None = connection.execute(
        "SELECT value FROM facts WHERE key = ?", (key,)
    ).fetchone()
    return found


def _insert_fact(connection: sqlite3.Connection, key: bytes, text: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", (key, encode_text(key, text))
    )
    connection.execute(
        "DELETE FROM facts WHERE id NOT IN (SELECT id FROM facts ORDER BY id DESC LIMIT ?)", (MOST_FACTS,)
    )


def _mark_used(connection: sqlite3.Connection, network: Network) -> None:
    number = _number(connection, network)
    described = (network.description, json.dumps(dict(network.details)), time.time(), number)
    connection.execute("UPDATE networks SET description = ?, details = ?, used = ? WHERE id = ?", described)


def _number(connection: sqlite3.Connection, network: Network) -> int:
    """The network's number in the file, given anew where another process has pruned it meanwhile."""
    now = time.time()
    connection.execute(
        "INSERT OR IGNORE INTO networks (key, description, details, created, used) VALUES (?, ?, ?, ?, ?)",
        (network.key, network.description, json.dumps(dict(network.details)), now, now),
    )
    number: int = connection.execute("SELECT id FROM networks WHERE key = ?", (network.key,)).fetchone()[0]
    return number
