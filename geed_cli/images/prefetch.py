"""Work done ahead in threads and handed over in order, so that decoding overlaps computing.

The results do not depend on the threads. At most ``depth`` of them exist at a time, so memory does not grow
with the number of items. Pillow and torchvision release the interpreter lock while they decode and resize,
which is what makes threads worth having. Each decoding thread holds one decoded picture at a time, 48 MB at 12
megapixels, and twice that while it is turned upright or its colours are converted.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import TypeVar

from geed_cli.runtime.undisturbed import READING

LEAST_URGENT = 19
"""The lowest priority that Linux knows."""
MAX_WORKERS = 4
"""Decoding threads beside a network on the CPU, which keeps every core busy by itself."""
Item = TypeVar("Item")
Result = TypeVar("Result")


def usable_cores() -> int:
    """The cores that this process may run on, at least 1; a container's share of time is not looked at."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def decoding_workers(most: int = MAX_WORKERS) -> int:
    """One thread for each usable core, at most ``most``: more pay where an accelerator leaves the cores free."""
    return min(usable_cores(), most)


def prefetch(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, depth: int
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` for each item, in order, computed up to ``depth`` items ahead.

    Nothing starts before the first result is asked for. An exception of ``function`` is raised in its
    item's turn. When the generator ends, fails or is closed, waiting items are dropped and running ones are
    finished.

    Args:
        function: safe to call from several threads at once.
        items: read lazily, in the calling thread.
        workers: threads, at least 1.
        depth: results held or under way at a time, at least 1.
    """
    source = iter(items)
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers, READING, initializer=_give_way)
    try:
        waiting.extend(pool.submit(function, item) for item in islice(source, depth))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in islice(source, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _give_way() -> None:
    """Let this thread run only where a core is free: a network on the CPU waits for the slowest of its threads.

    Linux alone has priorities of single threads; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST_URGENT)
