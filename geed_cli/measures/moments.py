"""Maps taken apart into their means and what varies about them, which every layerwise measure is made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from geed_cli.measures.channelwise import COSINE, ChannelwiseDeviation
from geed_cli.measures.measure import LayerMeasure
from geed_cli.measures.pixel_sums import channels_last, pixel_products, pixel_sums, taken

SAFE = (1e-15, 1e15)
"""Norms between which squares of float32 maps neither vanish nor overflow (1e-38 to 1e38), with room for sums."""


@dataclass(frozen=True)
class Sizes:
    """How large maps are, channel by channel, in float64.

    Attributes:
        means: ā over the compared pixels, shape (B, C).
        squares: ⟨a', a'⟩ of what varies about the mean, shape (B, C).
        pixels: n, how many are compared.
    """

    means: Tensor
    squares: Tensor
    pixels: int

    @cached_property
    def norms(self) -> Tensor:
        """‖a‖ = (⟨a', a'⟩ + n ā²)^½, shape (B, C)."""
        return (self.squares + self.pixels * self.means**2).sqrt()

    @cached_property
    def deviations(self) -> Tensor:
        """‖a'‖ = ⟨a', a'⟩^½, shape (B, C)."""
        return self.squares.sqrt()

    def rows(self, rows: Sequence[int]) -> "Sizes":
        """Those of some of the stacks."""
        return Sizes(taken(self.means, rows), taken(self.squares, rows), self.pixels)

    def replaced(self, at: Tensor, by: "Sizes") -> "Sizes":
        """The same with other rows at those numbers."""
        return Sizes(
            self.means.index_copy(0, at, by.means), self.squares.index_copy(0, at, by.squares), self.pixels
        )

    def clone(self) -> "Sizes":
        """A copy that holds no larger stack."""
        return Sizes(self.means.clone(), self.squares.clone(), self.pixels)


@dataclass(frozen=True)
class Moments:
    """Maps taken apart into their means and what varies about them.

    Attributes:
        centred: s (a − ā) on the compared pixels, 0 elsewhere, shape (B, C, H, W).
        scales: s, shape (B,), float64: 1, or a power of two where squares of the map would overflow or vanish.
        sizes: of the maps themselves.
    """

    centred: Tensor
    scales: Tensor
    sizes: Sizes


def moments_of(maps: Tensor, support: Tensor | None = None) -> Moments:
    """The moments of maps of shape (B, C, H, W), each by itself: what else is in the stack changes no digit.

    Args:
        maps: zero outside the support.
        support: the pixels that are compared, shape (H, W), bool; None for all of them.

    Returns:
        In float32; in float64 where the maps are, and on a GPU, where asking whether a map needs a scale would wait
        for all that is queued.
    """
    maps = maps.cpu() if maps.device.type == "mps" else maps  # MPS has no float64
    maps = maps.double() if maps.is_cuda or maps.dtype == torch.float64 else maps.float()
    found = _moments(maps, support)
    if maps.dtype == torch.float64:
        return found
    scales = _safe_scales(found.sizes, maps)
    return found if scales is None else _moments(maps, support, scales)


def _moments(maps: Tensor, support: Tensor | None, scales: Tensor | None = None) -> Moments:
    """The moments, from maps times their scales."""
    if scales is not None:
        maps = maps * scales.to(maps)[:, None, None, None]
    pixels = maps.shape[-2] * maps.shape[-1] if support is None else int(support.sum())
    means = pixel_sums(maps) / pixels
    centred = maps - means[:, :, None, None].to(maps.dtype)
    if support is not None:
        centred = centred * support.to(maps.device, maps.dtype)
    squares = pixel_products(centred, centred)
    if scales is None:
        return Moments(centred, means.new_ones(len(maps)), Sizes(means, squares, pixels))
    s = scales[:, None]
    return Moments(centred, scales, Sizes(means / s, squares / s**2, pixels))


def products_of(one: Tensor, other: Tensor, scales: Tensor) -> Tensor:
    """⟨a', b'⟩ for every channel of two stacks of centred maps (B, C, H, W); shape (B, C).

    Args:
        one: s_a a'.
        other: s_b b'.
        scales: s_a s_b, shape (B,).
    """
    return pixel_products(one, other) / scales[:, None]


def channelwise_deviation(
    moved: Tensor, expected: Tensor, measure: LayerMeasure = COSINE, support: Tensor | None = None
) -> ChannelwiseDeviation:
    """A measure of maps of shape (B, C, H, W).

    Args:
        moved: f_l(gx), masked already where the action is masked.
        expected: g·f̂_l(x), likewise.
        measure: of layers.
        support: the pixels that are compared, shape (H, W), bool; None for all of them.
    """
    one, other = moments_of(moved, support), moments_of(expected, support)
    products = products_of(one.centred, other.centred, one.scales * other.scales)
    return measure.compare(one.sizes, other.sizes, products)


def _safe_scales(sizes: Sizes, maps: Tensor) -> Tensor | None:
    """1, and powers of two that bring maps near 1 whose float32 squares overflow or vanish, shape (B,).

    Maps that are 0, or not finite themselves, stay as they are; None where all do.
    """
    largest = sizes.norms.amax(dim=1)
    unsafe = ((largest > SAFE[0]) & (largest < SAFE[1])).logical_not().nonzero()[:, 0].tolist()
    scales = torch.ones(len(maps), dtype=torch.float64)
    # read in the order of memory, which is ten times faster
    stored = maps.permute(0, 2, 3, 1) if channels_last(maps) else maps
    for row in unsafe:
        ends = torch.aminmax(stored[row])
        peak = max(-float(ends.min), float(ends.max))
        if 0 < peak < math.inf:
            scales[row] = 2.0 ** min(-math.frexp(peak)[1], 127)  # float32 ends there
    return None if bool((scales == 1).all()) else scales
