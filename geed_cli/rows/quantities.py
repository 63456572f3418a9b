"""Quantities of many images out of their records, a few at a time: the numbers stay where they are until then.

Of a run with a million images a loop over records, or over images, would take longer than reading the disk, so numbers
are picked out of all records of one layout at once, in the order in which they lie. Whoever asks for a quantity will
mostly ask for those of its kind that lie behind it, or for the images behind, and fetching a file's pages takes longer
than picking numbers out of them, so these are picked out along with it.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geed_cli.errors import InputError
from geed_cli.rows.column import Columns, Key, Numbers
from geed_cli.rows.column_layout import Layout, Span, stored
from geed_cli.rows.file_pages import let_go

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

AHEAD = 2**27
"""Bytes of quantities that are picked out before they are asked for."""
CHUNK = 2**13
"""Images whose numbers are picked out one quantity after the other: what lies between them stays in the cache."""


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
        width = span.shape[1]
        size = width * span.kind.itemsize
        # an image's numbers as one thing, which may begin at any byte
        anywhere = np.ndarray((max(len(self.memory) - size + 1, 0),), f"V{size}", self.memory, strides=(1,))
        begin = self.starts[some] + span.start + places * size
        numbers: NDArray[np.floating[Any]] = anywhere[begin].view(span.kind).reshape(-1, width)
        return numbers


@dataclass(frozen=True, eq=False)
class _Near:
    """A quantity of images that follow each other.

    Attributes:
        key: of the quantity.
        start: the first of the images.
        numbers: of each, shape (images, width).
    """

    key: Key
    start: int
    numbers: Numbers


class Quantities:
    """The quantities of images.

    Args:
        columns: of each image, those of its record.
        places: of each image in its record.
    """

    def __init__(self, columns: Sequence[Columns], places: Sequence[int]) -> None:
        self._places = np.array(places, dtype=np.intp)
        self._shelves = list(_shelves(columns, self._places))
        self._ahead: dict[Key, Array] = {}
        self._near: _Near | None = None

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
        if key not in self._ahead:
            picked = self._picked(self._with_those_behind(key), range(len(self)), np.dtype(np.float64))
            self._ahead = {each: np.asarray(numbers, dtype=np.float64) for each, numbers in picked.items()}
        return self._ahead.pop(key)

    def _with_those_behind(self, key: Key) -> list[Key]:
        """A quantity and those of its kind that lie behind it and that every image has, as many as are picked out."""
        rest = list(self._shelves[0].layout.spans) if self._shelves else []
        behind = rest[rest.index(key) + 1 :] if key in rest else []
        keys, size = [key], 8 * len(self) * self._width(key)
        for other in behind:
            size += 8 * len(self) * self._width(other)
            if other[0] != key[0] or size > AHEAD or not self.has(other):
                break
            keys.append(other)
        return keys

    def _picked(self, keys: Sequence[Key], images: range, kind: np.dtype[Any]) -> dict[Key, Numbers]:
        """Quantities that every image has, of some images, as floats of that kind; raises what ``whole`` does."""
        out = {key: np.empty((len(images), self._width(key)), kind) for key in keys}
        for shelf in self._shelves:
            spans = [(_rows(out[key]), self._span(shelf, key)) for key in keys]
            own = np.flatnonzero((shelf.images >= images.start) & (shelf.images < images.stop))
            for start in range(0, len(own), CHUNK):
                some = own[start : start + CHUNK]
                for into, span in spans:
                    numbers = shelf.numbers(span, some, shelf.places[some])
                    into[shelf.images[some] - images.start] = _rows(numbers.astype(kind, copy=False))
                let_go(shelf.memory)
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

    def at(self, key: Key, images: slice) -> Numbers:
        """A quantity that every image has, of some of them in their order; raises what ``whole`` does.

        In float32, unless one of the records has it in float64.
        """
        start, stop, _ = images.indices(len(self))
        near = self._near
        if near is None or near.key != key or start < near.start or stop > near.start + len(near.numbers):
            kind = max((self._span(shelf, key).kind for shelf in self._shelves), default=np.dtype(np.float32))
            many = AHEAD // (kind.itemsize * max(self._width(key), 1))
            some = range(start, max(stop, min(start + many, len(self))))
            self._near = near = _Near(key, start, self._picked([key], some, kind)[key])
        return near.numbers[start - near.start : stop - near.start].copy()

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


def _rows(numbers: Numbers) -> NDArray[np.void]:
    """Each row as one thing, shape (rows,): NumPy moves such a tenfold faster than rows of two numbers."""
    return numbers.view(f"V{numbers.strides[0]}")[:, 0]


def _shelves(columns: Sequence[Columns], places: Indices) -> Iterator[_Shelf]:
    """The images by layout and memory."""
    identities = np.fromiter(map(id, columns), np.intp, len(columns))
    _, firsts, record_of = np.unique(identities, return_index=True, return_inverse=True)
    kept = [stored(columns[first]) for first in firsts.tolist()]
    starts = np.array([each.start for each in kept], dtype=np.intp)[record_of]
    shelf_of = _numbered((id(each.layout), id(each.data.obj)) for each in kept)[record_of]
    order = np.lexsort((places, starts, shelf_of))
    for images in np.split(order, np.flatnonzero(np.diff(shelf_of[order])) + 1):
        if len(images):
            first = kept[record_of[images[0]]]
            yield _Shelf(first.layout, first.data, images, starts[images], places[images])


def _numbered(each: Iterable[Hashable]) -> Indices:
    """A number for each, the same of equal ones."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in each], dtype=np.intp)


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
