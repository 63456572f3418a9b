"""The row files of an audit on a cluster: one for each kind of machine, written as rows come in."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from geed_cli.cluster.tile_job import TileRows
from geed_cli.rows.row_file import SUFFIX, RowFile
from geed_cli.rows.row_folder import machine_text, read_rows, union_of
from geed_cli.rows.union import Union

NAME = "cluster"
"""What the names of the row files begin with."""


class KeptRows:
    """Row files in a folder; nothing of them stays in memory.

    Args:
        folder: of the row files.
        recipe: everything but the image that determines a row.
        precision: the floating type of the run.
    """

    def __init__(self, folder: Path, recipe: Mapping[str, str], precision: str) -> None:
        self._folder, self._recipe, self._precision = folder, recipe, precision
        self._files: dict[str, RowFile] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, rows: TileRows) -> None:
        """Write what a worker made.

        Raises:
            RunError: there is no room.
        """
        machine = machine_text(rows.machine)
        if machine not in self._files:
            file = RowFile(self._folder, NAME, self._recipe, rows.machine)
            self._files[machine] = self._stack.enter_context(file)
        for record in rows.records:
            self._files[machine].append(record)

    def union(self) -> Union:
        """All rows that the folder has of this audit, of earlier runs as well."""
        return union_of(read_rows(self._folder, self._recipe), self._precision)

    def discard(self) -> None:
        """Take the rows of this run away, since they are not to be used."""
        for file in self._files.values():
            file.discard()

    def clear(self) -> None:
        """Take all row files of this audit away, since its result is there."""
        for stored in read_rows(self._folder, self._recipe):
            stored.path.unlink(missing_ok=True)
        if self._folder.is_dir() and not any(self._folder.glob(f"*{SUFFIX}")):
            os.rmdir(self._folder)
