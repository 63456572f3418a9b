"""What layers put out for larger pictures, which tells the axes of a map from its channels and from each other.

Height and width of a map grow with the side of the picture, lists of tokens with its square, and channels not at all.
In a picture that grows in one direction alone, so does one of the two. Copies of the network are run: one without data,
and, where it looks at its numbers, one with them.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from geed_cli.engine.hooks import tensor_or_why_not
from geed_cli.engine.map_layout import Grown
from geed_cli.grids.trace import data_free
from geed_cli.grids.without_numbers import WithoutNumbers
from geed_cli.models.network import Network, Site, call_of, module_of
from geed_cli.runtime.libraries import compiler_absent

SQUARES = ((1, 1), (2, 2), (3, 3))
"""Heights and widths of the pictures, in sides of the network's input: from three, growth by the side shows against any
other."""
OBLONGS = ((1, 2), (2, 1))
"""A wide picture and a high one."""


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
        runs = _runs(network, copied, SQUARES) if missing else []
        lengths = tuple(frozenset(run.lengths) for run in runs)
        found |= {layer: Grown(shapes, lengths) for layer, shapes in _shapes(runs, missing).items()}
    return found


def oblong_layers(network: Network, layers: Iterable[str]) -> dict[str, bool]:
    """Whether a layer's maps have the picture's height along their width: a wide picture then makes the higher ones.

    Layers are left out of which oblong pictures make no maps, as where a network takes square ones alone, or the same
    maps. The network is left as it is.
    """
    layers = tuple(layers)
    for copied in (data_free, copy.deepcopy):
        found = _shapes(_runs(network, copied, OBLONGS), layers)
        # where a square one gets through, it is not for want of data that these did not
        if found or _shapes(_runs(network, copied, SQUARES[:1]), layers):
            told = {name: _exchanged(*shapes) for name, shapes in found.items()}
            return {name: exchanged for name, exchanged in told.items() if exchanged is not None}
    return {}


def _exchanged(wide: tuple[int, ...], high: tuple[int, ...]) -> bool | None:
    """Whether of two axes that differ the first is the longer one for the wide picture; None where it is not that."""
    differ = [(there, here) for there, here in zip(wide, high, strict=True) if there != here]
    if len(wide) != 3 or len(differ) != 2:
        return None
    (first, other_first), (second, other_second) = differ
    return first > other_first if (first > other_first) != (second > other_second) else None


def _shapes(runs: Sequence[_Run], layers: Iterable[str]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """What each layer put out in every run, where it was read as often, with as many axes."""
    found: dict[str, tuple[tuple[int, ...], ...]] = {}
    for layer in layers if runs else ():
        calls = [run.shapes[module_of(layer)] for run in runs]
        place = (call_of(layer) or 1) - 1
        alike = len({len(each) for each in calls}) == 1 and place < len(calls[0])
        if alike and len({len(each[place]) for each in calls}) == 1:
            found[layer] = tuple(each[place] for each in calls)
    return found


def _runs(
    network: Network, copied: Callable[[nn.Module], nn.Module], sizes: Iterable[tuple[int, int]]
) -> list[_Run]:
    """Pictures of each size through a copy of the network, as far as it gets: a head may be made for one size alone."""
    try:
        module = copied(network.module)
    except Exception:  # what cannot be copied cannot be tried
        return []
    settings, images = network.input, network.batch or 1
    like = next((value for value in module.parameters() if value.is_floating_point()), torch.zeros(()))
    runs: list[_Run] = []
    quick = WithoutNumbers()  # type: ignore[no-untyped-call]
    with torch.no_grad(), compiler_absent(), quick, ExitStack() as stack:
        for name, part in module.named_modules():  # once: that takes longer than a run without data
            stack.callback(part.register_forward_hook(partial(_note, runs, name)).remove)
        for high, wide in sizes:
            runs.append(_Run())
            shape = images, settings.channels, high * settings.size, wide * settings.size
            # networks fail in any way on a size that they were not made for
            with suppress(Exception):
                module(torch.zeros(shape, dtype=like.dtype, device=like.device))
    return runs


def _note(runs: list[_Run], name: str, _module: nn.Module, _inputs: object, output: object) -> None:
    """Note one output in the run that goes on."""
    found = tensor_or_why_not(Site(name, "output"), output)
    shape = tuple(found.shape) if isinstance(found, Tensor) else ()
    runs[-1].shapes[name].append(shape[1:])
    if len(shape) == 3:
        runs[-1].lengths.add(shape[1])
