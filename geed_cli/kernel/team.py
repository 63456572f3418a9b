"""Threads that share work in C: those of the OpenMP that torch runs its own operations by.

They wait for work for a while after each operation of torch, without letting go of their cores, so that threads of
another kind would have to wait for a core. Where torch has no OpenMP that is known here, threads are started.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch


def together(work: Any, shared: int, threads: int) -> None:  # noqa: ANN401 - a function of a library
    """Have so many threads call a C function that takes one address; returns when all have ended.

    Args:
        work: of a library that ctypes loaded.
        shared: the address.
        threads: 1 is the caller alone.
    """
    if threads == 1:
        work(shared)
        return
    in_parallel = openmp()
    if in_parallel is not None:
        in_parallel(ctypes.cast(work, ctypes.c_void_p), shared, threads, 0)
        return
    helpers = [threading.Thread(target=work, args=(shared,)) for _ in range(threads - 1)]
    for helper in helpers:
        helper.start()
    work(shared)
    for helper in helpers:
        helper.join()


@cache
def openmp() -> Callable[[ctypes.c_void_p, int, int, int], None] | None:
    """``GOMP_parallel`` of the library that torch uses, which GNU's OpenMP and LLVM's have on Linux; None elsewhere."""
    loaded = getattr(os, "RTLD_NOLOAD", None)
    if loaded is None or "backend: OpenMP" not in torch.__config__.parallel_info():
        return None
    own = Path(torch.__file__).with_name("lib").glob("libgomp*.so*")
    for name in (*map(str, own), "libgomp.so.1"):
        try:
            found = ctypes.CDLL(name, mode=loaded).GOMP_parallel
        except (OSError, AttributeError):  # it is not loaded
            continue
        found.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
        found.restype = None
        return found
    return None
