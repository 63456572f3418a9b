"""A picture at another size: as Pillow makes it (``exact``), or as torch does in a tenth of the time (``fast``).

Both take the same antialiasing filter over the same pixels, across first and then down, with bytes in between. Pillow
holds the filter's weights in 22 bits and torch in 15 or fewer, so values that lie close to a half round to the other
side: one level of 255, and two where both passes do. What torch makes is the same on every kind of x86 processor.
"""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image

from geed_cli.choices import Decode
from geed_cli.images.picture import Picture, Pixels, Size
from geed_cli.input_settings import Interpolation

BY_TORCH: frozenset[Interpolation] = frozenset({"bilinear", "bicubic"})
"""The filters that torch has, too."""
SHRINKS = 1.25
"""How many times as large a picture is at least: below that two levels are no exception, and Pillow is quick."""
HIGHEST = 1.8
"""Times as high as wide: of taller pictures, and of those that lose more in height, Pillow 13 goes down first."""
IN_PROPORTION = 1.01
"""How much more of the height than of the width may be lost: rounding to whole pixels, and less than makes it do so."""
STRIP = 2**20
"""Pixels of a strip of rows, 3 MB: strips come out as the whole would, and no copy of a whole picture is needed."""


def resizes_alike(interpolation: Interpolation) -> bool:
    """Whether ``fast`` is ``exact``, since torch has no such filter."""
    return interpolation not in BY_TORCH


def resized(picture: Picture, size: Size, interpolation: Interpolation, decode: Decode) -> Image.Image:
    """The whole picture at another size, in its own mode.

    Args:
        picture: of any size.
        size: width and height.
        interpolation: the filter.
        decode: ``exact`` is Pillow's resizing bit for bit. ``fast`` is within a level or two of it, and is it where
            the picture hardly shrinks, is squeezed in height, or is very tall.
    """
    if decode == "exact" or resizes_alike(interpolation) or not _takes_torch(picture.size, size):
        return picture.image.resize(size, Image.Resampling[interpolation.upper()])
    if isinstance(picture.pixels, Image.Image):
        width, strips = size[0], _strips(picture.pixels)
        across = [_resized(strip, (width, strip.shape[1]), interpolation) for strip in strips]
        values = np.concatenate(across, axis=1)
    else:
        values = picture.pixels.transpose(2, 0, 1)
    values = _resized(values, size, interpolation).transpose(1, 2, 0)
    return Image.fromarray(values if picture.channels == 3 else values[:, :, 0])


def _takes_torch(source: Size, size: Size) -> bool:
    """Whether there is something to save, and Pillow, too, would go across first.

    The order matters by up to 30 levels, since bytes lie between the passes.
    """
    (width, height), (new_width, new_height) = source, size
    shrinks = width >= SHRINKS * new_width and height >= SHRINKS * new_height
    in_proportion = height * new_width <= IN_PROPORTION * width * new_height
    has_room = min(size) > 1  # of one single pixel torch's code for AVX2 fails in an assertion of its own
    return shrinks and in_proportion and height <= HIGHEST * width and has_room


def _strips(image: Image.Image) -> Iterator[Pixels]:
    """The rows of an image from top to bottom, shape (C, some of H, W), in arrays that torch may hold."""
    rows = max(STRIP // image.width, 1)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        yield np.array(strip).reshape(strip.height, image.width, -1).transpose(2, 0, 1)


def _resized(values: Pixels, size: Size, interpolation: Interpolation) -> Pixels:
    """Another size of an array (C, H, W), by torch with antialiasing."""
    tensor = torch.from_numpy(values)[None]
    made: Pixels = torch.nn.functional.interpolate(
        tensor, size=size[::-1], mode=interpolation, antialias=True
    )[0].numpy()
    return made
