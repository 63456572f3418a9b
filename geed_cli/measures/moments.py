"""Maps taken apart into their means and what varies about them by torch; where there is a kernel, it makes the sums.

Sums over pixels are made channel by channel: a row in the maps' own type, then the rows in float64. A row has at most
a few hundred pixels, so its float32 sum keeps six digits or more; converting every pixel first costs many times as
much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

SAFE_NORMS = (1e-15, 1e15)
"""Norms between which squares of float32 maps neither vanish nor overflow (1e-38 to 1e38), with room for sums."""

PRODUCTS_AT_ONCE = 2**20
"""Products that are made before they are summed: these 4 MiB are still in a CPU's cache then."""


@dataclass(frozen=True)
class Sizes:
    """How large maps are: ā over the n compared pixels and ⟨a', a'⟩ of what varies about it, (B, C), float64."""

    means: Tensor
    squares: Tensor
    pixels: int

    @cached_property
    def norms(self) -> Tensor:
        """‖a‖ = (⟨a', a'⟩ + n ā²)^½, shape (B, C)."""
        return _square_root((self.means * self.means).mul_(self.pixels).add_(self.squares))

    @cached_property
    def largest(self) -> Tensor:
        """The largest norm of each map's channels, shape (B,)."""
        return self.norms.amax(dim=1)

    @cached_property
    def deviations(self) -> Tensor:
        """‖a'‖ = ⟨a', a'⟩^½, shape (B, C)."""
        return _square_root(self.squares.clone())

    def rows(self, rows: Sequence[int]) -> "Sizes":
        """Those of some of the stacks."""
        return Sizes(taken(self.means, rows), taken(self.squares, rows), self.pixels)

    def replaced(self, at: Tensor, by: "Sizes") -> "Sizes":
        """The same with other rows at those numbers."""
        return Sizes(
            self.means.index_copy(0, at, by.means), self.squares.index_copy(0, at, by.squares), self.pixels
        )

    @staticmethod
    def together(each: Sequence["Sizes"]) -> "Sizes":
        """Of all maps, which have as many compared pixels."""
        means, squares = together([one.means for one in each]), together([one.squares for one in each])
        return Sizes(means, squares, each[0].pixels)

    def clone(self) -> "Sizes":
        """A copy that holds no larger stack."""
        return Sizes(self.means.clone(), self.squares.clone(), self.pixels)


def _square_root(numbers: Tensor) -> Tensor:
    """√ in place, correctly rounded on a CPU by NumPy: torch's own may be off there in the last digit."""
    if numbers.device.type != "cpu":
        return numbers.sqrt_()
    np.sqrt(numbers.numpy(), out=numbers.numpy())
    return numbers


@dataclass(frozen=True)
class Moments:
    """Maps of one stack taken apart.

    Attributes:
        centred: s (a − ā) on the compared pixels, 0 elsewhere, shape (B, C, H, W).
        scales: s, shape (B,), float64: 1, or a power of two where squares of the map would overflow or vanish; None
            where that is 1 for all of them.
        sizes: of the maps themselves.
    """

    centred: Tensor
    scales: Tensor | None
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
    moments = _moments(maps, support)
    if maps.dtype == torch.float64:
        return moments
    scales = _safe_scales(moments.sizes, maps)
    return moments if scales is None else _moments(maps, support, scales)


def _moments(maps: Tensor, support: Tensor | None, scales: Tensor | None = None) -> Moments:
    """The moments of the maps, computed from maps times their scales."""
    if scales is not None:
        maps = maps * scales.to(maps)[:, None, None, None]
    pixels = maps.shape[-2] * maps.shape[-1] if support is None else int(support.sum())
    means = pixel_sums(maps) / pixels
    centred = maps - means[:, :, None, None].to(maps.dtype)
    if support is not None:
        centred = centred * support.to(maps.device, maps.dtype)
    squares = pixel_products(centred, centred)
    if scales is None:
        return Moments(centred, None, Sizes(means, squares, pixels))
    s = scales[:, None]
    return Moments(centred, scales, Sizes(means / s, squares / s**2, pixels))


def _safe_scales(sizes: Sizes, maps: Tensor) -> Tensor | None:
    """1, and powers of two that bring maps near 1 whose float32 squares overflow or vanish, shape (B,).

    Maps that are 0, or not finite themselves, stay as they are; None where all do.
    """
    largest = sizes.norms.amax(dim=1)
    unsafe = ((largest > SAFE_NORMS[0]) & (largest < SAFE_NORMS[1])).logical_not().nonzero()[:, 0].tolist()
    if not unsafe:
        return None
    scales = torch.ones(len(maps), dtype=torch.float64)
    # read in the order of memory, which is ten times faster
    stored = maps.permute(0, 2, 3, 1) if channels_last(maps) else maps
    for row in unsafe:
        ends = torch.aminmax(stored[row])
        peak = max(-float(ends.min), float(ends.max))
        if 0 < peak < math.inf:
            scales[row] = 2.0 ** min(-math.frexp(peak)[1], 127)  # float32 ends there
    return None if bool((scales == 1).all()) else scales


def pixel_sums(maps: Tensor) -> Tensor:
    """Σ over H and W of maps (B, C, H, W); shape (B, C), float64."""
    if channels_last(maps):  # sums along another order of the axes are five times slower
        return maps.permute(0, 2, 3, 1).sum(dim=2).sum(dim=1, dtype=torch.float64)
    return maps.sum(dim=-1).sum(dim=-1, dtype=torch.float64)


def pixel_products(one: Tensor, other: Tensor) -> Tensor:
    """Σ over H and W of the products of two stacks of maps (B, C, H, W); shape (B, C), float64."""
    _, channels, height, width = one.shape
    at_once = PRODUCTS_AT_ONCE if one.device.type == "cpu" else one.numel()
    maps = max(1, at_once // (channels * height * width))
    if len(one) <= maps:
        return pixel_sums(one * other)
    parts = zip(torch.split(one, maps), torch.split(other, maps), strict=True)
    return torch.cat([pixel_sums(a * b) for a, b in parts])


def channels_last(maps: Tensor) -> bool:
    """Whether neighbours in memory are channels of one pixel."""
    return maps.stride(1) == 1


def together(each: Sequence[Tensor]) -> Tensor:
    """Rows of several stacks as one, without copying where there is one alone."""
    return each[0] if len(each) == 1 else torch.cat(list(each))


def pick(stack: Tensor, rows: Sequence[int]) -> Tensor:
    """Rows of a stack of maps; where they have to be copied, in its memory order."""
    picked = taken(stack, rows)
    return picked if evenly_spaced(rows) is not None else laid_out(picked, stack)


def laid_out(copy: Tensor, maps: Tensor) -> Tensor:
    """A copy in the memory order of the maps, so that sums go the same way whatever else is in a batch."""
    last = channels_last(maps)
    return copy.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def taken(stack: Tensor, rows: Sequence[int]) -> Tensor:
    """Rows of a stack, without copying where they are evenly spaced, as those of one view are."""
    spaced = evenly_spaced(rows)
    return stack[numbers_of(tuple(rows), stack.device)] if spaced is None else stack[spaced]


def evenly_spaced(rows: Sequence[int]) -> slice | None:
    """The slice that takes these rows; None where there is none."""
    step = rows[1] - rows[0] if len(rows) > 1 else 1
    even = step > 0 and list(rows) == list(range(rows[0], rows[-1] + 1, step))
    return slice(rows[0], rows[-1] + 1, step) if even else None


@lru_cache(maxsize=512)
def numbers_of(rows: tuple[int, ...], device: torch.device) -> Tensor:
    """Row numbers on the device; every layer of a batch asks for the same ones, and each copy to a GPU waits."""
    return torch.tensor(rows, dtype=torch.int64, device=device)
