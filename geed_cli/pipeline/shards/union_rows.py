"""Rows from records as statistics see them: columns are gathered one at a time, so that memory holds few of them.

The numbers stay in the files until they are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.engine.row import Cell, Control, Rounding, Subject
from geed_cli.errors import InputError
from geed_cli.images.source import ImageRecord
from geed_cli.measures.held_vectors import Held
from geed_cli.pipeline.entries.columns_of_rows import of_cell, of_control, of_view
from geed_cli.pipeline.entries.row_table import Some, Table
from geed_cli.rows.column import Key, Numbers
from geed_cli.rows.column_layout import layout_of
from geed_cli.rows.quantities import Quantities
from geed_cli.rows.tile_record import Shown
from geed_cli.rows.union import RowAt, Union

Array = NDArray[np.float64]
MOST_OUTPUTS = 2**31
"""Classes, where nobody says how many there are."""


@dataclass(frozen=True)
class UnionRows:
    """The rows of a run from a union of records.

    Attributes:
        union: of all its records.
        outputs: how many classes each network tells apart, where that is known.
    """

    union: Union
    outputs: Sequence[int] = ()

    def subjects(self, paths: Sequence[str], *, audited: bool) -> list[Subject]:
        """As for ``KeptRows``."""
        found = map(self._rows(audited=audited).get, paths)
        return [_subject(row, audited=audited) for row in found if row is not None]

    def table(self, network: int, subjects: Sequence[Subject]) -> Table:
        """The rows that one of the networks has of these images."""
        found = self._rows(audited=not subjects or subjects[0].audited)
        rows = [found[subject.record.path] for subject in subjects]
        columns = [row.record.networks[network] for row in rows]
        quantities = Quantities(columns, [row.place for row in rows])
        return UnionTable(subjects, quantities, self.outputs[network] if self.outputs else None)

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


def _subject(row: RowAt, *, audited: bool) -> Subject:
    image = row.record.images[row.place]
    partner = None if image.partner is None else _record_of(row.record.images[image.partner])
    return Subject(_record_of(image), audited, image.control, partner=partner, padded=image.padded)


def _record_of(image: Shown) -> ImageRecord:
    return ImageRecord(image.path, image.sha256, image.fingerprint)


@dataclass(frozen=True, eq=False)
class Vectors(Sequence[Numbers]):
    """One vector of each image, read when it is asked for.

    Attributes:
        quantities: of the images.
        key: which of them.
    """

    quantities: Quantities
    key: Key

    def __len__(self) -> int:
        return len(self.quantities)

    @overload
    def __getitem__(self, place: int) -> Numbers: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Numbers]: ...

    def __getitem__(self, place: int | slice) -> Numbers | Sequence[Numbers]:
        if isinstance(place, slice):
            return self.quantities.at(self.key, place)
        vector: Numbers = self.quantities.at(self.key, slice(place, place + 1))[0]
        return vector


@dataclass(frozen=True)
class UnionTable:
    """The rows that one network has of some images.

    Attributes:
        subjects: the images.
        quantities: of these, in their order.
        outputs: how many classes the network tells apart; None where that is not known.
    """

    subjects: Sequence[Subject]
    quantities: Quantities
    outputs: int | None = None

    def deviations(self, cell: Cell) -> Array:
        """As for ``Table``."""
        return self.quantities.whole(of_cell("deviation", cell))

    def control(self, cell: Cell, control: Control) -> Some | None:
        """As for ``Table``."""
        key = of_control(cell, control)
        if self.quantities.has(key):
            return range(len(self.quantities)), self.quantities.whole(key)
        found = self.quantities.some(key)
        return None if found is None else (found[0].tolist(), found[1])

    def embeddings(self, view: View) -> Held:
        """As for ``Table``."""
        return Vectors(self.quantities, of_view("embedding", view))

    def probabilities(self, view: View) -> Held:
        """As for ``Table``."""
        return Vectors(self.quantities, of_view("probability", view))

    def apart(self, cell: Cell) -> Array | None:
        """As for ``Table``."""
        key = of_cell("apart", cell)
        return self.quantities.whole(key)[:, 0] if self.quantities.has(key) else None

    def tops(self, view: View) -> Array | None:
        """As for ``Table``."""
        key = of_view("top", view)
        if not self.quantities.has(key):
            return None
        tops = self.quantities.whole(key)
        if not _are_tops(tops, self.outputs or MOST_OUTPUTS):
            raise InputError(
                "row files with a top class that the network does not have",
                expected="rows that geed wrote of this network",
                remedy="take away the row files that geed did not write, and run those shards again",
            )
        return tops


def _are_tops(tops: Array, outputs: int) -> bool:
    """Whether these are places of classes and their probabilities."""
    if tops.shape[1] != 2 or not np.isfinite(tops).all():
        return False
    place, probability = tops.T
    return bool(
        ((place >= 0) & (place < outputs) & (place == np.floor(place))).all()
        and ((probability >= 0) & (probability <= 1)).all()
    )
