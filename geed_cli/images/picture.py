"""A decoded picture, and why a file is not used.

Sizes are (width, height) as in Pillow. A refusal is a fact about one file; whether it ends the run is decided by the
caller.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Size = tuple[int, int]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)  # pixels have no single truth value to compare by
class Picture:
    """One picture in memory, upright.

    Attributes:
        pixels: as its decoder handed them over, 8 bits per channel: an image of mode RGB, or L once it is luminance,
            or an array of RGB, shape (H, W, 3), contiguous.
    """

    pixels: Image.Image | Pixels

    @property
    def size(self) -> Size:
        """Width and height."""
        if isinstance(self.pixels, Image.Image):
            return self.pixels.size
        height, width, _ = self.pixels.shape
        return width, height

    @property
    def channels(self) -> int:
        """3, or 1 for luminance."""
        return 1 if isinstance(self.pixels, Image.Image) and self.pixels.mode == "L" else 3

    @cached_property
    def image(self) -> Image.Image:
        """The picture as Pillow's; an array is copied for it, once."""
        return self.pixels if isinstance(self.pixels, Image.Image) else Image.fromarray(self.pixels)

    def luminance(self) -> "Picture":
        """The same picture in shades of grey, mode L: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in whole levels."""
        return Picture(self.image.convert("L"))


class ImageRefused(Exception):  # noqa: N818 - a verdict about a file, not an error of the program
    """This file cannot be used as a picture; the reason is one line, in lower case, without the path."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class RefusedFile:
    """A file (or a folder that was not searched) that is counted and not used.

    Attributes:
        path: POSIX path relative to the image folder.
        reason: why, one line.
    """

    path: str
    reason: str
