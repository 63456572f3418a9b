"""Channelwise G-EED (eq. 5): mean over live channels of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i), and its correlation.

A channel whose two maps are both zero says nothing and is left out and counted (``dead``); if exactly one is zero
its cosine is 0. Zero is relative to the comparison's largest channel, since rounding noise is no signal. Both
measures come from one pass over the maps: with a = a' + ā, ⟨a, b⟩ = ⟨a', b'⟩ + n ā b̄. Everything stays where the
maps are, since whoever fetches a number from a GPU waits for all that is queued there.
"""

from typing import TYPE_CHECKING

from geed_cli.explanation import PAPER, Explanation
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor

    from geed_cli.measures.moments import Sizes

ZERO = 1e-6
"""A map is zero below this part of the largest map's norm: about ten float32 roundings of that map."""


def compare(moved: "Sizes", expected: "Sizes", products: "Tensor") -> LayerDeviation:
    """−(1/C) Σ_i cos(moved_i, expected_i), over live channels of f_l(gx) and g·f̂_l(x), from ⟨a', b'⟩, (B, C)."""
    # operation by operation: fused, the last digit of a number might depend on its place among others
    inner = (moved.means * moved.pixels).mul_(expected.means).add_(products)
    return _deviation(inner, (moved.norms, expected.norms), _largest(moved, expected))


def correlate(moved: "Sizes", expected: "Sizes", products: "Tensor") -> LayerDeviation:
    """−(1/C) Σ_i corr(moved_i, expected_i), over channels that vary: the cosine without each map's own mean.

    Maps behind a ReLU are positive, so that any two of them have a high cosine; without their means they have not.
    A channel is dead here where both maps are constant.
    """
    # a constant map leaves rounding noise, which is judged by the size of the maps themselves
    return _deviation(products.clone(), (moved.deviations, expected.deviations), _largest(moved, expected))


def _largest(one: "Sizes", other: "Sizes") -> "Tensor":
    """The largest norm of a channel in either map, the scale of zero, shape (B, 1)."""
    return one.largest.maximum(other.largest)[:, None]


def _deviation(inner: "Tensor", norms: tuple["Tensor", "Tensor"], largest: "Tensor") -> LayerDeviation:
    """The mean over live channels, from products and norms of shape (B, C) and the scale of zero, (B, 1).

    ``inner`` becomes the cosines: of the many channels of many layers, each further copy would be felt.
    """
    scale = ZERO * largest
    zero = norms[0] <= scale, norms[1] <= scale
    dead = (zero[0] & zero[1]).sum(dim=1)
    cosine = inner.div_(norms[0] * norms[1]).masked_fill_(zero[0] | zero[1], 0.0).clamp_(-1, 1)
    channels = cosine.shape[1]
    value = -channel_sums(cosine) / (channels - dead)  # 0/0 is NaN: see value
    return LayerDeviation(value, dead.double() / channels, largest[:, 0].isfinite())


def channel_sums(numbers: "Tensor") -> "Tensor":
    """Σ over C of (B, C). NumPy adds in an order that does not depend on B, torch on a CPU does."""
    if numbers.device.type == "cpu":
        return numbers.new_tensor(numbers.contiguous().numpy().sum(axis=1))
    return numbers.sum(dim=1)


COSINE = ChannelMeasure(
    name="channelwise.cosine",
    compare=compare,
    scale=Scale.bounded(-1.0, 1.0),
    best=-1.0,
    range="−1 to 1",
    definition="mean over x, g and live channels i of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i), per layer",
    equation="eq. (5)",
    told="Channel by channel, the maps of a transformed image and the transformed maps of the image have a mean "
    "negative cosine of {value}, -1 being equivariant.",
    explained=Explanation(
        what="how far a layer's maps of the transformed image are from the transformed maps of the image, channel by "
        "channel.",
        reading="−1 is equivariant, channel by channel; e counts as −1, so small groups stay nearer to −1. Maps "
        "behind a ReLU are positive, so any two have a high cosine: set it against the null. The percentage beside "
        "it leaves e out, and is 100% where another image's maps would do as well.",
        example="Under flip a channel shows (3, 4) where the mirrored map is (5, 0): the cosine is 0.6. With e, which "
        "has −1, the value is (−1 − 0.6) / 2 = −0.8.",
        source=f"{PAPER}, section 3.1",
        see=("null", "scale", "channelwise.correlation", "dead", "layers"),
    ),
)
CORRELATION = ChannelMeasure(
    name="channelwise.correlation",
    compare=correlate,
    of_variation=True,
    beside=COSINE,
    scale=Scale.bounded(-1.0, 1.0),
    best=-1.0,
    range="−1 to 1",
    definition="channelwise.cosine of maps from which each channel's own mean has been taken, per layer",
    equation="eq. (5) with the correlation in place of the cosine",
    told="Without each channel's own mean that is {value}.",
    explained=Explanation(
        what="channelwise.cosine after each channel's own mean was taken from it.",
        reading="−1 is equivariant, and 0 is what unrelated maps have. A layer whose cosine is good and whose "
        "correlation is near 0 knows only how bright its channels are.",
        example="The maps (1, 2, 3) and (3, 2, 1) have the cosine 0.714, and without their means the correlation −1.",
        see=("channelwise.cosine", "null"),
    ),
)
