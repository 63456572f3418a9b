"""Whole maps compared by their difference, and the one way into every measure of layers.

A difference is taken pixel by pixel before it is squared: from ⟨a, a⟩ − 2⟨a, b⟩ + ⟨b, b⟩ nothing would be left of a
small one. It is made in float64 where the device has that, since squares of float32 maps may overflow or vanish.
"""

from torch import Tensor

from geed_cli.measures.channelwise import channel_sums
from geed_cli.measures.maps.compared import channelwise_deviation
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation, LayerMeasure, MapMeasure
from geed_cli.measures.moments import pixel_products


def wide(maps: Tensor) -> Tensor:
    """Maps in float64, on the CPU where their device has none."""
    return (maps.cpu() if maps.device.type == "mps" else maps).double()


def squared_lengths(maps: Tensor) -> Tensor:
    """‖a‖² over channels and pixels, from (B, C, H, W), zero where nothing is compared, to (B,), float64."""
    maps = wide(maps)
    return channel_sums(pixel_products(maps, maps))


def map_deviation(measure: MapMeasure, apart: Tensor, plain: Tensor) -> LayerDeviation:
    """A measure of whole maps.

    Args:
        measure: which.
        apart: ‖f_l(gx) − ρ(g)f_l(x)‖², shape (B,).
        plain: ‖f_l(x)‖², shape (B,).
    """
    value = measure.relate(apart.sqrt(), plain.sqrt())
    return LayerDeviation(value, None, apart.isfinite() & plain.isfinite())


def layer_deviation(
    measure: LayerMeasure, moved: Tensor, expected: Tensor, plain: Tensor, support: Tensor | None = None
) -> LayerDeviation:
    """Any measure of layers, of maps of shape (B, C, H, W) that are masked already outside the support.

    Args:
        measure: which.
        moved: f_l(gx).
        expected: ρ(g)f̂_l(x), or ρ(g)f_l(x) where the measure is against the plain image.
        plain: f_l(x).
        support: the pixels that are compared, shape (H, W), bool; None for all of them.
    """
    if isinstance(measure, MapMeasure):
        apart = squared_lengths(wide(moved) - wide(expected))
        return map_deviation(measure, apart, squared_lengths(plain))
    assert isinstance(measure, ChannelMeasure), "there is no other kind"
    return channelwise_deviation(moved, expected, measure, support)
