"""What a network raises while it runs, as one refusal that names the module at fault where that shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch

from geed_cli.errors import GeedError, InputError, is_out_of_memory
from geed_cli.models.code.failure import failure_of, frames
from geed_cli.models.network import Network


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
