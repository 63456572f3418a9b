"""Puts the first image's rows into real batches of the run once more, at other places beside other images' rows.

That is in the first tile alone, so that rows of all others stand where they always do. The rows that they take the
place of move on, so that the batches stay of one shape. In the second batch they stand where that costs nothing, since
the last batch has room for what moves on, or little; in the last, in place of its padding. In a tile of one batch both
are the same.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from operator import eq

from geed_cli.engine.batches import Line, in_order

LITTLE = 0.03
"""One batch more is little where it is at most this part of a tile."""


class ShownAgain:
    """The arrangement of one device's batches.

    Args:
        batch_size: B.
    """

    def __init__(self, batch_size: int) -> None:
        self._size = batch_size
        self._orbit: tuple[Line, ...] = ()
        self._batches = 0
        self._shown = False

    def arrange(self, lines: Iterator[Line], expected: int | None) -> Iterator[Sequence[Line]]:
        """Batches of B rows, the first image's in the second and in what the last one has room for.

        Args:
            lines: the rows that are measured.
            expected: how many there are; None where that is not known.
        """
        waiting: deque[Line] = deque()
        while True:
            waiting.extend(islice(lines, self._size - len(waiting)))
            if not waiting:
                return
            if not self._orbit:
                waiting = deque(_numbered(waiting))
            left = min(len(waiting), self._size - self._displacing(waiting, expected))
            batch = [waiting.popleft() for _ in range(left)]
            if not self._orbit:
                self._orbit = tuple(line for line in batch if line.number is not None)
            yield self._filled(batch)
            self._batches += 1

    def in_place(self, lines: Iterator[Line]) -> Iterator[Sequence[Line]]:
        """Batches of B rows in order, and nothing else; the first image's are numbered where none was before."""
        for rows in in_order(lines, self._size):
            batch = rows if self._orbit else list(_numbered(rows))
            self._orbit = self._orbit or tuple(line for line in batch if line.number is not None)
            yield batch
            self._batches += 1

    def _displacing(self, waiting: Sequence[Line], expected: int | None) -> int:
        """How many rows the first image's take the place of in this batch."""
        orbit = sum(line.number is not None for line in waiting) if not self._orbit else len(self._orbit)
        rows = min(orbit, self._size // 2)
        if self._shown or self._batches > 1:
            return 0
        if not self._batches:
            only = len(waiting) < self._size or (expected is not None and expected <= self._size)
            return rows if only else 0
        return rows if self._costs_little(orbit, rows, expected) else 0

    def _costs_little(self, orbit: int, rows: int, expected: int | None) -> bool:
        """Whether a second batch that so many rows are moved out of makes a tile no longer, or hardly."""
        if self._size <= 2 * orbit:  # two orbits are granted
            return True
        if expected is None:
            return False
        return -expected % self._size >= rows or self._size <= LITTLE * expected

    def _filled(self, batch: Sequence[Line]) -> Sequence[Line]:
        """The batch with the first image's rows at all places that are free, spread over it."""
        free = self._size - len(batch)
        if not free:
            return batch
        places = spread(self._size, free, len(self._orbit), int(self._shown))
        self._shown = True
        again = {
            place: replace(self._orbit[number], slot=None)
            for place, number in zip(places, rows_at(places, len(self._orbit)), strict=True)
        }
        others = iter(batch)
        return [again[place] if place in again else next(others) for place in range(self._size)]


def spread(total: int, wanted: int, taken: int, shift: int) -> tuple[int, ...]:
    """So many places of a batch, from its end on, as far apart as there is room.

    Args:
        total: places of the batch.
        wanted: how many.
        taken: places at the beginning, which are left out where the others suffice without neighbours.
        shift: how far before the end the last of them is, where there is room for that.
    """
    room = total - taken if (total - taken) // wanted >= 2 else total
    step = room // wanted
    last = total - 1 - (shift if step >= 2 else 0)
    return tuple(range(last, last - step * wanted, -step))


def rows_at(places: Sequence[int], rows: int) -> tuple[int, ...]:
    """Which row stands at each place: by turns, from the one on with which the fewest come to their first places."""
    orders = [tuple((turn + start) % rows for turn in range(len(places))) for start in range(rows)]
    return min(orders, key=lambda order: sum(map(eq, order, places)))


def _numbered(lines: Iterable[Line]) -> Iterator[Line]:
    """The rows of the first image with their numbers, then the others."""
    image, own = None, count()
    for line in lines:
        if line.slot is not None and image is None:
            image = line.slot.image
        of_first = line.slot is not None and line.slot.image == image
        yield replace(line, number=next(own)) if of_first else line
