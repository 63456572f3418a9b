"""Stacks of maps that the kernel sums where they lie: mirrored and turned maps are never written.

Each map is a place in memory by itself, so that stacks are taken apart and put together without copying. Maps that an
element does more with than rearrange them, such as to turn them by 45 degrees, are made by torch first.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.actions.reading import Reading
from geed_cli.kernel.library import kernel
from geed_cli.kernel.sums import Job, Place, Shape, map_sums
from geed_cli.measures.maps.stack import MapStack, Move, Sums, copied, one_tensor, rows_of
from geed_cli.measures.moments import Sizes

BYTES = 4
"""Of a float32 number."""
AS_IT_LIES = Reading()
Floats = NDArray[np.float64]


class KernelStack(MapStack):
    """Maps in a CPU's memory.

    Args:
        maps: each of shape (C, H, W), float32, with any strides; all of one shape.
        support: the compared pixels, shape (H, W), bool; None for all of them.
    """

    def __init__(self, maps: Sequence[Tensor], support: Tensor | None) -> None:
        self.maps, self.support = tuple(maps), support
        self._known: Sizes | None = None

    @property
    def tensor(self) -> Tensor:
        """The maps as they lie, where they are evenly spaced, else a copy."""
        return one_tensor(self.maps)

    def __getitem__(self, row: int) -> Tensor:
        """One of them."""
        return self.maps[row]

    def rows(self, rows: Sequence[int]) -> Self:
        """The same maps, and not a copy of them."""
        some = type(self)([self.maps[row] for row in rows], self.support)
        some._known = None if self._known is None else self._known.rows(rows)
        return some

    def clone(self) -> Self:
        """Each by itself."""
        copy = type(self)(list(map(copied, self.maps)), self.support)
        copy._known = None if self._known is None else self._known.clone()
        return copy

    @classmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """The same maps, and not a copy of them."""
        whole = cls([each for stack in stacks for each in stack.maps], stacks[0].support)
        known = [stack._known for stack in stacks if stack._known is not None]
        whole._known = Sizes.together(known) if len(known) == len(stacks) else None
        return whole

    @property
    def sizes(self) -> Sizes:
        """ā and ⟨a', a'⟩ of every map."""
        if self._known is None:
            means, squares, _ = self._sums([Job(_place(one)) for one in self.maps])
            self._known = self._sizes(means, squares)
        return self._known

    def against(self, other: Self, of: Sequence[int], moves: Sequence[Move | None]) -> Sums:
        """One call for all rows, and for sizes of b that are not known, once maps were made that have to be."""
        count = len(of)
        moved = [self._moved(other, of, move, rows) for move, rows in rows_of(moves).items()]
        pairs = {row: Job(_place(self.maps[row]), *place) for each in moved for row, place in each.places()}
        # of a row in which a is b itself, b is summed alone
        jobs = [pairs[row] if row in pairs else Job(_place(self.maps[row])) for row in range(count)]
        results = other._results(of, pairs)
        jobs += [Job(_place(other.maps[place])) for place, row in results.items() if row >= count]
        means, squares, products = self._sums(jobs)
        sizes = other._learnt(means, squares, results)
        theirs = [each.numpy()[list(of)] for each in (sizes.means, sizes.squares)]
        for each in moved:
            each.correct(theirs)
        own = self._sizes(means[:count], squares[:count])
        return Sums(own, self._sizes(*theirs), torch.from_numpy(products[:count]))

    def _results(self, of: Sequence[int], pairs: Container[int]) -> dict[int, int]:
        """In which row of the results each of these maps stands alone; nothing where their sizes are known.

        Args:
            of: for each row, which of these maps it is set against.
            pairs: the rows that are not one of these maps themselves.
        """
        if self._known is not None:
            return {}
        there = {place: row for row, place in enumerate(of) if row not in pairs}
        lacking = [place for place in range(len(self.maps)) if place not in there]
        return there | {place: len(of) + extra for extra, place in enumerate(lacking)}

    def _learnt(self, means: Floats, squares: Floats, results: Mapping[int, int]) -> Sizes:
        """The sizes of these maps, where they are not known from the results."""
        if self._known is None:
            rows = [results[place] for place in range(len(self.maps))]
            self._known = self._sizes(means[rows], squares[rows])
        return self._known

    def _moved(self, other: "KernelStack", of: Sequence[int], move: Move, rows: Sequence[int]) -> "_Moved":
        """ρ(g)b of the rows of one element: where they lie, or made."""
        representation, g = move
        reading, places = representation.reading(g), [of[row] for row in rows]
        if reading is not None:
            return _Moved(rows, other, places, reading)
        maps = representation.act(g, one_tensor([other.maps[place] for place in places]))
        return _Moved(rows, type(self)(maps.unbind(), self.support), range(len(rows)), None)

    def _sums(self, jobs: Sequence[Job]) -> tuple[Floats, Floats, Floats]:
        library = kernel()
        assert library is not None, "whoever makes such a stack has asked for it"
        return map_sums(library, jobs, self._shape, torch.get_num_threads())

    @cached_property
    def _shape(self) -> Shape:
        channels, height, width = self.maps[0].shape
        if self.support is None:
            return Shape(channels, height, width, None, height * width)
        return Shape(channels, height, width, self.support.float().numpy(), int(self.support.sum()))

    def _sizes(self, means: Floats, squares: Floats) -> Sizes:
        return Sizes(torch.from_numpy(means), torch.from_numpy(squares), self._shape.pixels)


class _Moved(NamedTuple):
    """ρ(g)b of some rows.

    Attributes:
        rows: their numbers.
        stack: that has the maps.
        maps: which of them, one for each row.
        reading: how they are read; None where they were made, and lie as they are.
    """

    rows: Sequence[int]
    stack: KernelStack
    maps: Sequence[int]
    reading: Reading | None

    def places(self) -> Iterator[tuple[int, tuple[Place, int]]]:
        """Of each row, where its map is read, and the address of its channels' places; 0 where all keep their own."""
        reading = self.reading or AS_IT_LIES
        channels = 0 if reading.channels is None else reading.channels.ctypes.data
        for row, at in zip(self.rows, self.maps, strict=True):
            one = self.stack.maps[at]
            start, channel, row_step, column_step = _place(one)
            begin, row_step, column_step = reading.walk(one.shape[1], one.shape[2], row_step, column_step)
            yield row, ((start + BYTES * begin, channel, row_step, column_step), channels)

    def correct(self, sizes: Sequence[Floats]) -> None:
        """Make the means and squares of b, shape (R, C) each, those of ρ(g)b; moving pixels leaves them as they are."""
        if self.reading is None:
            made = self.stack.sizes
            for each, new in zip(sizes, (made.means, made.squares), strict=True):
                each[self.rows] = new.numpy()
        elif self.reading.channels is not None:
            for each in sizes:
                each[self.rows] = each[self.rows][:, self.reading.channels]


def _place(one: Tensor) -> Place:
    """Where a map lies."""
    channel, row, column = one.stride()
    return one.data_ptr(), channel, row, column
