"""Stacks of maps that are compared: one interface, with the kernel or torch behind it.

A stack knows its maps as they are; what is compared is their part inside the support.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.measures.moments import Sizes, channels_last, laid_out

Move = tuple[Representation, int]
"""ρ and g."""


class Sums(NamedTuple):
    """Of pairs of maps a and ρ(g)b, over the compared pixels of every channel.

    Attributes:
        own: the sizes of a.
        expected: the sizes of ρ(g)b.
        products: ⟨a', ρ(g)b'⟩, shape (R, C), float64.
    """

    own: Sizes
    expected: Sizes
    products: Tensor

    @property
    def finite(self) -> Tensor:
        """Whether both maps of a pair are finite throughout, shape (R,), bool."""
        return (
            (self.own.squares + self.own.means + self.expected.squares + self.expected.means)
            .isfinite()
            .all(dim=1)
        )

    @staticmethod
    def together(each: Sequence["Sums"]) -> "Sums":
        """Of all pairs of maps with as many channels and compared pixels, at least one sums."""
        if len(each) == 1:
            return each[0]
        own = Sizes.together([sums.own for sums in each])
        expected = Sizes.together([sums.expected for sums in each])
        return Sums(own, expected, torch.cat([sums.products for sums in each]))


class MapStack(ABC):
    """Maps of one shape (C, H, W), and the pixels of them that are compared."""

    @property
    @abstractmethod
    def tensor(self) -> Tensor:
        """The maps as one tensor, shape (R, C, H, W)."""

    @abstractmethod
    def __getitem__(self, row: int) -> Tensor:
        """One map, shape (C, H, W)."""

    @abstractmethod
    def rows(self, rows: Sequence[int]) -> Self:
        """Some of the maps, with what is known of them."""

    @abstractmethod
    def clone(self) -> Self:
        """A copy that can be kept beyond the batch, and holds no larger stack."""

    @classmethod
    @abstractmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """Several stacks as one, at least one."""

    @abstractmethod
    def against(self, other: Self, of: Sequence[int], moves: Sequence[Move | None]) -> Sums:
        """Each map a of this stack beside ρ(g)b.

        Args:
            other: the maps b, of the same shape and support.
            of: for each row a, which b.
            moves: for each row ρ and g; None where a is b itself, and not moved.
        """


def one_tensor(maps: Sequence[Tensor]) -> Tensor:
    """Maps (C, H, W) as one stack: as they lie, where they are evenly spaced in one memory, else a copy in order."""
    first, spacing = maps[0], _spacing(maps)
    if spacing is None:
        return laid_out(torch.stack(list(maps)), first[None])
    return first.as_strided((len(maps), *first.shape), (spacing, *first.stride()))


def _spacing(maps: Sequence[Tensor]) -> int | None:
    """By how many numbers each map lies behind the one before, in one memory; None where that differs."""
    first = maps[0]
    if len(maps) == 1:
        return first.numel()
    starts = [int(each.storage_offset()) for each in maps]
    spacing = starts[1] - starts[0]
    memory, steps = first.untyped_storage().data_ptr(), first.stride()
    even = spacing > 0 and starts == [starts[0] + spacing * row for row in range(len(maps))]
    alike = all(
        each.untyped_storage().data_ptr() == memory and each.stride() == steps and each.dtype == first.dtype
        for each in maps
    )
    return spacing if even and alike else None


def copied(maps: Tensor) -> Tensor:
    """A copy of a map (C, H, W) that lies as it does: channels of one pixel side by side, or not."""
    stack = maps[None]
    order = torch.channels_last if channels_last(stack) else torch.contiguous_format
    return stack.clone(memory_format=order)[0]


def rows_of(moves: Sequence[Move | None]) -> dict[Move, list[int]]:
    """The rows of each move."""
    rows: dict[Move, list[int]] = {}
    for row, move in enumerate(moves):
        if move is not None:
            rows.setdefault(move, []).append(row)
    return rows
