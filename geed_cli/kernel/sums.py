"""Sums over the pixels of maps by the kernel: the rows that tell it what to read, and the arrays that it fills.

Threads share the jobs where there are several. A job is summed in an order of its own, so that no digit depends on how
many threads there are, and on which of them takes it.
"""

import ctypes
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geed_cli.kernel.team import together

LANES, WORK_ROWS = 16, 6
"""As map_sums.c has them."""
SHARED_FROM = 2**17
"""Numbers of all jobs together from which there are several threads; these take a tenth of a millisecond to read."""
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

    def numbers(self, row: int) -> tuple[int, ...]:
        """As C has them in memory, with the row of its results."""
        return (*self.own, *self.other, self.channels, row)


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


class _Call(ctypes.Structure):
    """What the threads of a call share, as C has it."""

    _fields_ = (
        ("jobs", ctypes.c_void_p),
        ("count", ctypes.c_int64),
        ("channels", ctypes.c_int64),
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("weights", ctypes.c_void_p),
        ("pixels", ctypes.c_double),
        ("work", ctypes.c_void_p),
        ("means", ctypes.c_void_p),
        ("squares", ctypes.c_void_p),
        ("products", ctypes.c_void_p),
        ("shares", ctypes.c_int64),
        ("taken", ctypes.c_int64),
    )


def map_sums(
    library: ctypes.CDLL, jobs: Sequence[Job], shape: Shape, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    """ā, ⟨a', a'⟩ and ⟨a', b'⟩ of every job and channel, over the pixels that count; shape (jobs, C), float64.

    Whatever the jobs point at has to stay until this returns. A map alone is its own b. Maps that are not finite have
    sums that are not finite.

    Args:
        library: see ``geed_cli.kernel.library``.
        jobs: what to read, all within memory that is there: nothing is checked.
        shape: of all maps.
        threads: among which the jobs are shared out.
    """
    # maps that are neighbours in memory are in one share, as torch divides them
    numbers = array("q", chain.from_iterable(sorted(job.numbers(row) for row, job in enumerate(jobs))))
    large = shape.channels * shape.height * shape.width * len(jobs) >= SHARED_FROM
    threads = max(1, min(threads, len(jobs))) if large else 1
    work = np.empty((threads, WORK_ROWS, -(-shape.channels // LANES) * LANES))
    found = np.empty((3, len(jobs), shape.channels))
    means, squares, products = found
    call = _Call(
        numbers.buffer_info()[0],
        len(jobs),
        shape.channels,
        shape.height,
        shape.width,
        None if shape.weights is None else shape.weights.ctypes.data,
        float(shape.pixels),
        work.ctypes.data,
        *(each.ctypes.data for each in found),
        shares=threads,
    )
    together(library.map_sums, ctypes.addressof(call), threads)
    return means, squares, products
