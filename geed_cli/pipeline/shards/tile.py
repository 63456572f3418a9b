"""The tiles of an audit: the runs of the drawn order that shards and workers are dealt."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geed_cli.pipeline.options import DataOptions
from geed_cli.pipeline.tiles import Tiling


@dataclass(frozen=True, order=True)
class Tile:
    """A run of the drawn order.

    Attributes:
        start: the place of its first image in the order, from 0.
        stop: the place behind its last.
        audited: whether its images are audited; otherwise they serve the normaliser alone.
    """

    start: int
    stop: int
    audited: bool = True


def tiles_of(tiling: Tiling, options: DataOptions, found: int) -> tuple[Tile, ...]:
    """The tiles of the images that were asked for, in their order.

    Args:
        tiling: how the order is cut.
        options: how many images were asked for.
        found: how many there are.
    """
    return tuple(_tiles(tiling, options, found))


def _tiles(tiling: Tiling, options: DataOptions, found: int) -> Iterator[Tile]:
    audited = min(options.samples, found)
    asked = min(options.samples + (options.norm_samples or 0), found)
    for first, end, is_audited in ((0, audited, True), (audited, asked, False)):
        starts = tiling.starts(np.arange(first, end), (options.samples, asked), audited=is_audited)
        begins = (first + np.flatnonzero(np.diff(starts, prepend=-1))).tolist()
        yield from (Tile(start, stop, is_audited) for start, stop in pairwise([*begins, end]))
