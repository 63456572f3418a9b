"""Stacks of maps that the kernel sums where they lie: mirrored and turned maps are never written.

Each map is a place in memory by itself, so that stacks are taken apart and put together without copying. Maps that an
element does more with than rearrange them, such as to turn them by 45 degrees, are made by torch first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import torch
from torch import Tensor

from geed_cli.kernel.library import kernel
from geed_cli.kernel.sums import Floats, Shape, map_sums
from geed_cli.measures.maps.kernel_program import Program, Selection, program
from geed_cli.measures.maps.lying import copied
from geed_cli.measures.maps.scattered import Scattered
from geed_cli.measures.maps.stack import MapStack, Matching, Sums, finite_rows
from geed_cli.measures.moments import Sizes


class KernelStack(MapStack):
    """Maps in a CPU's memory.

    Args:
        maps: float32.
        numbers: which of them, in order.
        support: the compared pixels, shape (H, W), bool; None for all of them.
    """

    def __init__(self, maps: Scattered, numbers: tuple[int, ...], support: Tensor | None) -> None:
        self._maps, self._numbers, self._support = maps, numbers, support

    @classmethod
    def of(cls, maps: Tensor, support: Tensor | None) -> Self:
        """The stack of maps of shape (R, C, H, W), float32."""
        return cls(Scattered([maps]), tuple(range(len(maps))), support)

    @property
    def tensor(self) -> Tensor:
        """The maps as they lie, where they are evenly spaced, else a copy."""
        return self._maps.tensor(self._numbers)

    def __getitem__(self, row: int) -> Tensor:
        """One of them."""
        return self._maps[self._numbers[row]]

    def rows(self, rows: Sequence[int]) -> Self:
        """The same maps, and not a copy of them."""
        return type(self)(self._maps, tuple([self._numbers[row] for row in rows]), self._support)

    def clone(self) -> Self:
        """Each by itself."""
        maps = Scattered([copied(self._maps[number])[None] for number in self._numbers])
        return type(self)(maps, tuple(range(len(maps))), self._support)

    @classmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """The same maps, and not a copy of them."""
        begins: dict[Scattered, int] = {}
        end = 0
        for stack in stacks:
            if stack._maps not in begins:
                begins[stack._maps], end = end, end + len(stack._maps)
        numbers = [begins[stack._maps] + number for stack in stacks for number in stack._numbers]
        whole = Scattered([part for maps in begins for part in maps.parts])
        return cls(whole, tuple(numbers), stacks[0]._support)

    def against(self, other: Self, matching: Matching) -> Sums:
        """One call for all rows, once maps were made that have to be."""
        made = Scattered(
            [
                rho.act(g, other.rows([matching.of[row] for row in rows]).tensor)
                for (rho, g), rows in matching.made.items()
            ]
        )
        plan = program(matching, self._selection, other._selection, made.layout)
        jobs = plan.placed([*other._maps.addresses, *made.addresses, *self._maps.addresses])
        library = kernel()
        assert library is not None, "whoever makes such a stack has asked for it"
        shape = shape_of(self._maps.shape, self._support)
        found = map_sums(library, jobs, plan.results, shape, torch.get_num_threads())
        return KernelSums(found, plan, len(matching.of), shape.pixels)

    @property
    def _selection(self) -> Selection:
        return Selection(self._maps.layout, self._numbers)


@dataclass(frozen=True)
class KernelSums:
    """Sums as the kernel has filled them in; what is made of these waits until somebody asks.

    Attributes:
        found: means, squares and products, shape (results, C) each.
        plan: where in these is what.
        rows: R.
    """

    found: tuple[Floats, Floats, Floats]
    plan: Program
    rows: int
    pixels: int

    @property
    def shape(self) -> tuple[int, int]:
        """(R, C)."""
        return self.rows, self.found[0].shape[1]

    @property
    def own(self) -> Sizes:
        """The first rows."""
        means, squares, _ = self.found
        return self._sizes(means[: self.rows], squares[: self.rows])

    @property
    def expected(self) -> Sizes:
        """Those of b, but for the order of channels: moving pixels leaves them as they are."""
        means, squares = (each[self.plan.expected] for each in self.found[:2])
        for rows, channels in self.plan.permuted:
            for each in (means, squares):
                each[rows] = each[rows][:, channels]
        return self._sizes(means, squares)

    @property
    def products(self) -> Tensor:
        """The first rows."""
        return torch.from_numpy(self.found[2][: self.rows])

    @property
    def finite(self) -> Tensor:
        """All of them where one sum of everything is, which is quickly made; else number by number."""
        means, squares, _ = self.found
        with np.errstate(all="ignore"):
            all_are = np.isfinite(means.sum() + squares.sum())
        return torch.ones(self.rows, dtype=torch.bool) if all_are else finite_rows(self)

    def _sizes(self, means: Floats, squares: Floats) -> Sizes:
        return Sizes(torch.from_numpy(means), torch.from_numpy(squares), self.pixels)


@lru_cache(maxsize=256)
def shape_of(shape: tuple[int, int, int], support: Tensor | None) -> Shape:
    """As the kernel asks for it; layers of one shape have one support."""
    channels, height, width = shape
    if support is None:
        return Shape(channels, height, width, None, height * width)
    return Shape(channels, height, width, support.float().numpy(), int(support.sum()))
