"""Lazy modules: their weights get shapes from the first picture, and their initial values at that moment.

So a picture is shown before anything is loaded or fingerprinted, under the seed that the rest was built with.
"""

import copy
from contextlib import suppress

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from geed_cli.errors import InputError
from geed_cli.models.code.failure import failure_of
from geed_cli.models.code.other_size import does_not_run


def lazy_tensors(module: nn.Module) -> tuple[str, ...]:
    """The names of the tensors that have no shape yet."""
    named = (*module.named_parameters(), *module.named_buffers())
    unfinished = (UninitializedParameter, UninitializedBuffer)
    return tuple(name for name, value in named if isinstance(value, unfinished))


def _show(module: nn.Module | None, size: int, channels: int) -> None:
    assert module is not None, "what cannot be copied is not tried"
    with torch.no_grad():
        module(torch.zeros(1, channels, size, size))


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
    untouched: nn.Module | None = None  # what fails is left half made
    with suppress(Exception):
        untouched = copy.deepcopy(module.eval())
    try:
        _show(module.eval(), size, channels)
    except Exception as error:  # the user's code may raise anything
        found = (
            f"{name} has lazy modules and does not run on {size}×{size} images: {failure_of(module, error)}"
        )

        def takes(other: int) -> bool:
            with suppress(Exception):
                _show(copy.deepcopy(untouched), other, channels)
                return True
            return False

        raise does_not_run(found, size, takes, "a network for square images of that size") from error
    module.train(training)
    left = lazy_tensors(module)
    if left:
        raise InputError(
            f"no picture reaches the lazy module of {left[0]} in {name}",
            expected="shapes for every tensor after the first picture",
            remedy="leave out modules that do not run, or give them their sizes",
        )
