"""How many threads decode: enough to keep ahead of the network, few enough to leave it the cores and the memory.

Each thread holds one decoded picture at a time, 48 MB at 12 megapixels, and twice that while it is turned upright
or its colours are converted.
"""

import os

MAX_WORKERS = 4
"""Decoding threads beside a network on the CPU, which keeps every core busy by itself."""


def usable_cores() -> int:
    """The cores that this process may run on, at least 1; a container's share of time is not looked at."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def decoding_workers(most: int = MAX_WORKERS) -> int:
    """One thread for each usable core, but not more than ``most``; the pixels do not depend on it.

    Args:
        most: at least 1. Worth raising where an accelerator leaves the cores free.
    """
    return min(usable_cores(), most)
