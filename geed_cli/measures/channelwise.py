"""Channelwise G-EED (eq. 5): mean over live channels of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i).

A channel whose two maps are both zero says nothing and is left out and counted (``dead``); if exactly one is zero
its cosine is 0. Zero is relative to the comparison's largest channel, since rounding noise is no signal.
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
    if moved.dtype != torch.float64 and not bool(((largest > SAFE[0]) & (largest < SAFE[1])).all()):
        # float32 products would overflow or vanish; a zero layer comes here too and stays zero
        return channelwise_deviation(moved.cpu().double(), expected.cpu().double())
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


def _inner_products(moved: Tensor, expected: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """⟨moved_i, expected_i⟩ and both norms for every channel, shape (B, C) each."""
    squares = _sum(moved * moved), _sum(expected * expected)
    return _sum(moved * expected), (squares[0].sqrt(), squares[1].sqrt())


def _sum(maps: Tensor) -> Tensor:
    """Sum over H and W, accumulated in float64; shape (B, C)."""
    # MPS has no float64
    return (maps.cpu() if maps.device.type == "mps" else maps).flatten(2).sum(dim=2, dtype=torch.float64)
