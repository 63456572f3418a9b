"""How the columns of a network lie behind one another in a record, which most records of a run have in common."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geed_cli.rows.column import Column, Columns, Key

TYPES = ("<f4", "<f8")


@dataclass(frozen=True)
class Span:
    """Where the numbers of one quantity are.

    Attributes:
        start: their first byte, from the first of the network's.
        kind: one of ``TYPES``.
        shape: (images that have it, width).
        places: which images of the tile these are, ascending; None where all of them are.
    """

    start: int
    kind: np.dtype[Any]
    shape: tuple[int, int]
    places: tuple[int, ...] | None

    @property
    def stop(self) -> int:
        """The byte behind their last."""
        return self.start + math.prod(self.shape) * self.kind.itemsize


@dataclass(frozen=True, eq=False)
class Layout:
    """The columns of a network in a record.

    Attributes:
        spans: by quantity, in their order.
        size: bytes of all.
    """

    spans: Mapping[Key, Span]
    size: int

    @cached_property
    def whole(self) -> frozenset[Key]:
        """The quantities that every image of the tile has."""
        return frozenset(key for key, span in self.spans.items() if span.places is None)

    def texts(self) -> list[list[Any]]:
        """As plain values, for ``layout_in``."""
        return [[list(key), span.kind.str, span.shape[1], span.places] for key, span in self.spans.items()]


class StoredColumns(Mapping[Key, Column]):
    """Columns within bytes, which are read when they are asked for.

    Args:
        layout: where they lie.
        data: bytes in which they are.
        start: where the network's begin.
    """

    __slots__ = ("data", "layout", "start")

    def __init__(self, layout: Layout, data: memoryview, start: int) -> None:
        self.layout, self.data, self.start = layout, data, start

    def __getitem__(self, key: Key) -> Column:
        span = self.layout.spans[key]
        values = np.ndarray(span.shape, span.kind, self.data, self.start + span.start)
        return Column(values, span.places)

    def __contains__(self, key: object) -> bool:
        return key in self.layout.spans

    def __iter__(self) -> Iterator[Key]:
        return iter(self.layout.spans)

    def __len__(self) -> int:
        return len(self.layout.spans)


def stored(columns: Columns) -> StoredColumns:
    """Columns within bytes: those themselves where they are."""
    if isinstance(columns, StoredColumns):
        return columns
    return StoredColumns(layout_of(columns), memoryview(b"".join(numbers_of(columns))), 0)


def numbers_of(columns: Columns) -> Iterator[bytes]:
    """The numbers of each column, as they lie in a record."""
    for key, span in layout_of(columns).spans.items():
        yield np.ascontiguousarray(columns[key].values, span.kind).tobytes()


def layout_of(columns: Columns) -> Layout:
    """How some columns lie, or will when they are written."""
    if isinstance(columns, StoredColumns):
        return columns.layout
    spans: dict[Key, Span] = {}
    end = 0
    for key, column in columns.items():
        values = column.values
        kind = np.dtype(TYPES[values.dtype.itemsize == np.dtype(np.float64).itemsize])
        shape = len(values), math.prod(values.shape[1:])
        spans[key] = span = Span(end, kind, shape, column.places)
        end = span.stop
    return Layout(spans, end)


def layout_in(texts: Sequence[Sequence[Any]], images: int) -> Layout:
    """How columns lie in a record of so many images.

    Args:
        texts: of each its key, type, width, and the images that have it.
        images: of the tile.

    Raises:
        ValueError, TypeError: there can be no such columns.
    """
    spans: dict[Key, Span] = {}
    end = 0
    for key, kind, width, places in texts:
        if kind not in TYPES or not (isinstance(width, int) and width > 0):
            raise ValueError(f"a column of {kind} and {width}")
        if places is not None and list(places) != sorted({*places} & {*range(images)}):
            raise ValueError("a column of images that are not there")
        held = None if places is None else tuple(places)
        shape = images if held is None else len(held), width
        spans[tuple(key)] = span = Span(end, np.dtype(kind), shape, held)
        end = span.stop
    return Layout(spans, end)
