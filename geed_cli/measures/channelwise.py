"""Channelwise G-EED (eq. 5): mean over live channels of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i).

A channel whose two maps are both zero says nothing and is left out and counted (``dead``); if exactly one is zero
its cosine is 0. Zero is relative to the comparison's largest channel, since rounding noise is no signal. The
correlation is the cosine of what is left of each map without its own mean.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

ZERO = 1e-6
"""A map is zero below this part of the largest map's norm: about ten float32 roundings of that map."""


SAFE = (1e-15, 1e15)
"""Norms between which squares of float32 maps neither vanish nor overflow (1e-38 to 1e38), with room for sums."""


@dataclass(frozen=True)
class ChannelwiseDeviation:
    """The outcome for B comparisons.

    Attributes:
        value: shape (B,), float64 in [−1, 1]; NaN where no channel is live.
        dead: shape (B,), the part of channels left out, in [0, 1].
        finite: shape (B,), bool, whether both maps were finite throughout.
    """

    value: Tensor
    dead: Tensor
    finite: Tensor


def channelwise_deviation(moved: Tensor, expected: Tensor) -> ChannelwiseDeviation:
    """−(1/C) Σ_i cos(moved_i, expected_i), over live channels.

    Args:
        moved: f_l(gx), shape (B, C, H, W), masked already where the action is masked.
        expected: g·f̂_l(x), the same shape, masked likewise.
    """
    product, norms = _inner_products(moved, expected)
    largest = torch.maximum(*norms).amax(dim=1, keepdim=True)
    if _unsafe(moved, largest):
        return channelwise_deviation(moved.cpu().double(), expected.cpu().double())
    return _deviation(product, norms, largest)


def channelwise_correlation(moved: Tensor, expected: Tensor, support: Tensor) -> ChannelwiseDeviation:
    """−(1/C) Σ_i corr(moved_i, expected_i), over channels that vary: the cosine without each map's own mean.

    Maps behind a ReLU are positive, so that any two of them have a high cosine; without their means they have not.
    A channel is dead here where both maps are constant.

    Args:
        moved: f_l(gx), shape (B, C, H, W), zero outside the support.
        expected: g·f̂_l(x), the same shape, likewise.
        support: the pixels that are compared, shape (H, W), bool.
    """
    largest = torch.maximum(_sum(moved * moved), _sum(expected * expected)).sqrt().amax(dim=1, keepdim=True)
    if _unsafe(moved, largest):
        return channelwise_correlation(moved.cpu().double(), expected.cpu().double(), support.cpu())
    product, norms = _inner_products(_centred(moved, support), _centred(expected, support))
    # a constant map leaves rounding noise, which is judged by the size of the maps themselves
    return _deviation(product, norms, largest)


def _deviation(product: Tensor, norms: tuple[Tensor, Tensor], largest: Tensor) -> ChannelwiseDeviation:
    """The mean over live channels, from products and norms of shape (B, C) and the scale of zero, (B, 1)."""
    zero = norms[0] <= ZERO * largest, norms[1] <= ZERO * largest
    dead = zero[0] & zero[1]
    one_zero = zero[0] ^ zero[1]
    cosine = torch.where(dead | one_zero, 0.0, product / (norms[0] * norms[1]).clamp(min=1e-300))
    live = (~dead).sum(dim=1)
    return ChannelwiseDeviation(
        # 0/0 is NaN exactly where no channel is live
        value=-cosine.clamp(-1, 1).sum(dim=1) / live,
        dead=dead.double().mean(dim=1),
        finite=largest[:, 0].isfinite(),
    )


def _unsafe(maps: Tensor, largest: Tensor) -> bool:
    """Whether float32 products would overflow or vanish; a zero layer counts as unsafe and stays zero."""
    inside = (largest > SAFE[0]) & (largest < SAFE[1])
    return maps.dtype != torch.float64 and not bool(inside.all())


def _centred(maps: Tensor, support: Tensor) -> Tensor:
    """Each channel without its mean over the support, zero outside."""
    means = _sum(maps) / support.sum()
    return (maps - means[:, :, None, None].to(maps.device, maps.dtype)) * support.to(maps.device, maps.dtype)


def _inner_products(moved: Tensor, expected: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """⟨moved_i, expected_i⟩ and both norms for every channel, shape (B, C) each."""
    squares = _sum(moved * moved), _sum(expected * expected)
    return _sum(moved * expected), (squares[0].sqrt(), squares[1].sqrt())


def _sum(maps: Tensor) -> Tensor:
    """Sum over H and W, accumulated in float64; shape (B, C)."""
    # MPS has no float64
    return (maps.cpu() if maps.device.type == "mps" else maps).flatten(2).sum(dim=2, dtype=torch.float64)
