"""Whether two files hold the same picture: equal bytes by their SHA-256, equal decoded pixels by what is here.

A hash of every pixel would cost a quarter of decoding. A fingerprint takes a grid of them, so that pictures of equal
pixels always share it; where two do, their pixels are compared in full. It does not depend on any network.
"""

import hashlib
from pathlib import Path
from typing import Protocol

from PIL import Image

from geed_cli.images.decode import read_picture
from geed_cli.images.picture import ImageRefused, Picture


class ImageFiles(Protocol):
    """Whatever knows where the files of images are."""

    def file(self, path: str) -> Path:
        """The file of an image."""


GRID = 64
"""Pixels that a fingerprint takes across and down."""


def fingerprint(picture: Picture) -> str:
    """32 hexadecimal digits, from the picture's size and a grid of its pixels."""
    grid = picture.image.resize((GRID, GRID), Image.Resampling.NEAREST)
    sizes = f"{picture.size} {picture.image.size} ".encode()
    return hashlib.sha256(sizes + grid.tobytes()).hexdigest()[:32]


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

    def holder(self, path: str, mark: str, images: ImageFiles) -> str:
        """The path of the first file with this picture: the file's own where there is none before it.

        Args:
            path: of the file.
            mark: its fingerprint; empty where it is not known, which no other file shares.
            images: says where files are.
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

    def _hashed(self, path: str, images: ImageFiles) -> str | None:
        if path not in self._pixels:
            self._pixels[path] = pixels_sha256(images.file(path))
        return self._pixels[path]


def pixels_sha256(file: Path) -> str | None:
    """SHA-256 over the decoded size and RGB pixels of a file; None where it cannot be decoded."""
    try:
        picture = read_picture(file)[0].image
    except ImageRefused:
        return None
    return hashlib.sha256(f"{picture.size} ".encode() + picture.tobytes()).hexdigest()
