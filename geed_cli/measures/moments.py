"""Maps taken apart into their means and what varies about them, which every layerwise measure is made of."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geed_cli.measures.channelwise import COSINE, Array, ChannelwiseDeviation, Sizes
from geed_cli.measures.measure import LayerMeasure
from geed_cli.measures.pixel_sums import channels_last, pixel_products, pixel_sums

SAFE = (1e-15, 1e15)
"""Norms between which squares of float32 maps neither vanish nor overflow (1e-38 to 1e38), with room for sums."""


@dataclass(frozen=True)
class Moments:
    """Maps taken apart into their means and what varies about them.

    Attributes:
        centred: s (a − ā) on the compared pixels, 0 elsewhere, shape (B, C, H, W).
        scales: s, shape (B,): 1, or a power of two where squares of the map would overflow or vanish.
        sizes: of the maps themselves.
    """

    centred: Tensor
    scales: Array
    sizes: Sizes


def moments_of(maps: Tensor, support: Tensor | None = None) -> Moments:
    """The moments of maps of shape (B, C, H, W), each by itself: what else is in the stack changes no digit.

    Args:
        maps: zero outside the support.
        support: the pixels that are compared, shape (H, W), bool; None for all of them.

    Returns:
        In float32, or float64 where the maps are.
    """
    maps = maps.cpu() if maps.device.type == "mps" else maps  # MPS has no float64
    maps = maps if maps.dtype == torch.float64 else maps.float()
    found = _moments(maps, support, np.ones(len(maps)))
    scales = found.scales if maps.dtype == torch.float64 else _safe_scales(found.sizes, maps)
    return found if (scales == 1).all() else _moments(maps, support, scales)


def _moments(maps: Tensor, support: Tensor | None, scales: Array) -> Moments:
    """The moments, from maps times their scales."""
    if (scales != 1).any():
        maps = maps * torch.from_numpy(scales).to(maps)[:, None, None, None]
    pixels = maps.shape[-2] * maps.shape[-1] if support is None else int(support.sum())
    means = pixel_sums(maps) / pixels
    centred = maps - means[:, :, None, None].to(maps.dtype)
    if support is not None:
        centred = centred * support.to(maps.device, maps.dtype)
    # fetched at once, since every fetch waits for the device
    found = torch.stack([means, pixel_products(centred, centred)]).cpu().numpy()
    s = scales[:, None]
    return Moments(centred, scales, Sizes(found[0] / s, found[1] / s**2, pixels))


def products_of(one: Tensor, other: Tensor, scales: Array) -> Array:
    """⟨a', b'⟩ for every channel of two stacks of centred maps (B, C, H, W); shape (B, C).

    Args:
        one: s_a a'.
        other: s_b b'.
        scales: s_a s_b, shape (B,).
    """
    return np.asarray(pixel_products(one, other).cpu().numpy() / scales[:, None])


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


def _safe_scales(sizes: Sizes, maps: Tensor) -> Array:
    """1, and powers of two that bring maps near 1 whose float32 squares overflow or vanish, shape (B,).

    Maps that are 0, or not finite themselves, stay as they are.
    """
    scales = np.ones(len(maps))
    largest = sizes.norms.max(axis=1)
    # read in the order of memory, which is ten times faster
    stored = maps.permute(0, 2, 3, 1) if channels_last(maps) else maps
    for row in np.flatnonzero(~((largest > SAFE[0]) & (largest < SAFE[1]))):
        ends = torch.aminmax(stored[row])
        peak = max(-float(ends.min), float(ends.max))
        if 0 < peak < np.inf:
            scales[row] = 2.0 ** min(-np.frexp(peak)[1], 127)  # float32 ends there
    return scales
