"""A block that a training does not notice: the random generators are as before, and no autocast reaches into it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from geed_cli.models.code.lending import generators_kept

AUTOCAST = ("cpu", "cuda", "mps")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Whatever data sets and writers draw, the generators of torch, NumPy and Python are after the block as before.

    An audit itself puts back what it does to the network, to gradient modes, to threads and to the memory allocator.
    """
    with ExitStack() as stack:
        stack.enter_context(generators_kept())
        for device in AUTOCAST:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield
