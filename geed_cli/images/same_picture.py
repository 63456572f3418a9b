"""Whether two files hold the same picture: equal bytes by their SHA-256, equal decoded pixels by what is here.

A hash of every pixel would cost a quarter of decoding. A fingerprint takes a grid of them, so that pictures of equal
pixels always share it; where two do, their pixels are compared in full. It does not depend on any network.
"""

import hashlib
from pathlib import Path

from PIL import Image

from geed_cli.images.decode import read_picture
from geed_cli.images.picture import ImageRefused, Picture

GRID = 64
"""Pixels that a fingerprint takes across and down."""


def fingerprint(picture: Picture) -> str:
    """32 hexadecimal digits, from the picture's size and a grid of its pixels."""
    grid = picture.image.resize((GRID, GRID), Image.Resampling.NEAREST)
    sizes = f"{picture.size} {picture.image.size} ".encode()
    return hashlib.sha256(sizes + grid.tobytes()).hexdigest()[:32]


def same_pixels(first: Path, second: Path) -> bool:
    """Whether two files decode to the same size and the same RGB pixels; not where one cannot be decoded."""
    try:
        one, other = read_picture(first)[0].image, read_picture(second)[0].image
    except ImageRefused:
        return False
    return one.size == other.size and one.tobytes() == other.tobytes()
