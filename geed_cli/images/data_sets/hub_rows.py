"""Reads the rows of a Hugging Face data set: the bytes of single pictures, which are decoded here as files are."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from geed_cli.choices import ImageSource
from geed_cli.images.candidates import Listing
from geed_cli.images.data_sets.row_columns import Columns
from geed_cli.images.labels_by_index import LabelsByIndex, index_names, is_index
from geed_cli.images.picture import ImageRefused
from geed_cli.images.reader import Encoded
from geed_cli.images.regular_file import read_regular

Rows = Any
"""A ``datasets.Dataset``, whose library may be missing."""


@dataclass(frozen=True)
class Origin:
    """Where rows are from.

    Attributes:
        split: as the data set calls it; None where it has no splits.
        revision: the commit of the hub; None of a folder.
        folders: below which files may lie that rows name in place of bytes.
    """

    split: str | None
    revision: str | None
    folders: tuple[Path, ...]


@final
class HubRows(Encoded):
    """The reader of a data set's pictures, which are called by the index of their row.

    Args:
        rows: of one split.
        columns: which of them are read.
        origin: where they are from.
    """

    source: ClassVar[ImageSource] = "hfds"

    def __init__(self, rows: Rows, columns: Columns, origin: Origin) -> None:
        self._folders = tuple(Path(os.path.realpath(folder)) for folder in origin.folders)
        self._pictures: Callable[[int], Any] = _cells(rows, columns.image)
        names = index_names(len(rows))
        said = {}
        if columns.label is not None:
            cells, classes = _cells(rows, columns.label), columns.classes
            said["label"] = LabelsByIndex(names, lambda index: _label(cells(index), classes))
        self.listing = Listing(
            names,
            (),
            said,
            revision=origin.revision,
            classes=columns.classes,
            split=origin.split,
            fields=tuple(rows.column_names),
        )

    def encoded(self, name: str) -> bytes:
        """The bytes of a picture.

        Raises:
            ImageRefused: there is no such row, or it has no picture.
        """
        if not is_index(name, len(self.listing.candidates)):
            raise ImageRefused("it is not in the data set")
        cell = self._pictures(int(name))
        if isinstance(cell, bytes):
            return cell
        found = cell or {}
        if isinstance(found.get("bytes"), bytes):
            data: bytes = found["bytes"]
            return data
        if not isinstance(found.get("path"), str):
            raise ImageRefused("the row has no picture")
        return self._file(found["path"])

    def _file(self, path: str) -> bytes:
        """The bytes of a file that a row names, which has to lie where the data set does."""
        for folder in self._folders:
            real = Path(os.path.realpath(folder / path))
            if real.is_relative_to(folder):
                return read_regular(real)
        raise ImageRefused("the row names a file outside of the data set, and has no bytes")


def _cells(rows: Rows, column: str) -> Callable[[int], Any]:
    """What gives the value of a column in a row, which alone is read."""
    values = rows.data.column(column)
    return lambda index: values[index].as_py()


def _label(value: object, classes: Sequence[str]) -> str:
    """A label as text; empty where the row has none, which a class label says by -1."""
    if value is None or (classes and value == -1):
        return ""
    if classes and isinstance(value, int) and value < len(classes):
        return classes[value]
    return str(int(value)) if isinstance(value, int) else str(value)
