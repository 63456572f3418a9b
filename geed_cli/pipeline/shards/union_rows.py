"""Rows from records as statistics see them: columns are gathered one at a time, so that memory holds few of them.

The numbers stay in the files until they are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.engine.row import Cell, Control, Rounding, Subject
from geed_cli.images.source import ImageRecord
from geed_cli.measures.held_vectors import Held
from geed_cli.pipeline.entries.columns_of_rows import of_cell, of_control, of_view
from geed_cli.pipeline.entries.row_table import Some, Table
from geed_cli.rows.column import Column, Columns, Key, Numbers
from geed_cli.rows.tile_record import Record, Shown
from geed_cli.rows.union import RowAt, Union

Array = NDArray[np.float64]


@dataclass(frozen=True)
class UnionRows:
    """The rows of a run from a union of records.

    Attributes:
        union: of all its records.
    """

    union: Union

    def subject(self, path: str, *, audited: bool) -> Subject | None:
        """An image that has rows; None where it has none."""
        row = self._rows(audited=audited).get(path)
        if row is None:
            return None
        image = row.image
        partner = None if image.partner is None else _record_of(row.record.images[image.partner])
        return Subject(_record_of(image), audited, image.control, partner=partner, padded=image.padded)

    def table(self, network: int, subjects: Sequence[Subject]) -> Table:
        """The rows that one of the networks has of these images."""
        rows = [self._rows(audited=subject.audited)[subject.path] for subject in subjects]
        return UnionTable(network, tuple(subjects), tuple(rows))

    def rounding(self, network: int) -> Rounding:
        """The floating-point floor of a network, measured on one image; empty where it was not."""
        found: Rounding = {}
        for record in dict.fromkeys(row.record for row in self.union.audited.values()):
            for key, column in record.networks[network].items():
                if key[0] == "rounding":
                    found[str(key[1]), key[2]] = float(column.values[0, 0])
            if found:
                break
        return found

    def _rows(self, *, audited: bool) -> dict[str, RowAt]:
        return self.union.audited if audited else self.union.normaliser


def _record_of(image: Shown) -> ImageRecord:
    return ImageRecord(image.path, image.sha256, image.fingerprint)


class Vectors(Sequence[Numbers]):
    """One vector of each image, read when it is asked for."""

    def __init__(self, columns: Sequence[Column], places: Sequence[int]) -> None:
        self._columns, self._places = columns, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Numbers: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Numbers]: ...

    def __getitem__(self, place: int | slice) -> Numbers | Sequence[Numbers]:
        if isinstance(place, slice):
            return Vectors(self._columns[place], self._places[place])
        vector: Numbers = self._columns[place].values[self._places[place]]
        return vector


@dataclass(frozen=True)
class UnionTable:
    """The rows that one network has of some images.

    Attributes:
        network: the network's number.
        subjects: the images.
        rows: of these, in their order.
    """

    network: int
    subjects: Sequence[Subject]
    rows: Sequence[RowAt]

    def deviations(self, cell: Cell) -> Array:
        """As for ``Table``."""
        return self._whole(of_cell("deviation", cell))

    def control(self, cell: Cell, control: Control) -> Some | None:
        """As for ``Table``."""
        key = of_control(cell, control)
        if all(key in columns and columns[key].places is None for columns in self._columns):
            return range(len(self.rows)), self._whole(key)
        return self._some(key)

    def embeddings(self, view: View) -> Held:
        """As for ``Table``."""
        return self._vectors(of_view("embedding", view))

    def probabilities(self, view: View) -> Held:
        """As for ``Table``."""
        return self._vectors(of_view("probability", view))

    def apart(self, cell: Cell) -> Array | None:
        """As for ``Table``."""
        key = of_cell("apart", cell)
        return self._whole(key)[:, 0] if self._has(key) else None

    def tops(self, view: View) -> Array | None:
        """As for ``Table``."""
        key = of_view("top", view)
        return self._whole(key) if self._has(key) else None

    @cached_property
    def _records(self) -> Sequence[Record]:
        """Each record once."""
        return list(dict.fromkeys(row.record for row in self.rows))

    @cached_property
    def _columns(self) -> Sequence[Columns]:
        return [record.networks[self.network] for record in self._records]

    @cached_property
    def _at(self) -> NDArray[np.intp]:
        """Where each image is, when the images of all records stand one behind the other."""
        begin = dict(
            zip(self._records, np.cumsum([0, *(len(each.images) for each in self._records)]), strict=False)
        )
        return np.array([begin[row.record] + row.place for row in self.rows], dtype=np.intp)

    def _has(self, key: Key) -> bool:
        """Whether every image has a quantity."""
        return all(key in columns and columns[key].places is None for columns in self._columns)

    def _whole(self, key: Key) -> Array:
        """A quantity that every image has, shape (images, width)."""
        together: NDArray[np.floating[Any]] = np.concatenate(
            [columns[key].values for columns in self._columns]
        )
        return together[self._at].astype(np.float64, copy=False)

    def _some(self, key: Key) -> Some | None:
        """A quantity that some images have."""
        holders = {
            (id(record), place): values
            for record, columns in zip(self._records, self._columns, strict=True)
            if key in columns
            for place, values in _by_place(columns[key])
        }
        found = [
            (at, holders[id(row.record), row.place])
            for at, row in enumerate(self.rows)
            if (id(row.record), row.place) in holders
        ]
        if not found:
            return None
        return [at for at, _ in found], np.stack([values for _, values in found]).astype(np.float64)

    def _vectors(self, key: Key) -> Held:
        return Vectors(
            [row.record.networks[self.network][key] for row in self.rows], [row.place for row in self.rows]
        )


def _by_place(column: Column) -> Sequence[tuple[int, Numbers]]:
    places = range(len(column.values)) if column.places is None else column.places
    return list(zip(places, column.values, strict=True))
