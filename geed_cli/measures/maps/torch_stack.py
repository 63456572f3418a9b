"""Stacks of maps that torch sums: on GPUs, in float64, and wherever the kernel was not built.

Centred maps are written once and kept, since every product with another map is made of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.measures.maps.lying import copied
from geed_cli.measures.maps.stack import MapStack, Matching, Sums
from geed_cli.measures.moments import (
    Moments,
    Sizes,
    laid_out,
    moments_of,
    numbers_of,
    pick,
    pixel_products,
    taken,
)


@dataclass(frozen=True)
class TorchSums:
    """Sums that are made already."""

    own: Sizes
    expected: Sizes
    products: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """(R, C)."""
        rows, channels = self.products.shape
        return rows, channels

    @property
    def pixels(self) -> int:
        """How many are compared."""
        return self.own.pixels


@dataclass(frozen=True, eq=False)
class TorchStack(MapStack):
    """Maps and their moments.

    Attributes:
        maps: as they are, shape (R, C, H, W).
        support: the compared pixels, shape (H, W), bool; None for all of them.
        moments: of the compared part.
    """

    maps: Tensor
    support: Tensor | None
    moments: Moments

    @classmethod
    def of(cls, maps: Tensor, support: Tensor | None) -> "TorchStack":
        """The stack of some maps."""
        return cls(maps, support, _moments_inside(maps, support))

    @property
    def tensor(self) -> Tensor:
        """The maps."""
        return self.maps

    def __getitem__(self, row: int) -> Tensor:
        """One of them."""
        return self.maps[row]

    def rows(self, rows: Sequence[int]) -> Self:
        """Without copying where they are evenly spaced."""
        each = self.moments
        some = Moments(pick(each.centred, rows), taken(each.scales, rows), each.sizes.rows(rows))
        return type(self)(pick(self.maps, rows), self.support, some)

    def clone(self) -> Self:
        """Maps and moments."""
        each = self.moments
        kept = Moments(each.centred.clone(), each.scales.clone(), each.sizes.clone())
        return type(self)(torch.stack([copied(one) for one in self.maps]), self.support, kept)

    @classmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """Laid out as the first is."""
        if len(stacks) == 1:
            return stacks[0]
        each = [stack.moments for stack in stacks]
        moments = Moments(
            laid_out(torch.cat([one.centred for one in each]), each[0].centred),
            torch.cat([one.scales for one in each]),
            Sizes.together([one.sizes for one in each]),
        )
        maps = laid_out(torch.cat([stack.maps for stack in stacks]), stacks[0].maps)
        return cls(maps, stacks[0].support, moments)

    def against(self, other: Self, matching: Matching) -> Sums:
        """View by view; sums over pixels that an element only rearranges are those of b."""
        own, sizes = self.moments, other.moments.sizes.rows(matching.of)
        products = own.sizes.squares.clone()  # of a map with itself
        parts: list[Tensor] = []
        for (representation, g), rows in matching.by_move.items():
            expected, anew = other._moved(representation, g, [matching.of[row] for row in rows])
            if anew:
                sizes = sizes.replaced(numbers_of(rows, products.device), expected.sizes)
            scales = taken(own.scales, rows) * expected.scales
            parts.append(pixel_products(pick(own.centred, rows), expected.centred) / scales[:, None])
        if parts:
            at = numbers_of(tuple(row for rows in matching.by_move.values() for row in rows), products.device)
            products[at] = torch.cat(parts)
        return TorchSums(own.sizes, sizes, products)

    def _moved(self, representation: Representation, g: int, rows: Sequence[int]) -> tuple[Moments, bool]:
        """The moments of ρ(g)b, and whether they have sizes of their own."""
        if not representation.rearranges(g):
            return _moments_inside(representation.act(g, pick(self.maps, rows)), self.support), True
        each = self.moments
        moved = representation.act(g, pick(each.centred, rows))
        return Moments(moved, taken(each.scales, rows), each.sizes.rows(rows)), False


def _moments_inside(maps: Tensor, support: Tensor | None) -> Moments:
    return moments_of(maps if support is None else maps * support.to(maps.device, maps.dtype), support)
