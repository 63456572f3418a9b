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

LANES, BESIDE, WORK_ROWS = 16, 3, 16
"""As map_sums.c has them."""
SHARED_FROM = 2**17
"""Numbers of all results' maps from which there are several threads; these take a tenth of a millisecond to read."""
Floats = NDArray[np.float64]


class View(NamedTuple):
    """How one map is walked through, as C has it in memory.

    Attributes:
        start: address of its first number.
        channel: numbers to the next channel.
        row: to the next row.
        column: to the next column.
        channels: address of where it has each channel of the job's first map, int64; 0 where each is in its own place.
        result: the row of results that it fills; −1 for none.
    """

    start: int
    channel: int
    row: int
    column: int
    channels: int = 0
    result: int = -1


Job = tuple[View, ...]
"""b, and up to BESIDE maps beside it, walked so that each pixel of b comes with the one that it is compared with."""
NONE = View(0, 0, 0, 0)


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
        ("parts", ctypes.c_int64),
        ("shares", ctypes.c_int64),
        ("taken", ctypes.c_int64),
    )


def map_sums(
    library: ctypes.CDLL, jobs: Sequence[Job], results: int, shape: Shape, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    """ā, ⟨a', a'⟩ and ⟨a', b'⟩ of every map and channel, over the pixels that count; shape (results, C), float64.

    Whatever the jobs point at has to stay until this returns. The first map of a job is its own b. Maps that are not
    finite have sums that are not finite. Channels are in each map's own order.

    Args:
        library: see ``geed_cli.kernel.library``.
        jobs: what to read, all within memory that is there: nothing is checked.
        results: how many maps are asked for; every row is some map's.
        shape: of all maps.
        threads: among which the jobs are shared out, or where there are few of them the channels of each.
    """
    # maps that are neighbours in memory are in one share, as torch divides them; those that the network wrote last come
    # first, since they may still be in the cache, and the next layer finds there what it reads first
    views = [
        view for job in sorted(jobs, reverse=True) for view in (*job, *(NONE,) * (1 + BESIDE - len(job)))
    ]
    numbers = array("q", chain.from_iterable(views))
    groups = -(-shape.channels // LANES)
    large = shape.channels * shape.height * shape.width * results >= SHARED_FROM
    threads = max(1, min(threads, len(jobs) * groups)) if large else 1
    parts = 1 if len(jobs) % threads == 0 else min(threads, groups)
    work = np.empty((threads, WORK_ROWS, groups * LANES))
    found = np.empty((3, results, shape.channels))
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
        parts=parts,
        shares=threads,
    )
    together(library.map_sums, ctypes.addressof(call), threads)
    return means, squares, products
