"""What is scheduled: the tiles of a cell, and leases of them.

A cell is one network, or several that see the same pixels, on one set of images. A tile is a fixed run of its images,
which is done whole, so that its images always lie in the same places of the same batches. A tile that workers do not
survive is cut into parts, which are tried only to find the image; then it is done whole without that image.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Cell:
    """What is to be done of a cell.

    Attributes:
        name: tells it from the other cells.
        tiles: number and count of images of each tile, in the order in which they are to be begun; read as workers
            come free, so that it may be a generator.
        images: how many images the tiles hold, by which the cell is weighed against others.
    """

    name: str
    tiles: Iterable[tuple[int, int]]
    images: int


@dataclass(frozen=True)
class Piece:
    """A tile, or a part of one that is tried.

    Attributes:
        cell: by name.
        tile: by number.
        start: the first image, by its place in the tile, from 0.
        stop: the place behind the last image.
        trial: whether it is a part that is tried; what comes of it is not kept.
        left_out: places of a whole tile that are not to be opened.
    """

    cell: str
    tile: int
    start: int
    stop: int
    trial: bool = False
    left_out: frozenset[int] = frozenset()

    @property
    def images(self) -> int:
        """How many images are to be opened."""
        return self.stop - self.start - len(self.left_out)

    def halves(self) -> tuple["Piece", "Piece"]:
        """Two parts with its images, to be tried; of one image there are none."""
        middle = (self.start + self.stop) // 2
        tried = replace(self, trial=True)
        return replace(tried, stop=middle), replace(tried, start=middle)


@dataclass(frozen=True)
class Lease:
    """A piece that a worker is to do, after those that it was given before.

    Attributes:
        number: of the lease, from 0; never given twice.
        worker: that has it.
        piece: what is to be done.
    """

    number: int
    worker: str
    piece: Piece


@dataclass(frozen=True)
class Lost:
    """An image without rows.

    Attributes:
        cell: by name.
        tile: by number.
        place: of the image in the tile.
        reason: what happened to the last worker that had it.
    """

    cell: str
    tile: int
    place: int
    reason: str
