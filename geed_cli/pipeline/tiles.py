"""Tiles: fixed runs of the drawn order, each of which is shown whole and from the start of a batch.

A tile has T images, T the least number from 8 on of which whole batches of B rows are made, so that few rows are
padding. The first one has a multiple of that, as many as hold every control image, whose null is measured against the
one before. The audited images that were asked for end a tile, as do those of the normaliser, so that what is drawn in
place of unreadable images and of copies is in tiles of its own, and no tile depends on what turns out to be either.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]
LEAST = 8
"""Images of a tile: few, so that several devices have like shares of a few hundred images."""


@dataclass(frozen=True)
class Tiling:
    """How a drawn order is cut.

    Attributes:
        size: T of audited images.
        first: images of the first tile.
        others: T of images that serve the normaliser alone, which are shown under e alone.
    """

    size: int
    first: int
    others: int

    @classmethod
    def of(cls, batch_size: int, views: int, identities: int, control_images: int) -> "Tiling":
        """The tiling for batches of B rows.

        Args:
            batch_size: B.
            views: under how many views an audited image is shown.
            identities: how many of these are views of e.
            control_images: how many there are.
        """
        size, others = (_whole(batch_size, rows, LEAST) for rows in (views, identities))
        return cls(size, size * max(math.ceil(control_images / size), 1), others)

    def starts(self, ranks: Places, cuts: Sequence[int], *, audited: bool = True) -> Places:
        """The places in the order, from 0, at which the tiles begin that have the images at ``ranks``.

        Args:
            ranks: places in the order, from 0, shape (images,).
            cuts: places that begin a tile whatever lies before them.
            audited: whether the images are audited.
        """
        begins = np.array(sorted({0, *cuts}))
        begin = begins[np.searchsorted(begins, ranks, side="right") - 1]
        in_first = (begin == 0) & (ranks < self.first)
        begin = np.where(begin == 0, self.first, begin)
        size = self.size if audited else self.others
        return np.where(in_first, 0, begin + (ranks - begin) // size * size)


def _whole(batch_size: int, rows: int, least: int) -> int:
    """The least number of images, from ``least`` on, whose rows fill batches."""
    step = batch_size // math.gcd(batch_size, rows)
    return step * math.ceil(least / step)
