"""A decoded picture, how much smaller than the file's a decoder may hand it over, and why a file is not used.

The whole picture may lie in a smaller image: libjpeg decodes at 1/2, 1/4 or 1/8 of the size for a part of the cost,
and rounds the reduced size up, so the last column and row may be covered only partly. ``box`` says where the picture
really ends; resizing from there keeps every pixel in its place. Sizes are (width, height) as in Pillow. A refusal is
a fact about one file; whether it ends the run is decided by the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

Size = tuple[int, int]
Box = tuple[float, float, float, float]
Least = Callable[[Size], Size]
"""From the size of a whole picture to the least size that it may be decoded at."""


@dataclass(frozen=True, eq=False)  # pixels have no single truth value to compare by
class Picture:
    """One picture in memory, upright.

    Attributes:
        image: mode RGB, 8 bits per channel.
        size: width and height of the whole picture as the file has it, upright.
        box: the part of ``image`` that the whole picture fills: left, top, right, bottom, in its pixels.
    """

    image: Image.Image
    size: Size
    box: Box

    @classmethod
    def whole(cls, image: Image.Image) -> "Picture":
        """A picture decoded pixel by pixel."""
        return cls(image, image.size, (0, 0, *image.size))

    @classmethod
    def reduced(
        cls, image: Image.Image, size: Size, extent: tuple[float, float], orientation: object
    ) -> "Picture":
        """A picture that its decoder made smaller, and that was turned upright afterwards.

        Args:
            image: upright already.
            size: width and height of the whole before it was reduced and turned.
            extent: how wide and how high the whole is in the reduced image, before it was turned; it begins at
                the image's top left corner.
            orientation: EXIF's, by which it was turned; anything but 2 to 8 turns nothing.
        """
        if orientation in (5, 6, 7, 8):
            size, extent = size[::-1], extent[::-1]
        left = image.width - extent[0] if orientation in (2, 3, 6, 7) else 0
        top = image.height - extent[1] if orientation in (3, 4, 7, 8) else 0
        return cls(image, size, (left, top, left + extent[0], top + extent[1]))

    def luminance(self) -> "Picture":
        """The same picture in shades of grey, mode L: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in whole levels."""
        return replace(self, image=self.image.convert("L"))

    def resize(self, size: Size, resampling: Image.Resampling) -> Image.Image:
        """The whole picture at another size; bit for bit Pillow's resizing where nothing was reduced."""
        return self.image.resize(size, resampling, box=self.box)


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
