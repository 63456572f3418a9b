"""How colour transforms act on pixels in [0, 1], shape (..., 3, H, W), red, green and blue.

A turn of the hue is a permutation of channels, bit for bit, and a remainder of at most 60 degrees about the hexagon
of HSV, which keeps each pixel's largest and smallest value, so grey stays grey and [0, 1] stays [0, 1].
"""

import torch
from torch import Tensor

from geed_cli.groups.colour import Colour


def recolour(pixels: Tensor, colour: Colour) -> Tensor:
    """k·x: channels permuted, hue turned, then inverted; the same shape and dtype.

    Inverting twice gives pixels back to the last bit of 1, not of the pixel: 1 − x rounds a dark x.
    """
    order, rest = colour.channels()
    moved = pixels if order == (0, 1, 2) else pixels[..., list(order), :, :]
    if rest:
        moved = _turn_hue(moved, float(6 * rest))
    return 1 - moved if colour.invert else moved


def _turn_hue(pixels: Tensor, sixths: float) -> Tensor:
    """The hue turned by so many sixths of a turn.

    With m and M a pixel's smallest and largest value and its hue h in sixths (red 0, green 2, blue 4), channel k is
    m + (M − m)·clamp(2 − |h − 2k|, 0, 1), differences taken around the circle of six.
    """
    low, high = pixels.amin(-3, keepdim=True), pixels.amax(-3, keepdim=True)
    hue = _hue(pixels, low, high) + sixths
    peaks = torch.tensor([0, 2, 4], dtype=pixels.dtype, device=pixels.device)[:, None, None]
    distance = ((hue - peaks + 3).remainder(6) - 3).abs()
    # rounding may end an ulp above M
    return torch.minimum(low + (high - low) * (2 - distance).clamp(0, 1), high)


def _hue(pixels: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The hue in sixths of a turn, in [−1, 5], shape (..., 1, H, W); 0 for grey."""
    red, green, blue = (pixels[..., k : k + 1, :, :] for k in range(3))
    chroma = high - low
    width = torch.where(chroma == 0, 1, chroma)
    of_red, of_green, of_blue = green - blue, blue - red, red - green
    return torch.where(
        red == high,
        of_red / width,
        torch.where(green == high, 2 + of_green / width, 4 + of_blue / width),
    )
