"""Stacks of maps that the kernel sums where they lie: mirrored and turned maps are never written.

Each map is a place in memory by itself, so that stacks are taken apart and put together without copying. Maps that an
element does more with than rearrange them, such as to turn them by 45 degrees, are made by torch first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

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
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KernelStack(MapStack):
    """Maps in a CPU's memory.

    Attributes:
        maps: each of shape (C, H, W), float32, with any strides.
        support: the compared pixels, shape (H, W), bool; None for all of them.
    """

    maps: tuple[Tensor, ...]
    support: Tensor | None

    @property
    def tensor(self) -> Tensor:
        """The maps as they lie, where they are evenly spaced, else a copy."""
        return one_tensor(self.maps)

    def __getitem__(self, row: int) -> Tensor:
        """One of them."""
        return self.maps[row]

    def rows(self, rows: Sequence[int]) -> Self:
        """The same maps, and not a copy of them."""
        return type(self)(tuple(self.maps[row] for row in rows), self.support)

    def clone(self) -> Self:
        """Each by itself."""
        return type(self)(tuple(map(copied, self.maps)), self.support)

    @classmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """The same maps, and not a copy of them."""
        return cls(tuple(each for stack in stacks for each in stack.maps), stacks[0].support)

    @cached_property
    def sizes(self) -> Sizes:
        """ā and ⟨a', a'⟩ of every map."""
        means, squares, _ = self._sums([Job(_place(each)) for each in self.maps])
        return self._sizes(means, squares)

    def against(self, other: Self, of: Sequence[int], moves: Sequence[Move | None]) -> Sums:
        """One call for all rows, once the maps were made that cannot be read in place."""
        means, squares = (each.numpy()[list(of)] for each in (other.sizes.means, other.sizes.squares))
        jobs: dict[int, Job] = {}
        kept = []  # until they are read
        for move, rows in rows_of(moves).items():
            moved = other._moved(move, [of[row] for row in rows])
            means[rows], squares[rows] = moved.means, moved.squares
            kept.append(moved)
            for row, place in zip(rows, moved.places, strict=True):
                jobs[row] = Job(_place(self.maps[row]), place, moved.channels)
        compared = sorted(jobs)  # image by image, whose other map is in the cache then
        own = means.copy(), squares.copy(), squares.copy()  # of maps that are b itself
        for numbers, found in zip(own, self._sums([jobs[row] for row in compared]), strict=True):
            numbers[compared] = found
        return Sums(self._sizes(own[0], own[1]), self._sizes(means, squares), torch.from_numpy(own[2]))

    def _moved(self, move: Move, rows: Sequence[int]) -> "_Moved":
        """How ρ(g)b is read of some of the maps b."""
        representation, g = move
        reading = representation.reading(g)
        maps: Sequence[Tensor] = [self.maps[row] for row in rows]
        if reading is None:
            made = type(self)(tuple(representation.act(g, one_tensor(maps))), self.support)
            return _Moved(made.maps, Reading(), made.sizes)
        return _Moved(maps, reading, self.sizes.rows(rows))

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


@dataclass(frozen=True, eq=False)
class _Moved:
    """Maps ρ(g)b, as they are read.

    Attributes:
        maps: b, or ρ(g)b where these had to be made.
        reading: what is left to do with them.
        sizes: of these maps.
    """

    maps: Sequence[Tensor]
    reading: Reading
    sizes: Sizes

    @property
    def means(self) -> Floats:
        """Of ρ(g)b, shape (rows, C)."""
        return self._in_order(self.sizes.means)

    @property
    def squares(self) -> Floats:
        """Of ρ(g)b, shape (rows, C)."""
        return self._in_order(self.sizes.squares)

    def _in_order(self, numbers: Tensor) -> Floats:
        each: Floats = numbers.numpy()
        return each if self.reading.channels is None else each[:, self.reading.channels]

    @property
    def channels(self) -> int:
        """The address of where channels are read; 0 where all are read in their own places."""
        return 0 if self.reading.channels is None else self.reading.channels.ctypes.data

    @property
    def places(self) -> Iterator[Place]:
        """Of each map, walked through as the reading says."""
        for each in self.maps:
            start, channel, row, column = _place(each)
            begin, row, column = self.reading.walk(each.shape[1], each.shape[2], row, column)
            yield start + BYTES * begin, channel, row, column


def _place(one: Tensor) -> Place:
    """Where a map lies."""
    channel, row, column = one.stride()
    return one.data_ptr(), channel, row, column
