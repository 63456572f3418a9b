"""What went wrong with the cache's file, told apart by what can be done about it."""

import os
import sqlite3
from enum import Enum
from pathlib import Path

from geed_cli.cache.tables import DamagedFileError

Identity = tuple[int, int]
"""Device and inode: the same file, whatever it is called."""


class Fault(Enum):
    """Kinds of failure.

    Attributes:
        DAMAGED: the file's content is wrong; it can be moved aside.
        LOCKED: another process has it; that may pass.
        FULL: no room or no permission to write; what is there can still be read.
        UNUSABLE: anything else; the file is left alone.
    """

    DAMAGED = "damaged"
    LOCKED = "locked"
    FULL = "full"
    UNUSABLE = "unusable"


_KINDS = {
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
    sqlite3.SQLITE_TOOBIG: Fault.DAMAGED,
    sqlite3.SQLITE_BUSY: Fault.LOCKED,
    sqlite3.SQLITE_LOCKED: Fault.LOCKED,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.FULL,
}


def fault_of(error: Exception) -> Fault:
    """The kind of an error that SQLite, the system or ``layout.connect`` raised."""
    if isinstance(error, DamagedFileError):
        return Fault.DAMAGED
    code = getattr(error, "sqlite_errorcode", None)
    return Fault.UNUSABLE if code is None else _KINDS.get(code & 0xFF, Fault.UNUSABLE)  # the rest is detail


def identity_of(path: Path) -> Identity | None:
    """Which file that name leads to, None where none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def aside(path: Path) -> Path:
    """The name of a damaged file once it is moved aside."""
    return path.with_name(f"{path.name}.corrupt")


def move_aside(path: Path, known: Identity | None) -> bool:
    """Rename a damaged file, in place of an earlier one, so that a new one can be begun.

    SQLite's two companions of the file go first: beside a new file they would be applied to it.

    Args:
        path: the file, to which no connection of this process is open.
        known: which file was found damaged; one that another process has put there since is left alone.

    Returns:
        whether the name is free, or leads to another file now.
    """
    if identity_of(path) != known:
        return True
    try:
        for companion in ("-shm", "-wal"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
        os.replace(path, aside(path))
    except OSError:
        return False
    return True
