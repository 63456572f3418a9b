"""Channelwise G-EED (eq. 5): mean over live channels of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i), and its correlation.

A channel whose two maps are both zero says nothing and is left out and counted (``dead``); if exactly one is zero
its cosine is 0. Zero is relative to the comparison's largest channel, since rounding noise is no signal. Both
measures come from one pass over the maps: with a = a' + ā, ⟨a, b⟩ = ⟨a', b'⟩ + n ā b̄.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geed_cli.measures.measure import LayerMeasure
from geed_cli.statistics.scale import Scale

Array = NDArray[np.float64]

ZERO = 1e-6
"""A map is zero below this part of the largest map's norm: about ten float32 roundings of that map."""


@dataclass(frozen=True)
class ChannelwiseDeviation:
    """The outcome for B comparisons.

    Attributes:
        value: shape (B,), in [−1, 1]; NaN where no channel is live.
        dead: shape (B,), the part of channels left out, in [0, 1].
        finite: shape (B,), whether both maps were finite throughout.
    """

    value: Array
    dead: Array
    finite: NDArray[np.bool_]


@dataclass(frozen=True)
class Sizes:
    """How large maps are, channel by channel; on the CPU, wherever the maps are.

    Attributes:
        means: ā over the compared pixels, shape (B, C).
        squares: ⟨a', a'⟩ of what varies about the mean, shape (B, C).
        pixels: n, how many are compared.
    """

    means: Array
    squares: Array
    pixels: int

    @cached_property
    def norms(self) -> Array:
        """‖a‖ = (⟨a', a'⟩ + n ā²)^½, shape (B, C)."""
        with np.errstate(all="ignore"):  # of maps that are not finite
            return np.sqrt(self.squares + self.pixels * self.means**2)

    @cached_property
    def deviations(self) -> Array:
        """‖a'‖ = ⟨a', a'⟩^½, shape (B, C)."""
        return np.sqrt(self.squares)

    def rows(self, rows: Sequence[int]) -> "Sizes":
        """Those of some of the stacks."""
        return Sizes(self.means[rows], self.squares[rows], self.pixels)


def compare(moved: Sizes, expected: Sizes, products: Array) -> ChannelwiseDeviation:
    """−(1/C) Σ_i cos(moved_i, expected_i), over live channels.

    Args:
        moved: of f_l(gx).
        expected: of g·f̂_l(x).
        products: ⟨a', b'⟩ of both, shape (B, C).
    """
    with np.errstate(all="ignore"):  # of maps that are not finite
        inner = products + moved.pixels * moved.means * expected.means
    return _deviation(inner, (moved.norms, expected.norms), _largest(moved, expected))


def correlate(moved: Sizes, expected: Sizes, products: Array) -> ChannelwiseDeviation:
    """−(1/C) Σ_i corr(moved_i, expected_i), over channels that vary: the cosine without each map's own mean.

    Maps behind a ReLU are positive, so that any two of them have a high cosine; without their means they have not.
    A channel is dead here where both maps are constant. Arguments as in ``compare``.
    """
    # a constant map leaves rounding noise, which is judged by the size of the maps themselves
    return _deviation(products, (moved.deviations, expected.deviations), _largest(moved, expected))


def _largest(one: Sizes, other: Sizes) -> Array:
    """The largest norm of a channel in either map, the scale of zero, shape (B, 1)."""
    return np.asarray(np.maximum(one.norms, other.norms).max(axis=1, keepdims=True))


def _deviation(product: Array, norms: tuple[Array, Array], largest: Array) -> ChannelwiseDeviation:
    """The mean over live channels, from products and norms of shape (B, C) and the scale of zero, (B, 1)."""
    zero = norms[0] <= ZERO * largest, norms[1] <= ZERO * largest
    dead = zero[0] & zero[1]
    with np.errstate(all="ignore"):  # NaN and 0/0 are answers here: see value and finite
        cosine = np.where(zero[0] | zero[1], 0.0, product / np.maximum(norms[0] * norms[1], 1e-300))
        value = -cosine.clip(-1, 1).sum(axis=1) / np.count_nonzero(~dead, axis=1)
    return ChannelwiseDeviation(value, dead.mean(axis=1), np.isfinite(largest[:, 0]))


COSINE = LayerMeasure(
    name="channelwise.cosine",
    compare=compare,
    scale=Scale.bounded(-1.0, 1.0),
    best=-1.0,
    range="−1 to 1",
    definition="mean over x, g and live channels i of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i), per layer",
    reading="channelwise: −1 is equivariant, channel by channel; e counts as −1, so small groups stay "
    "nearer to −1. dead: channels that are zero in both maps.",
)
CORRELATION = LayerMeasure(
    name="channelwise.correlation",
    compare=correlate,
    of_variation=True,
    beside=COSINE,
    scale=Scale.bounded(-1.0, 1.0),
    best=-1.0,
    range="−1 to 1",
    definition="channelwise.cosine of maps from which each channel's own mean has been taken, per layer",
    reading="correlation: the cosine of maps without each channel's own mean, which makes any two maps alike.",
)
