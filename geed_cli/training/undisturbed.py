"""A block that a training does not notice: random state, gradient and autocast modes are as before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from geed_cli.models.code.lending import generators_kept

AUTOCAST = ("cpu", "cuda", "mps")


@contextmanager
def undisturbed() -> Iterator[None]:
    """No gradients, no inference mode and no autocast within the block; after it everything as before.

    An audit itself puts back what it does to the network, to threads and to the memory allocator.
    """
    with ExitStack() as stack:
        stack.enter_context(generators_kept())
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.no_grad())
        for device in AUTOCAST:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield
