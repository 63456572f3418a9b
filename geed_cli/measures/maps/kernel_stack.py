"""Stacks of maps that the kernel sums where they lie: mirrored and turned maps are never written.

Each map is a place in memory by itself, so that stacks are taken apart and put together without copying. Maps that an
element does more with than rearrange them, such as to turn them by 45 degrees, are made by torch first.
"""

from collections.abc import Iterable, Iterator, Sequence
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
            self._sums((self,), ())
        assert self._known is not None, "that is what the call was for"
        return self._known

    def against(self, other: Self, of: Sequence[int], moves: Sequence[Move | None]) -> Sums:
        """One call for all rows, once the maps were made that cannot be read in place."""
        chosen = list(of)
        moved = [self._moved(other, chosen, move, rows) for move, rows in rows_of(moves).items()]
        jobs = {row: Job(_place(self.maps[row]), *place) for each in moved for row, place in each.places()}
        compared = sorted(jobs)  # image by image, whose other map is in the cache then
        stacks: list[KernelStack] = [other, *(each.stack for each in moved if each.stack is not other)]
        found = self._sums(stacks, [jobs[row] for row in compared])
        theirs = [each.numpy()[chosen] for each in (other.sizes.means, other.sizes.squares)]
        for each in moved:
            each.correct(theirs)
        own = [theirs[0].copy(), theirs[1].copy(), theirs[1].copy()]  # of maps that are b itself
        for numbers, of_pairs in zip(own, found, strict=True):
            numbers[compared] = of_pairs
        return Sums(self._sizes(*own[:2]), self._sizes(*theirs), torch.from_numpy(own[2]))

    def _moved(self, other: "KernelStack", of: Sequence[int], move: Move, rows: Sequence[int]) -> "_Moved":
        """ρ(g)b of the rows of one element: where they lie, or made."""
        representation, g = move
        reading, places = representation.reading(g), [of[row] for row in rows]
        if reading is not None:
            return _Moved(rows, other, places, reading)
        maps = representation.act(g, one_tensor([other.maps[place] for place in places]))
        return _Moved(rows, type(self)(maps.unbind(), self.support), range(len(rows)), None)

    def _sums(self, stacks: Iterable["KernelStack"], pairs: Sequence[Job]) -> tuple[Floats, Floats, Floats]:
        """The sums of pairs; those of stacks whose own are not known are made in the same call."""
        library = kernel()
        assert library is not None, "whoever makes such a stack has asked for it"
        unknown = [stack for stack in stacks if stack._known is None]
        alone = [Job(_place(one)) for stack in unknown for one in stack.maps]
        found = map_sums(library, [*alone, *pairs], self._shape, torch.get_num_threads())
        end = 0
        for stack in unknown:
            begin, end = end, end + len(stack.maps)
            stack._known = self._sizes(found[0][begin:end], found[1][begin:end])
        means, squares, products = (each[end:] for each in found)
        return means, squares, products

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
