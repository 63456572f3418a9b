"""Lazy modules: their weights get shapes from the first picture, and their initial values at that moment.

So a picture is shown before anything is loaded or fingerprinted, under the seed that the rest was built with.
"""

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from geed_cli.errors import InputError
from geed_cli.models.code.failure import failure_of


def lazy_tensors(module: nn.Module) -> tuple[str, ...]:
    """The names of the tensors that have no shape yet."""
    named = (*module.named_parameters(), *module.named_buffers())
    unfinished = (UninitializedParameter, UninitializedBuffer)
    return tuple(name for name, value in named if isinstance(value, unfinished))


def materialise(module: nn.Module, size: int | None, channels: int, name: str) -> None:
    """Give every lazy tensor its shape and initial values, drawn from torch's generator as it stands.

    Args:
        module: of which nothing is lazy afterwards.
        size: side of the pictures.
        channels: of the pictures.
        name: what messages call the network.

    Raises:
        InputError: no size, a network that does not run, or tensors that a picture does not reach.
    """
    if size is None:
        raise InputError(
            f"{name} has lazy modules, and the spec leaves out the size of the pictures that give them shapes",
            expected="input: {size: …}",
            remedy="add it to the spec",
        )
    training = module.training
    try:
        with torch.no_grad():
            module.eval()(torch.zeros(1, channels, size, size))
    except Exception as error:  # the user's code may raise anything
        raise InputError(
            f"{name} has lazy modules and does not run on {size}×{size} images: {failure_of(module, error)}",
            expected="a network for square RGB images of that size",
            remedy="correct input.size in the spec",
        ) from error
    module.train(training)
    left = lazy_tensors(module)
    if left:
        raise InputError(
            f"no picture reaches the lazy module of {left[0]} in {name}",
            expected="shapes for every tensor after the first picture",
            remedy="leave out modules that do not run, or give them their sizes",
        )
