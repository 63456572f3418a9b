"""Whether two images hold the same picture: equal bytes by their SHA-256, equal decoded pixels by what is here.

A hash of every pixel would cost a quarter of decoding. A fingerprint takes a grid of them, so that pictures of equal
pixels always share it; where two do, their pixels are compared in full. It does not depend on any network.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.reader import Reader

GRID = 64
"""Pixels that a fingerprint takes across and down."""


def fingerprint(picture: Picture) -> str:
    """32 hexadecimal digits, from the picture's size and a grid of its pixels."""
    size = (
        f"{picture.size} {picture.size} ".encode()
    )  # twice: fingerprints in caches and rows keep their form
    return hashlib.sha256(size + _grid(picture)).hexdigest()[:32]


def _grid(picture: Picture) -> bytes:
    """The RGB bytes of the grid, row by row: those of Pillow's nearest neighbours, of an array too."""
    if isinstance(picture.pixels, Image.Image):
        return picture.pixels.resize((GRID, GRID), Image.Resampling.NEAREST).tobytes()
    columns, rows = (_nearest(length) for length in picture.size)
    return picture.pixels[rows[:, None], columns].tobytes()


def _nearest(length: int) -> NDArray[np.int64]:
    """Where Pillow finds them along a side: at (i + 1/2)·length/GRID rounded down, the steps added up one by one."""
    step = length / GRID
    return np.cumsum([step / 2, *[step] * (GRID - 1)]).astype(np.int64)


class Holders:
    """Which file was the first to hold a picture, as files come in one after the other.

    Where fingerprints are equal, pixels are hashed in full, each file's once.
    """

    def __init__(self) -> None:
        self._first: dict[str, list[str]] = {}
        self._pixels: dict[str, str | None] = {}

    def again(self) -> "Holders":
        """None seen yet; the pixels that were hashed are kept."""
        other = Holders()
        other._pixels = self._pixels
        return other

    def holder(self, path: str, mark: str, images: Reader) -> str:
        """The path of the first file with this picture: the file's own where there is none before it.

        Args:
            path: of the file.
            mark: its fingerprint; empty where it is not known, which no other file shares.
            images: reads them.
        """
        if not mark:
            return path
        others = self._first.setdefault(mark, [])
        for other in others:
            pixels = self._hashed(path, images)
            if pixels is not None and pixels == self._hashed(other, images):
                return other
        others.append(path)
        return path

    def _hashed(self, path: str, images: Reader) -> str | None:
        if path not in self._pixels:
            self._pixels[path] = _hashed_in_full(path, images)
        return self._pixels[path]


def _hashed_in_full(path: str, images: Reader) -> str | None:
    """The ``pixels_sha256`` of an image; None where it cannot be decoded."""
    try:
        return pixels_sha256(images.picture(path)[0].image)
    except ImageRefused:
        return None


def pixels_sha256(image: Image.Image) -> str:
    """SHA-256 over the size and RGB pixels of a decoded picture."""
    return hashlib.sha256(f"{image.size} ".encode() + image.tobytes()).hexdigest()
