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
from geed_cli.measures.maps.stack import MapStack, Matching, Sums, finite_rows
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

    @property
    def finite(self) -> Tensor:
        """Number by number."""
        return finite_rows(self)


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
        some = Moments(pick(each.centred, rows), _some(each.scales, rows), each.sizes.rows(rows))
        return type(self)(pick(self.maps, rows), self.support, some)

    def clone(self) -> Self:
        """Maps and moments."""
        each = self.moments
        scales = None if each.scales is None else each.scales.clone()
        kept = Moments(each.centred.clone(), scales, each.sizes.clone())
        return type(self)(torch.stack([copied(one) for one in self.maps]), self.support, kept)

    @classmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """Laid out as the first is."""
        if len(stacks) == 1:
            return stacks[0]
        each = [stack.moments for stack in stacks]
        moments = Moments(
            laid_out(torch.cat([one.centred for one in each]), each[0].centred),
            _scales_together(each),
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
            centred, scales, anew = other._moved(representation, g, [matching.of[row] for row in rows])
            if anew is not None:
                sizes = sizes.replaced(numbers_of(rows, products.device), anew)
            part = pixel_products(pick(own.centred, rows), centred)
            for each in (_some(own.scales, rows), scales):
                part = part if each is None else part / each[:, None]
            parts.append(part)
        if parts:
            at = numbers_of(tuple(row for rows in matching.by_move.values() for row in rows), products.device)
            products[at] = torch.cat(parts)
        return TorchSums(own.sizes, sizes, products)

    def _moved(
        self, representation: Representation, g: int, rows: Sequence[int]
    ) -> tuple[Tensor, Tensor | None, Sizes | None]:
        """ρ(g)b centred, the scales, and the sizes where moving b changes them."""
        if not representation.rearranges(g):
            moments = _moments_inside(representation.act(g, pick(self.maps, rows)), self.support)
            return moments.centred, moments.scales, moments.sizes
        centred = representation.act(g, pick(self.moments.centred, rows))
        return centred, _some(self.moments.scales, rows), None


def _some(scales: Tensor | None, rows: Sequence[int]) -> Tensor | None:
    return None if scales is None else taken(scales, rows)


def _scales_together(moments: Sequence[Moments]) -> Tensor | None:
    if all(each.scales is None for each in moments):
        return None
    return torch.cat(
        [
            each.sizes.means.new_ones(len(each.centred)) if each.scales is None else each.scales
            for each in moments
        ]
    )


def _moments_inside(maps: Tensor, support: Tensor | None) -> Moments:
    return moments_of(maps if support is None else maps * support.to(maps.device, maps.dtype), support)
