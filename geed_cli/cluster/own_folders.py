"""Folders of rows of one audit, each of which one run has at a time; a killed run lets go of its own.

Runs of the same audit at the same time, and equal cells of one sweep, would otherwise count on each other's rows and
clear them away. A run takes all folders that no other has, so that it goes on from what any number of runs left.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from geed_cli.errors import RunError

LOCK = "lock"
"""The file by whose lock a run has a folder."""
PATIENCE_S = 60.0
"""How long to wait for another run to take or clear folders, which is done in milliseconds."""


class OwnFolders:
    """The folders ``first``, ``first.2``, ``first.3`` and so on that no other run has, at least one.

    Args:
        first: the folder's path; made where it is not there.

    Attributes:
        paths: of those that this run has, to the first of which it writes.

    Raises:
        RunError: they cannot be made or locked.
    """

    def __init__(self, first: Path) -> None:
        self._locks = ExitStack()
        self._gate = first.parent / ".lock"
        with self._alone(first.parent):
            self.paths = tuple(self._taken(first))

    def release(self) -> None:
        """Let other runs have them; those in which no rows are go."""
        with self._alone(self._gate.parent):
            self._locks.close()
            for folder in self.paths:
                left = [file.name for file in folder.glob("*")]
                if left == [LOCK]:  # else rows are left, or it was taken away
                    (folder / LOCK).unlink()
                    os.rmdir(folder)
        self.paths = ()

    def _taken(self, first: Path) -> Iterator[Path]:
        there = [folder for folder in first.parent.glob(f"{first.name}.[0-9]*") if folder.is_dir()]
        found = False
        for folder in (first, *sorted(there)):
            if self._locked(folder):
                found = True
                yield folder
        if not found:
            others = (first.with_name(f"{first.name}.{number}") for number in count(2))
            yield next(folder for folder in others if self._locked(folder))

    def _locked(self, folder: Path) -> bool:
        folder.mkdir(exist_ok=True)
        try:
            self._locks.enter_context(FileLock(folder / LOCK, timeout=0))
        except Timeout:
            return False
        return True

    @contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        """While this run takes folders, or clears them, no other does."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._gate, timeout=PATIENCE_S):
                yield
        except (Timeout, OSError) as error:
            why = "another run does not let go of it" if isinstance(error, Timeout) else error.strerror
            raise RunError(
                f"the rows of audits in {folder} could not be locked: {why}",
                expected="permission to write there, and room",
                remedy="--cache-dir with another folder",
            ) from error
