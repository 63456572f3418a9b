"""The pixels of a JPEG by simplejpeg, where that is installed: into an array in one go, without Pillow's image between.

Nothing may depend on whether it is: it is used only where it makes the pixels that Pillow makes, of complete files
that libjpeg has nothing to say about. Everything else is left to Pillow, refusals with their words included.
"""

import io
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from PIL import Image

from geed_cli.images.picture import Pixels, Size

_PROBES = tuple(
    (shape, {"quality": quality, "subsampling": subsampling, "progressive": progressive})
    for shape in ((37, 51), (16, 16))
    for quality, subsampling, progressive in ((75, 2, False), (90, 1, True), (95, 0, False))
)


def decoded_by_simplejpeg(data: bytes, size: Size) -> Pixels | None:
    """The picture of a JPEG file in RGB, shape (H, W, 3); None where Pillow has to decode it.

    Args:
        data: the contents of the file.
        size: width and height by the header that Pillow read, which were found to be no more than is allowed.
    """
    library = _simplejpeg()
    if library is None:
        return None
    try:
        height, width, *_ = library.decode_jpeg_header(data)
        if (width, height) != size:  # before there is memory for it
            return None
        pixels: Pixels = library.decode_jpeg(data, "RGB", strict=True)
    except ValueError:
        return None
    return pixels if pixels.shape == (height, width, 3) else None


@cache
def _simplejpeg() -> ModuleType | None:
    """The library, if it is there and decodes as this Pillow does: each brings its own libjpeg."""
    try:
        library = import_module("simplejpeg")
    except ImportError:
        return None
    noise = np.random.default_rng(0)
    for shape, encoding in _PROBES:
        file = io.BytesIO()
        Image.fromarray(noise.integers(0, 256, (*shape, 3), np.uint8)).save(file, "JPEG", **encoding)
        if not np.array_equal(library.decode_jpeg(file.getvalue(), "RGB"), np.asarray(Image.open(file))):
            return None
    return library
