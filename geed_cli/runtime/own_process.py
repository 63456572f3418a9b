"""Whether the process is geed's own, as on the command line, or somebody's who calls it from Python.

Only in a process of its own are settings changed that are the process's and that nobody could put back, or that others
would notice meanwhile: limits of the allocator, and where ``print`` goes.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from contextvars import ContextVar

_OWN = ContextVar("geed_own_process", default=False)


@contextmanager
def own_process() -> Iterator[None]:
    """Within this the process is geed's own."""
    before = _OWN.set(True)
    try:
        yield
    finally:
        _OWN.reset(before)


def is_own_process() -> bool:
    """Whether the caller is within ``own_process``."""
    return _OWN.get()


def prints_aside() -> AbstractContextManager[object]:
    """In a process of its own what the user's code prints goes to stderr: stdout is for results."""
    return redirect_stdout(sys.stderr) if is_own_process() else nullcontext()
