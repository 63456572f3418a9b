"""The row files of an audit on a cluster: one for each kind of machine, written as rows come in."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from geed_cli.cluster.own_folders import OwnFolders
from geed_cli.cluster.tile_job import TileRows
from geed_cli.errors import RunError
from geed_cli.rows.row_file import SUFFIX, RowFile
from geed_cli.rows.row_folder import machine_text, read_rows, union_of
from geed_cli.rows.union import Union

NAME = "cluster"
"""What the names of the row files begin with."""


class KeptRows:
    """Row files in folders of this run's own; nothing of them stays in memory.

    Args:
        first: the audit's folder, beside which further ones are made where another run has it.
        recipe: everything but the image that determines a row.
        precision: the floating type of the run.

    Attributes:
        folder: to which this run writes.

    Raises:
        RunError: there is no room, or no permission to write.
    """

    def __init__(self, first: Path, recipe: Mapping[str, str], precision: str) -> None:
        self._recipe, self._precision = recipe, precision
        self._own = OwnFolders(first)
        self.folder = self._own.paths[0]
        self._files: dict[str, RowFile] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._own.release()

    def add(self, rows: TileRows) -> None:
        """Write what a worker made.

        Raises:
            RunError: there is no room.
        """
        machine = machine_text(rows.machine)
        if machine not in self._files:
            file = RowFile(self.folder, NAME, self._recipe, rows.machine)
            self._files[machine] = self._stack.enter_context(file)
        for record in rows.records:
            self._files[machine].append(record)

    def union(self) -> Union:
        """All rows that the folders have of this audit, of earlier runs as well.

        Raises:
            RunError: a file that this run wrote is gone.
        """
        for file in self._files.values():
            if not file.path.exists():
                raise RunError(
                    f"the rows in {file.path} are gone",
                    expected="rows that stay in the cache until their result is there",
                    remedy="the same command again; clear the cache when nothing runs",
                )
        stored = [each for folder in self._own.paths for each in read_rows(folder, self._recipe)]
        return union_of(stored, self._precision)

    def discard(self) -> None:
        """Take the rows of this run away, since they are not to be used."""
        for file in self._files.values():
            file.discard()

    def clear(self) -> None:
        """Take all row files away that this run has, since the audit's result is there."""
        self._stack.close()
        for folder in self._own.paths:
            for file in folder.glob(f"*{SUFFIX}"):
                file.unlink()
