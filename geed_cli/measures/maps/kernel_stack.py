"""Stacks of maps that the kernel sums where they lie: mirrored and turned maps are never written.

Each map is a place in memory by itself, so that stacks are taken apart and put together without copying. Maps that an
element does more with than rearrange them, such as to turn them by 45 degrees, are made by torch first.
"""

from collections.abc import Sequence
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
        chosen = list(of)
        means, squares = (each.numpy()[chosen] for each in (other.sizes.means, other.sizes.squares))
        kept: list[MapStack] = []  # maps that were made, until they are read
        places: dict[int, tuple[Place, int]] = {}
        for (representation, g), rows in rows_of(moves).items():
            maps: Sequence[Tensor] = [other.maps[chosen[row]] for row in rows]
            reading = representation.reading(g)
            if reading is None:
                made = type(self)(tuple(representation.act(g, one_tensor(maps))), self.support)
                means[rows], squares[rows] = made.sizes.means.numpy(), made.sizes.squares.numpy()
                kept.append(made)
                maps, reading = made.maps, Reading()
            elif reading.channels is not None:
                means[rows], squares[rows] = (each[rows][:, reading.channels] for each in (means, squares))
            places |= {row: _walk(one, reading) for row, one in zip(rows, maps, strict=True)}
        compared = sorted(places)  # image by image, whose other map is in the cache then
        found = self._sums([Job(_place(self.maps[row]), *places[row]) for row in compared])
        own = means.copy(), squares.copy(), squares.copy()  # of maps that are b itself
        for numbers, of_rows in zip(own, found, strict=True):
            numbers[compared] = of_rows
        return Sums(self._sizes(own[0], own[1]), self._sizes(means, squares), torch.from_numpy(own[2]))

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


def _place(one: Tensor) -> Place:
    """Where a map lies."""
    channel, row, column = one.stride()
    return one.data_ptr(), channel, row, column


def _walk(one: Tensor, reading: Reading) -> tuple[Place, int]:
    """Where a map is read as it is moved, and the address of its channels' places; 0 where all keep their own."""
    start, channel, row, column = _place(one)
    begin, row, column = reading.walk(one.shape[1], one.shape[2], row, column)
    channels = 0 if reading.channels is None else reading.channels.ctypes.data
    return (start + BYTES * begin, channel, row, column), channels
