"""The tables of the cache's file, and the connection through which they are used.

A file is taken for the cache's own only if its application id, version and tables are exactly those written here.
SQL in a stranger's file (views, triggers) thus never runs, and values are plain bytes that nothing unpickles.
"""

import sqlite3
from pathlib import Path

VERSION = 4
FILE_NAME = f"rows-{VERSION}.sqlite"
"""Another layout gets another file, so that old and new versions of geed can take turns."""
APPLICATION_ID = int.from_bytes(b"geed", "big")
MAX_VALUE_BYTES = 64 * 2**20
"""Longest row read or written; an embedding of 2048 float64 has 16 kB. Damaged lengths must not exhaust memory."""

TABLES = (
    "CREATE TABLE networks (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, description TEXT NOT NULL,"
    " details TEXT NOT NULL, created REAL NOT NULL, used REAL NOT NULL)",
    "CREATE TABLE rows (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, network INTEGER NOT NULL,"
    " value BLOB NOT NULL)",
    "CREATE TABLE facts (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)",
)

_GUARDS = (
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA mmap_size=0",  # a file that shrinks while it is mapped ends the process
    "PRAGMA synchronous=NORMAL",  # a power cut may lose the newest rows, never the file
    "PRAGMA wal_autocheckpoint=8000",  # 32 MB: small transactions wait for the disk less often
)
_CREATE_FIRST = (
    "PRAGMA auto_vacuum=INCREMENTAL",  # so that pruning gives room back without writing a second copy
    "PRAGMA journal_mode=WAL",
)


class ForeignFileError(Exception):
    """The file is a database, but not this cache's."""


class DamagedFileError(Exception):
    """The file says that it is this cache's, but its tables are others."""


def connect(path: Path, timeout_s: float) -> sqlite3.Connection:
    """A connection to the cache's file, made where it is missing, with its tables checked.

    ``timeout_s`` is how long one statement waits for another process.

    Raises:
        sqlite3.Error: as SQLite says it.
        ForeignFileError: another program's, or another version's.
        DamagedFileError: the cache's own with other tables.
    """
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        connection.text_factory = _text
        for guard in _GUARDS:
            connection.execute(guard)
        if _marks(connection) == (0, 0) and not _tables(connection):
            _create(connection)
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(stored: bytes) -> str:
    """Text whatever its bytes are: damage must be seen as another text, not end in an error of decoding."""
    return stored.decode("utf-8", errors="replace")


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another process was faster."""
    for setting in _CREATE_FIRST:
        connection.execute(setting)
    connection.execute("BEGIN IMMEDIATE")
    if not _tables(connection):
        for table in TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection) -> None:
    application, version = _marks(connection)
    if application != APPLICATION_ID:
        raise ForeignFileError("it is another program's")
    if version != VERSION:
        raise ForeignFileError(f"it has version {version} of the layout, not {VERSION}")
    if _tables(connection) != sorted(TABLES):
        raise DamagedFileError("its tables are not as they were made")


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    """Application id and version, both 0 in a new file."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _tables(connection: sqlite3.Connection) -> list[str]:
    """How everything in the file was made, sorted; an index that a UNIQUE brings along has no text of its own."""
    made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return sorted(str(text) for (text,) in made)
