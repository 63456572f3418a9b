"""Sums over the pixels of maps by the kernel: the rows that tell it what to read, and the arrays that it fills.

Threads share the jobs where there are several. A job is summed in an order of its own, so that no digit depends on how
many threads there are, and on which of them takes it.
"""

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.kernel.team import together

LANES, BESIDE, WORK_ROWS = 16, 3, 16
"""As map_sums.c has them."""
COLUMNS = 6
"""Of a map in a job: the address of its first number; numbers to the next channel, row and column; the address of where
it has each channel of the job's first map, int64, 0 where each is in its own place; and the row of results that it
fills, −1 for none."""
SHARED_FROM = 2**17
"""Numbers of all results' maps from which there are several threads; these take a tenth of a millisecond to read."""
Floats = NDArray[np.float64]


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
    library: ctypes.CDLL, jobs: NDArray[np.int64], results: int, shape: Shape, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    """ā, ⟨a', a'⟩ and ⟨a', b'⟩ of every map and channel, over the pixels that count; shape (results, C), float64.

    Whatever the jobs point at has to stay until this returns. Maps that are not finite have sums that are not finite.
    Channels are in each map's own order.

    Args:
        library: see ``geed_cli.kernel.library``.
        jobs: what to read, shape (J, 1 + BESIDE, COLUMNS), all within memory that is there: nothing is checked. Each is
            a map b, its own b, and up to BESIDE beside it, walked so that each pixel of b comes with the one that it is
            compared with; zeros where there are fewer. Neighbours in this order are one thread's.
        results: how many maps are asked for; every row is some map's.
        shape: of all maps.
        threads: among which the jobs are shared out, or where there are few of them the channels of each.
    """
    groups = -(-shape.channels // LANES)
    large = shape.channels * shape.height * shape.width * results >= SHARED_FROM
    threads = max(1, min(threads, len(jobs) * groups)) if large else 1
    parts = 1 if len(jobs) % threads == 0 else min(threads, groups)
    work = np.empty((threads, WORK_ROWS, groups * LANES))
    found = np.empty((3, results, shape.channels))
    means, squares, products = found
    call = _Call(
        jobs.ctypes.data,
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
