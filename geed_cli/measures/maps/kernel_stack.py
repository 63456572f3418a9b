"""Stacks of maps that the kernel sums where they lie: mirrored and turned maps are never written.

Each map is a place in memory by itself, so that stacks are taken apart and put together without copying. Maps that an
element does more with than rearrange them, such as to turn them by 45 degrees, are made by torch first.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.actions.reading import Reading
from geed_cli.kernel.library import kernel
from geed_cli.kernel.sums import BESIDE, Job, Shape, View, map_sums
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
            self._sums([_Beside(self)], 0)
        assert self._known is not None, "these sums have told them"
        return self._known

    def against(self, other: Self, of: Sequence[int], moves: Sequence[Move | None]) -> Sums:
        """One call for all rows, and for sizes of b that are not known, once maps were made that have to be."""
        as_they_lie = _Beside(other)
        for row, place in enumerate(of):
            if moves[row] is None:
                as_they_lie.itself(place, row)
        moved = [self._moved(other, of, move, rows) for move, rows in rows_of(moves).items()]
        made = [as_they_lie if each.reading is not None else _Beside(each.stack) for each in moved]
        for each, beside in zip(moved, made, strict=True):
            each.ask(beside, self.maps)
        every = list(dict.fromkeys([as_they_lie, *made]))
        means, squares, products = self._sums(every, len(of))
        theirs = [each.numpy()[list(of)] for each in (other.sizes.means, other.sizes.squares)]
        for each in moved:
            each.correct(theirs)
        own = self._sizes(means[: len(of)], squares[: len(of)])
        return Sums(own, self._sizes(*theirs), torch.from_numpy(products[: len(of)]))

    def _moved(self, other: "KernelStack", of: Sequence[int], move: Move, rows: Sequence[int]) -> "_Moved":
        """ρ(g)b of the rows of one element: where they lie, or made."""
        representation, g = move
        reading, places = representation.reading(g), [of[row] for row in rows]
        if reading is not None:
            return _Moved(rows, other, places, reading)
        maps = representation.act(g, one_tensor([other.maps[place] for place in places]))
        return _Moved(rows, type(self)(maps.unbind(), self.support), range(len(rows)), None)

    def _sums(self, every: Sequence["_Beside"], results: int) -> tuple[Floats, Floats, Floats]:
        """What is asked for, in so many rows of results; stacks b without known sizes learn them in further ones."""
        library = kernel()
        assert library is not None, "whoever makes such a stack has asked for it"
        learning = [each for each in every if each.stack._known is None]
        for each in learning:
            results = each.ask_for_sizes(results)
        jobs = [job for each in every for job in each.jobs()]
        means, squares, products = map_sums(library, jobs, results, self._shape, torch.get_num_threads())
        for each in learning:
            each.stack._known = self._sizes(means[each.results], squares[each.results])
        return means, squares, products

    @cached_property
    def _shape(self) -> Shape:
        channels, height, width = self.maps[0].shape
        if self.support is None:
            return Shape(channels, height, width, None, height * width)
        return Shape(channels, height, width, self.support.float().numpy(), int(self.support.sum()))

    def _sizes(self, means: Floats, squares: Floats) -> Sizes:
        return Sizes(torch.from_numpy(means), torch.from_numpy(squares), self._shape.pixels)


class _Beside:
    """What one call of the kernel is asked of a stack of maps b.

    Attributes:
        stack: of b.
        results: of each b the row of its own sums; −1 where nobody asks for them.
    """

    def __init__(self, stack: KernelStack) -> None:
        self.stack = stack
        self.results = [-1] * len(stack.maps)
        self._views: list[list[View]] = [[] for _ in stack.maps]

    def itself(self, place: int, row: int) -> None:
        """A row of results is for a map b itself."""
        if self.results[place] < 0:
            self.results[place] = row
        else:
            self.put(place, View(*_place(self.stack.maps[place]), result=row))

    def put(self, place: int, view: View) -> None:
        """A map a beside a map b."""
        self._views[place].append(view)

    def ask_for_sizes(self, results: int) -> int:
        """Have the sums of every b, in rows after so many others; how many rows there are then."""
        for place, row in enumerate(self.results):
            if row < 0:
                self.results[place], results = results, results + 1
        return results

    def jobs(self) -> Iterator[Job]:
        """As many maps at once as the kernel takes; of each b the sums are asked for once."""
        for one, result, views in zip(self.stack.maps, self.results, self._views, strict=True):
            if views or result >= 0:
                place = _place(one)
                for start in range(0, max(1, len(views)), BESIDE):
                    yield View(*place, result=-1 if start else result), *views[start : start + BESIDE]


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

    def ask(self, beside: _Beside, maps: Sequence[Tensor]) -> None:
        """For ⟨a, ρ(g)b⟩ = ⟨ρ(g)⁻¹a, b⟩ of each row, since ρ(g) moves numbers alone: a is read where b's pixels go."""
        back = (self.reading or AS_IT_LIES).inverse
        channels = 0 if back.channels is None else back.channels.ctypes.data
        for row, at in zip(self.rows, self.maps, strict=True):
            start, channel, down, right = _place(maps[row])
            _, height, width = maps[row].shape
            begin, down, right = back.walk(height, width, down, right)
            beside.put(at, View(start + BYTES * begin, channel, down, right, channels, row))

    def correct(self, sizes: Sequence[Floats]) -> None:
        """Make the means and squares of b, shape (R, C) each, those of ρ(g)b; moving pixels leaves them as they are."""
        if self.reading is None:
            made = self.stack.sizes
            for each, new in zip(sizes, (made.means, made.squares), strict=True):
                each[self.rows] = new.numpy()
        elif self.reading.channels is not None:
            for each in sizes:
                each[self.rows] = each[self.rows][:, self.reading.channels]


def _place(one: Tensor) -> tuple[int, int, int, int]:
    """Where a map lies, and its steps to the next channel, row and column."""
    channel, row, column = one.stride()
    return one.data_ptr(), channel, row, column
