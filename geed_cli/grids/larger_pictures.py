"""What layers put out for larger pictures, which tells the axes of a map from its channels.

Height and width of a map grow with the side of the picture, lists of tokens with its square, and channels not at all.
Copies of the network are run: one without data, and, where it looks at its numbers, one with them.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from geed_cli.engine.hooks import tensor_or_why_not
from geed_cli.engine.map_layout import Grown
from geed_cli.grids.trace import data_free
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network, Site, call_of, module_of

FACTORS = (1, 2, 3)
"""Sides of the pictures, in those of the network's input: from three, growth by the side shows against any other."""


@dataclass
class _Run:
    """The shapes of each module's outputs without the batch, call by call, and the lengths of all lists of tokens."""

    shapes: defaultdict[str, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))
    lengths: set[int] = field(default_factory=set)


def grown_layers(network: Network, layers: Iterable[str]) -> dict[str, Grown]:
    """What each layer puts out for pictures of one, two and three times the input's side.

    A layer is left out that cannot be read at one of these sizes. The network is left as it is.
    """
    layers = tuple(layers)
    found: dict[str, Grown] = {}
    for copied in (data_free, copy.deepcopy):
        missing = [layer for layer in layers if layer not in found]
        if missing:
            found |= _grown(network, missing, copied)
    return found


def _grown(
    network: Network, layers: Iterable[str], copied: Callable[[nn.Module], nn.Module]
) -> dict[str, Grown]:
    try:
        module = copied(network.module)
    except Exception:  # what cannot be copied cannot be tried
        return {}
    runs = _runs(module, network.input, network.batch or 1)
    lengths = tuple(frozenset(run.lengths) for run in runs)
    found: dict[str, Grown] = {}
    for layer in layers:
        calls = [run.shapes[module_of(layer)] for run in runs]
        place = (call_of(layer) or 1) - 1
        alike = len({len(each) for each in calls}) == 1 and place < len(calls[0])
        if alike and len({len(each[place]) for each in calls}) == 1:
            found[layer] = Grown(tuple(each[place] for each in calls), lengths)
    return found


def _runs(module: nn.Module, settings: InputSettings, images: int) -> list[_Run]:
    """Pictures of each side through the network, as far as it gets: a head may be made for one size alone."""
    like = next((value for value in module.parameters() if value.is_floating_point()), torch.zeros(()))
    runs: list[_Run] = []
    with torch.no_grad(), ExitStack() as stack:
        for name, part in module.named_modules():  # once: that takes longer than a run without data
            stack.callback(part.register_forward_hook(partial(_note, runs, name)).remove)
        for side in (factor * settings.size for factor in FACTORS):
            runs.append(_Run())
            # networks fail in any way on a size that they were not made for
            with suppress(Exception):
                module(
                    torch.zeros(images, settings.channels, side, side, dtype=like.dtype, device=like.device)
                )
    return runs


def _note(runs: list[_Run], name: str, _module: nn.Module, _inputs: object, output: object) -> None:
    """Note one output in the run that goes on."""
    found = tensor_or_why_not(Site(name, "output"), output)
    shape = tuple(found.shape) if isinstance(found, Tensor) else ()
    runs[-1].shapes[name].append(shape[1:])
    if len(shape) == 3:
        runs[-1].lengths.add(shape[1])
