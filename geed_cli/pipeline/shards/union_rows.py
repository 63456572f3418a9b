"""Rows from records as statistics see them: columns are gathered one at a time, so that memory holds few of them.

The numbers stay in the files until they are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
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
from geed_cli.rows.column_layout import Layout, layout_of
from geed_cli.rows.tile_record import Record, Shown
from geed_cli.rows.union import RowAt, Union

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


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
            columns = record.networks[network]
            for key in (key for key in layout_of(columns).spans if key[0] == "rounding"):
                found[str(key[1]), key[2]] = float(columns[key].values[0, 0])
            if found:
                break
        return found

    def _rows(self, *, audited: bool) -> dict[str, RowAt]:
        return self.union.audited if audited else self.union.normaliser


def _record_of(image: Shown) -> ImageRecord:
    return ImageRecord(image.path, image.sha256, image.fingerprint)


class Vectors(Sequence[Numbers]):
    """One vector of each image, read when it is asked for.

    Args:
        columns: of each record.
        records: the record of each image.
        places: each image's place there.
    """

    def __init__(self, columns: Sequence[Column], records: Indices, places: Indices) -> None:
        self._columns, self._records, self._places = columns, records, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Numbers: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Numbers]: ...

    def __getitem__(self, place: int | slice) -> Numbers | Sequence[Numbers]:
        if isinstance(place, slice):
            return Vectors(self._columns, self._records[place], self._places[place])
        vector: Numbers = self._columns[self._records[place]].values[self._places[place]]
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
        return (range(len(self.rows)), self._whole(key)) if self._has(key) else self._some(key)

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
    def _records(self) -> Mapping[Record, int]:
        """Each record once, and its number."""
        return {
            record: number for number, record in enumerate(dict.fromkeys(row.record for row in self.rows))
        }

    @cached_property
    def _columns(self) -> Sequence[Columns]:
        return [record.networks[self.network] for record in self._records]

    @cached_property
    def _layouts(self) -> Set[Layout]:
        """How the columns of the records lie, which many have in common."""
        return set(map(layout_of, self._columns))

    @cached_property
    def _record(self) -> Indices:
        """The number of each image's record."""
        return np.array([self._records[row.record] for row in self.rows], dtype=np.intp)

    @cached_property
    def _place(self) -> Indices:
        """The place of each image in its record."""
        return np.array([row.place for row in self.rows], dtype=np.intp)

    @cached_property
    def _begin(self) -> Indices:
        """Where the images of each record begin, when those of all stand one behind the other; then how many."""
        return np.cumsum([0, *(len(record.images) for record in self._records)])

    @cached_property
    def _at(self) -> Indices:
        """Where each image is then."""
        return self._begin[self._record] + self._place

    def _has(self, key: Key) -> bool:
        """Whether every image has a quantity."""
        return all(key in layout.whole for layout in self._layouts)

    def _whole(self, key: Key) -> Array:
        """A quantity that every image has, shape (images, width)."""
        return _together([columns[key] for columns in self._columns])[self._at].astype(np.float64, copy=False)

    def _some(self, key: Key) -> Some | None:
        """A quantity that some images have."""
        if not any(key in layout.spans for layout in self._layouts):
            return None
        held = [(begin, columns[key]) for begin, columns in self._begun if key in columns]
        number = np.full(self._begin[-1], -1)
        holders = np.concatenate([begin + _places(column) for begin, column in held])
        number[holders] = np.arange(len(holders))
        found = number[self._at]
        at = np.flatnonzero(found >= 0)
        if not len(at):
            return None
        return at.tolist(), _together([column for _, column in held])[found[at]].astype(np.float64)

    @property
    def _begun(self) -> Iterator[tuple[int, Columns]]:
        """Where the images of each record begin, and its columns."""
        return zip(self._begin[:-1].tolist(), self._columns, strict=True)

    def _vectors(self, key: Key) -> Held:
        return Vectors([columns[key] for columns in self._columns], self._record, self._place)


def _together(columns: Sequence[Column]) -> NDArray[np.floating[Any]]:
    """The numbers of columns one behind the other."""
    return np.concatenate([column.values for column in columns])


def _places(column: Column) -> Indices:
    """Which images of its record have a quantity."""
    return np.arange(len(column.values)) if column.places is None else np.array(column.places, dtype=np.intp)
