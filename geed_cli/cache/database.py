"""The cache's file as the rest of the cache uses it: work is tried, and a failure becomes a note instead of an error.

A damaged file is moved aside and a new one begun, once an opening. One that belongs to somebody else, is locked or
cannot be reached is left alone. Used from the thread that opened it.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from geed_cli.cache.tables import FILE_NAME, DamagedFileError, ForeignFileError, connect

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Identity = tuple[int, int]
"""Device and inode: the same file, whatever it is called."""

PATIENCE_S = 5.0
"""How long to wait for another process; writing the rows of 200 images takes well under a second."""
IMPATIENCE_S = 0.2
"""The same once it was in vain, until something succeeds: a lock that stays must not slow every image down."""
_PAUSE_S = 0.05

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG}
"""The file's content is wrong; it can be moved aside."""
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
"""Another process has it; that may pass."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}
"""No room or no permission to write; what is there can still be read."""


class Database:
    """The file in a folder, which is made where it is missing; open within ``with``."""

    def __init__(self, folder: Path, patience_s: float = PATIENCE_S) -> None:
        self.path = folder / FILE_NAME
        self._patience_s = patience_s
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._writable = True
        self._replaced = False
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was wrong so far, a sentence each, every one once."""
        return tuple(self._notes)

    def note(self, sentence: str) -> None:
        """Add to ``notes``."""
        self._notes[sentence] = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def read(self, work: Work[T], otherwise: T) -> T:
        """What ``work`` returns, or ``otherwise`` where the file does not serve."""
        if self._connection is None:
            return otherwise
        try:
            return work(self._connection)
        except sqlite3.ProgrammingError:
            raise  # a mistake of this program, not of the file
        except sqlite3.Error as error:
            self._failed(error)
            return otherwise

    def write(self, work: Work[T], otherwise: T) -> T:
        """What ``work`` returns, done in one transaction; or ``otherwise``, and then nothing of it was done."""
        if not self._writable:
            return otherwise
        return self.read(lambda connection: self._transaction(connection, work), otherwise)

    def write_if_free(self, work: Work[T], otherwise: T) -> T:
        """As ``write``; where another process has the file, ``otherwise`` without a note: it can wait."""
        return self.if_free(lambda connection: self._transaction(connection, work), otherwise, writes=True)

    def if_free(self, work: Work[T], otherwise: T, *, writes: bool = False) -> T:
        """As ``read``; where another process has the file, ``otherwise`` without a note."""

        def attempt(connection: sqlite3.Connection) -> T:
            try:
                return work(connection)
            except sqlite3.OperationalError as error:
                if _code_of(error) not in _LOCKED:
                    raise
                return otherwise

        return otherwise if writes and not self._writable else self.read(attempt, otherwise)

    def _transaction(self, connection: sqlite3.Connection, work: Work[T]) -> T:
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite has ended it already where the disk is full
                connection.execute("ROLLBACK")
            raise
        self._wait_for(connection, self._patience_s)
        return done

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._identity = _identity_of(self.path)
            self._connection = self._connect()
            self._identity = _identity_of(self.path)
            self._wait_for(self._connection, self._patience_s)
        except (OSError, sqlite3.Error, ForeignFileError, DamagedFileError) as error:
            self._failed(error, opening=True)

    def _connect(self) -> sqlite3.Connection:
        """Try until the patience is over; SQLite does not itself wait while another process makes the file."""
        until = time.monotonic() + self._patience_s
        while True:
            try:
                return connect(self.path, _PAUSE_S)
            except sqlite3.OperationalError as error:
                if _code_of(error) not in _LOCKED or time.monotonic() > until:
                    raise
            time.sleep(_PAUSE_S)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except sqlite3.Error as error:
            self.note(f"the cache {self.path} could not be closed properly ({error})")

    def _failed(self, error: Exception, *, opening: bool = False) -> None:
        """Say what is wrong, and keep of the file what still serves."""
        code = _code_of(error)
        if isinstance(error, DamagedFileError) or code in _DAMAGED:
            self._replace(error)
        elif code in _LOCKED and not opening:
            self.note(
                f"the cache {self.path} is locked by another process: some rows were not read or stored"
            )
            if self._connection is not None:
                self._wait_for(self._connection, min(IMPATIENCE_S, self._patience_s))
        elif code in _FULL and not opening:
            self.note(f"the cache {self.path} takes no more rows ({error}): new ones are not stored")
            self._writable = False
        else:
            self._close()
            why = error.strerror if isinstance(error, OSError) else error
            self.note(f"the cache {self.path} is not used ({why})")

    def _replace(self, error: Exception) -> None:
        """Put a new file in the place of a damaged one."""
        self._close()
        if self._replaced or not self._moved_aside():
            self.note(f"the cache {self.path} is damaged ({error}) and is not used")
            return
        self._replaced = True
        self.note(
            f"the cache {self.path} was damaged ({error}): moved to {aside(self.path).name} and begun anew"
        )
        self._open()

    def _moved_aside(self) -> bool:
        """Rename the damaged file, in place of an earlier one; whether its name is free, or another file's now.

        SQLite's two companions of the file go first: beside a new file they would be applied to it.
        """
        if _identity_of(self.path) != self._identity:
            return True  # another process has put a new one there since
        try:
            for companion in ("-shm", "-wal"):
                self.path.with_name(self.path.name + companion).unlink(missing_ok=True)
            os.replace(self.path, aside(self.path))
        except OSError:
            return False
        return True

    @staticmethod
    def _wait_for(connection: sqlite3.Connection, seconds: float) -> None:
        connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")


def aside(path: Path) -> Path:
    """The name of a damaged file once it is moved aside."""
    return path.with_name(f"{path.name}.corrupt")


def _code_of(error: Exception) -> int | None:
    """SQLite's primary code of an error; None for an error of something else."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF  # the rest is detail


def _identity_of(path: Path) -> Identity | None:
    """Which file that name leads to, None where none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
