"""Quantities of many images out of their records, one at a time: the numbers stay where they are until then.

Of a run with a million images a loop over records, or over images, would take longer than reading the disk, so numbers
are picked out of all records of one layout at once, in the order in which they lie.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geed_cli.errors import InputError
from geed_cli.rows.column import Columns, Key
from geed_cli.rows.column_layout import Layout, Span, StoredColumns, stored

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Shelf:
    """Images whose records have one layout and lie in one piece of memory.

    Attributes:
        layout: of their columns.
        memory: a file in memory, or bytes.
        images: which images, in the order in which their numbers lie.
        starts: where the columns of each one's record begin.
        places: of each in its record.
    """

    layout: Layout
    memory: memoryview
    images: Indices
    starts: Indices
    places: Indices

    def numbers(self, span: Span, some: Indices | slice, places: Indices) -> NDArray[np.floating[Any]]:
        """A quantity of some of the images, shape (images, width).

        Args:
            span: of the quantity.
            some: which of the shelf's images.
            places: of each among the images of its record that have it.
        """
        size, width = span.kind.itemsize, span.shape[1]
        anywhere = np.ndarray((max(len(self.memory) - size + 1, 0),), span.kind, self.memory, strides=(1,))
        begin = self.starts[some] + span.start + places * (width * size)
        numbers: NDArray[np.floating[Any]] = anywhere[begin[:, None] + size * np.arange(width)]
        return numbers

    def release(self) -> None:
        """Let go of a file's pages, which would otherwise count as this process's memory, and stay in the system's."""
        file = self.memory.obj
        if isinstance(file, mmap.mmap) and hasattr(file, "madvise"):  # not on Windows
            file.madvise(mmap.MADV_DONTNEED)


class Quantities:
    """The quantities of images.

    Args:
        columns: of each image, those of its record.
        places: of each image in its record.
    """

    def __init__(self, columns: Sequence[Columns], places: Sequence[int]) -> None:
        self._places = np.array(places, dtype=np.intp)
        self._shelves = list(_shelves(columns, self._places))

    def __len__(self) -> int:
        """How many images."""
        return len(self._places)

    def has(self, key: Key) -> bool:
        """Whether every image has a quantity."""
        return all(key in shelf.layout.whole for shelf in self._shelves)

    def whole(self, key: Key) -> Array:
        """A quantity that every image has, shape (images, width).

        Raises:
            InputError: some have none, or one of another width.
        """
        out = np.empty((len(self), self._width(key)))
        for shelf in self._shelves:
            out[shelf.images] = shelf.numbers(self._span(shelf, key), slice(None), shelf.places)
            shelf.release()
        return out

    def some(self, key: Key) -> tuple[Indices, Array] | None:
        """The images that have a quantity, ascending, and its values there; None where none has it.

        Raises:
            InputError: it has another width in one than in the others.
        """
        found = [(shelf, *_having(shelf, key)) for shelf in self._shelves if key in shelf.layout.spans]
        held = [(shelf, some, places) for shelf, some, places in found if len(some)]
        if not held:
            return None
        self._width(key)
        images = np.concatenate([shelf.images[some] for shelf, some, _ in held])
        numbers = [shelf.numbers(shelf.layout.spans[key], some, places) for shelf, some, places in held]
        order = np.argsort(images)
        return images[order], np.concatenate(numbers)[order].astype(np.float64)

    def at(self, key: Key, images: slice) -> Array:
        """A quantity that every image has, of some of them in their order; raises what ``whole`` does."""
        wanted = np.arange(*images.indices(len(self)))
        out = np.empty((len(wanted), self._width(key)))
        for number in np.unique(self._shelf_of[wanted]):
            shelf = self._shelves[number]
            own = np.flatnonzero(self._shelf_of[wanted] == number)
            within = self._within[wanted[own]]
            out[own] = shelf.numbers(self._span(shelf, key), within, shelf.places[within])
        return out

    @cached_property
    def _shelf_of(self) -> Indices:
        """The number of each image's shelf."""
        numbers = np.empty(len(self), dtype=np.intp)
        for number, shelf in enumerate(self._shelves):
            numbers[shelf.images] = number
        return numbers

    @cached_property
    def _within(self) -> Indices:
        """The place of each image on its shelf."""
        within = np.empty(len(self), dtype=np.intp)
        for shelf in self._shelves:
            within[shelf.images] = np.arange(len(shelf.images))
        return within

    def _width(self, key: Key) -> int:
        spans = [shelf.layout.spans[key] for shelf in self._shelves if key in shelf.layout.spans]
        widths = {span.shape[1] for span in spans}
        if len(widths) > 1:
            raise _unlike(key, f"{' and '.join(map(str, sorted(widths)))} numbers for an image")
        return widths.pop() if widths else 0

    def _span(self, shelf: _Shelf, key: Key) -> Span:
        if key not in shelf.layout.whole:
            raise _unlike(key, f"no number for some of {len(shelf.images)} images")
        return shelf.layout.spans[key]


def _shelves(columns: Sequence[Columns], places: Indices) -> Iterator[_Shelf]:
    """The images by layout and memory."""
    kept: dict[int, StoredColumns] = {}  # also so that no other has the identity of one of them meanwhile
    members: dict[tuple[int, int], list[int]] = {}
    starts = np.empty(len(places), dtype=np.intp)
    for image, each in enumerate(columns):
        own = kept.get(id(each)) or kept.setdefault(id(each), stored(each))
        starts[image] = own.start
        members.setdefault((id(own.layout), id(own.data.obj)), []).append(image)
    for some in members.values():
        first = kept[id(columns[some[0]])]
        images = np.array(some, dtype=np.intp)
        images = images[np.lexsort((places[images], starts[images]))]
        yield _Shelf(first.layout, first.data, images, starts[images], places[images])


def _having(shelf: _Shelf, key: Key) -> tuple[Indices, Indices]:
    """Which images of a shelf have a quantity, and the place of each among those of its record that have it."""
    held = shelf.layout.spans[key].places
    if held is None:
        return np.arange(len(shelf.images)), shelf.places
    number = np.full(max((*held, *shelf.places.tolist()), default=0) + 1, -1)
    number[list(held)] = np.arange(len(held))
    places = number[shelf.places]
    some = np.flatnonzero(places >= 0)
    return some, places[some]


def _unlike(key: Key, what: str) -> InputError:
    name = " ".join(part for part in key if part is not None)
    return InputError(
        f"row files with {what} under {name}",
        expected="the quantities of one audit, for every image",
        remedy="take away the row files that geed did not write, and run those shards again",
    )
