"""Freed memory is kept while networks run: glibc gives large blocks back to the system, and fetches them page by page.

A forward pass frees and asks again for the same few hundred MiB with every batch. With glibc's own limits (blocks above
32 MiB never stay, nor more than 64 MiB in all) those page faults cost up to as much as the network itself.
"""

import ctypes
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from geed_cli.runtime.own_process import is_own_process

MIB = 2**20


class Limit(NamedTuple):
    """One of mallopt's parameters, numbered as in glibc's malloc.h.

    Attributes:
        parameter: its number.
        keep: its value while freed memory is kept.
        usual: the value after; where glibc adapts it by itself until it is first set, the largest that it takes.
    """

    parameter: int
    keep: int
    usual: int


LIMITS = (
    Limit(-1, -1, 64 * MIB),  # M_TRIM_THRESHOLD: free bytes at the end of the heap that are not given back
    Limit(-4, 0, 65536),  # M_MMAP_MAX: blocks that are mapped each by itself, and unmapped when freed
    Limit(-3, 32 * MIB, 32 * MIB),  # M_MMAP_THRESHOLD: bytes from which they are
)
USER_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
"""Variables by which a user sets these limits; then they stay."""


@contextmanager
def freed_memory_kept(environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Within the ``with``, memory that is freed stays with the process; at its end it goes back to the system.

    Nothing happens in a process that is not geed's own, since what its limits were cannot be asked; where the C library
    is not glibc; or where the environment has set its limits. Peak memory hardly changes: what is kept is asked for
    again by the next batch.
    """
    if not is_own_process():
        yield
        return
    set_limit, give_back = _malloc_calls()
    if set_limit is None or give_back is None or any(environment.get(name) for name in USER_VARIABLES):
        yield
        return
    for limit in LIMITS:
        set_limit(limit.parameter, limit.keep)
    try:
        yield
    finally:
        for limit in LIMITS:
            set_limit(limit.parameter, limit.usual)
        give_back(0)


def _malloc_calls() -> tuple[Callable[[int, int], int] | None, Callable[[int], int] | None]:
    """``mallopt`` and ``malloc_trim``; None where the C library has none, as on macOS, Windows and musl."""
    try:
        library = ctypes.CDLL(None)
    except TypeError:  # Windows has no library of the process itself
        return None, None
    return getattr(library, "mallopt", None), getattr(library, "malloc_trim", None)
