"""Rows of earlier runs by key, named numbers or a vector each: read in one go, written in one transaction.

Key and name together say everything that a number depends on, so that none ever becomes wrong, only unused. Every
row belongs to a network, for ``geed cache list`` and ``prune``; the key alone finds it. Beside the rows there are
facts: short texts that spare a run a search, such as the fastest batch size.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from geed_cli.cache.database import PATIENCE_S, Database
from geed_cli.cache.limit import DEFAULT_LIMIT, ROOM, cut_rows, rows_size
from geed_cli.cache.row_bytes import Content, Numbers, decode, decode_text, encode, encode_text

_Stored = tuple[int, bytes, object]
"""Number, key and bytes of a row."""
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
    """The cache's rows, within ``with``; whatever is wrong with its file, nothing here raises for it.

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

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, Content]:
        """The rows of those keys that are stored and unharmed, in any order.

        Returns:
            what was put, bit for bit. A row whose checksum fails is dropped.
        """
        rows: dict[bytes, Content] = {}
        harmed: list[tuple[int]] = []
        nothing: list[_Stored] = []
        for number, key, stored in self._database.read(lambda c: list(_stored(c, keys)), nothing):
            row = decode(key, stored)
            if row is None:
                harmed.append((number,))
            else:
                rows[key] = row
        if harmed:
            self._database.note(
                f"the cache {self._database.path} had rows with wrong checksums; they are made again"
            )
            self._database.write(lambda c: c.executemany("DELETE FROM rows WHERE id = ?", harmed), None)
        return rows

    def put_many(self, network_key: bytes, items: Mapping[bytes, Content]) -> None:
        """Store rows, all or none of them; numbers beside those of the same rows, in place of any of the same names.

        Args:
            network_key: a registered network's.
            items: by the key of the row.

        Raises:
            KeyError: the network is not registered.
            TypeError: a vector is none, as for ``encode``.
            ValueError: numbers are none, as for ``encode``.
        """
        network = self._networks[network_key]
        if items:
            self._database.write(lambda connection: _insert(connection, network, items), None)
            self._keep_below()

    def forget(self, network_key: bytes) -> None:
        """Take all rows of a network out."""
        key = "(SELECT id FROM networks WHERE key = ?)"
        self._database.write(
            lambda connection: connection.execute(f"DELETE FROM rows WHERE network = {key}", [network_key]),
            None,
        )

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
        query = "SELECT value FROM facts WHERE key = ?"
        stored = self._database.read(lambda c: c.execute(query, [key]).fetchone(), None)
        return None if stored is None else decode_text(key, stored[0])

    def keep_fact(self, key: bytes, text: str) -> None:
        """Keep a fact as the newest, in place of any under the same key."""
        self._database.write(lambda connection: _insert_fact(connection, key, text), None)


def _stored(connection: sqlite3.Connection, keys: Sequence[bytes]) -> Iterator[_Stored]:
    """The rows of these keys that there are."""
    for start in range(0, len(keys), KEYS_PER_QUERY):
        some = keys[start : start + KEYS_PER_QUERY]
        query = f"SELECT id, key, value FROM rows WHERE key IN ({','.join('?' * len(some))})"
        yield from connection.execute(query, some).fetchall()


def _insert(connection: sqlite3.Connection, network: _Network, items: Mapping[bytes, Content]) -> None:
    number = _number(connection, network)
    rows = ((key, number, encode(key, _grown(connection, key, content))) for key, content in items.items())
    connection.executemany("INSERT OR REPLACE INTO rows (key, network, value) VALUES (?, ?, ?)", rows)


def _grown(connection: sqlite3.Connection, key: bytes, content: Content) -> Content:
    """Numbers beside those that their row has; a vector as it is."""
    if isinstance(content, Numbers):
        for _, _, stored in _stored(connection, [key]):
            before = decode(key, stored)
            return content.beside(before) if isinstance(before, Numbers) else content
    return content


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
