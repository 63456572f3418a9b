"""Importing many modules at once without the garbage collector, which finds nothing there and takes its tenth."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Suspend automatic collection in this block, which is to import modules and nothing else."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
