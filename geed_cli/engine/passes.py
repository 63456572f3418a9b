"""What ends forward passes, as one error with a way out: exhausted memory, on any device, or what the network raised.

No other error is taken for exhausted memory; the network's own names the module at fault where that shows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch

from geed_cli.engine.batches import Placement
from geed_cli.errors import GeedError, InputError, RunError, is_out_of_memory
from geed_cli.models.code.failure import failure_of, frames
from geed_cli.models.network import Network


class OutOfMemoryError(RunError):
    """Memory ran out at that batch size; another one may do."""

    def __init__(self, device: str, batch_size: int) -> None:
        super().__init__(
            f"memory ran out on {device} at batch size {batch_size}",
            expected="room for one batch and its activations",
            remedy=f"--batch-size {batch_size // 2}"
            if batch_size > 1
            else "a smaller --img-size, or another device",
        )
        self.device, self.batch_size = device, batch_size

    def __reduce__(self) -> tuple[type["OutOfMemoryError"], tuple[str, int]]:
        return OutOfMemoryError, (self.device, self.batch_size)


@contextmanager
def out_of_memory(placement: Placement) -> Iterator[None]:
    """Raise ``OutOfMemoryError``, which has a way out, in place of torch's or Python's own error."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemoryError(str(placement.device), placement.batch_size) from error


class ForwardError(InputError):
    """The network's code raised something in a forward pass; in smaller batches it may not."""


@contextmanager
def explained(network: Network) -> Iterator[None]:
    """Around forward passes: exhausted memory and this program's own errors pass.

    Raises:
        ForwardError: the network's code raised something.
    """
    try:
        yield
    except GeedError:
        raise
    except Exception as error:  # networks raise anything
        if is_out_of_memory(error) or _is_ours(error):
            raise
        tensors = chain(network.module.parameters(), network.module.buffers())
        dtype = next((value.dtype for value in tensors if value.is_floating_point()), torch.float32)
        plain = dtype == torch.float32
        raise ForwardError(
            f"{network.id} fails in a forward pass: {failure_of(network.module, error)}",
            expected="a network that takes every batch of pictures"
            + ("" if plain else f", here in {str(dtype).removeprefix('torch.')}"),
            remedy="the same with --debug, which shows the line" if plain else "--precision fp32",
        ) from error


def _is_ours(error: Exception) -> bool:
    """Whether it came from this program: from a hook inside the network, or from outside of it."""
    names = [str(frame.f_globals.get("__name__")) for frame in frames(error)]
    entered = next((place for place, name in enumerate(names) if name.startswith("torch.nn.modules")), None)
    return entered is None or any(name.startswith("geed_cli.") for name in names[entered:])
