"""Sums over the pixels of maps by the kernel: the rows that tell it what to read, and the arrays that it fills.

Jobs are split among threads where there are several: ctypes lets go of Python meanwhile, and since a job is summed in
an order of its own, no digit depends on how many there are.
"""

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

JOB, LANES, WORK_ROWS = 9, 8, 6
"""As map_sums.c has them."""
SPLIT_FROM = 2**20
"""Numbers of all jobs together from which threads are started: a thread takes as long to start as 2¹⁷ of them."""
Floats = NDArray[np.float64]
Place = tuple[int, int, int, int]
"""Where a map begins, in bytes, and its steps to the next channel, row and column, in numbers."""
NOWHERE: Place = (0, 0, 0, 0)


class Job(NamedTuple):
    """One map, alone or beside another.

    Attributes:
        own: where a lies.
        other: where b lies, as it is walked through.
        channels: address of where each channel of b is read, int64; 0 where each is in its own place.
    """

    own: Place
    other: Place = NOWHERE
    channels: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """As C has them in memory."""
        return (*self.own, *self.other, self.channels)


@dataclass(frozen=True)
class Shape:
    """Of all maps of a call.

    Attributes:
        channels: C.
        height: H.
        width: W.
        weights: 1 for the pixels that count, 0 for others, shape (H, W), float32; None: all count.
        pixels: how many count.
    """

    channels: int
    height: int
    width: int
    weights: NDArray[np.float32] | None
    pixels: int


def map_sums(
    library: ctypes.CDLL, jobs: Sequence[Job], shape: Shape, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    """ā, ⟨a', a'⟩ and ⟨a', b'⟩ of every job and channel, over the pixels that count; shape (jobs, C), float64.

    Whatever the jobs point at has to stay until this returns. Products of jobs without b are not set. Maps that are
    not finite have sums that are not finite.

    Args:
        library: see ``geed_cli.kernel.library``.
        jobs: what to read, all within memory that is there: nothing is checked.
        shape: of all maps.
        threads: among which the jobs may be split.
    """
    table = np.array([job.numbers for job in jobs], dtype=np.int64).reshape(len(jobs), JOB)
    means, squares, products = (np.empty((len(jobs), shape.channels)) for _ in range(3))
    large = shape.channels * shape.height * shape.width * len(jobs) >= SPLIT_FROM
    parts = max(1, min(threads, len(jobs))) if large else 1
    spans = [slice(*ends) for ends in pairwise(len(jobs) * part // parts for part in range(parts + 1))]
    calls = [
        (library, table[span], shape, [each[span] for each in (means, squares, products)]) for span in spans
    ]
    helpers = [threading.Thread(target=_some, args=call) for call in calls[1:]]
    for helper in helpers:
        helper.start()
    _some(*calls[0])
    for helper in helpers:
        helper.join()
    return means, squares, products


def _some(library: ctypes.CDLL, table: NDArray[np.int64], shape: Shape, found: Sequence[Floats]) -> None:
    """The jobs of one thread; rows of larger arrays lie one after another, as C takes them."""
    sides = np.array([shape.channels, shape.height, shape.width], dtype=np.int64)
    work = np.empty((WORK_ROWS, -(-shape.channels // LANES) * LANES))
    weights = None if shape.weights is None else shape.weights.ctypes.data
    addresses = [each.ctypes.data for each in found]
    library.map_sums(
        table.ctypes.data,
        len(table),
        sides.ctypes.data,
        weights,
        float(shape.pixels),
        work.ctypes.data,
        *addresses,
    )
