"""Whether a layer's maps are transposed: the picture's height along their width.

A network that takes any size is shown a wide picture and a high one (``larger_pictures``). One that takes square ones
alone, or puts out tokens, is shown two pictures that differ in their upper quarter, and two that differ in their left
one: in maps that are transposed the first difference lies to the left, and the second above.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import partial

import torch
from torch import Tensor

from geed_cli.engine.hooks import attach, tensor_or_why_not
from geed_cli.engine.map_layout import Layout
from geed_cli.grids.larger_pictures import oblong_layers
from geed_cli.models.code.as_it_was import as_it_was
from geed_cli.models.network import Network, Site, module_of

MIXTURES = 64
SMALLEST = 4
"""Sides of the smallest maps that are judged: the halves of smaller ones differ by chance."""
CLEARLY, AT_LEAST = 3.0, 0.3
"""A difference lies along one axis if its halves there differ by so many times what they do along the other, and by so
much: chance leaves a tenth, a layer that sees the whole picture nothing."""


def exchanged_layers(network: Network, layouts: Mapping[str, Layout]) -> frozenset[str]:
    """The layers whose maps have the picture's height along their width; the network is left as it is."""
    told = oblong_layers(network, [name for name, layout in layouts.items() if layout.tokens is None])
    left = {name: layout for name, layout in layouts.items() if name not in told}
    found = {name for name, exchanged in told.items() if exchanged}
    return frozenset(found | set(_on_square_pictures(network, left) if left else ()))


def _on_square_pictures(network: Network, layouts: Mapping[str, Layout]) -> Iterable[str]:
    noise = torch.Generator().manual_seed(0)
    side, channels = network.input.size, network.input.channels
    picture, other = torch.randn(2, 1, channels, side, side, generator=noise).unbind()
    upper, left = picture.clone(), picture.clone()
    quarter = max(side // 4, 1)
    upper[:, :, :quarter], left[..., :quarter] = other[:, :, :quarter], other[..., :quarter]
    # networks fail in any way; what cannot be tried is taken as it is
    with suppress(Exception):
        plain, above, beside = (_maps(network, layouts, each) for each in (picture, upper, left))
        for name, maps in plain.items():
            if min(maps.shape[1:]) < SMALLEST:
                continue
            down, right = _sides(above[name] - maps)
            other_down, other_right = _sides(beside[name] - maps)
            if _clearly(right, down) and _clearly(other_down, other_right):
                yield name


def _maps(network: Network, layouts: Mapping[str, Layout], picture: Tensor) -> dict[str, Tensor]:
    """What each layer makes of a picture, a few mixtures of its channels, (mixtures, H, W)."""
    maps: dict[str, Tensor] = {}
    calls = Counter[str]()

    def read(name: str, output: object) -> None:
        calls[name] += 1
        for layer in {name, f"{name}#{calls[name]}"} & layouts.keys():
            found = tensor_or_why_not(Site(layer, "output"), output)
            if isinstance(found, Tensor) and layer not in maps:
                maps[layer] = _mixed(layouts[layer].maps(found)[0])

    like = next((value for value in network.module.parameters() if value.is_floating_point()), picture)
    with as_it_was(network.module), torch.no_grad(), ExitStack() as stack:
        for name in {module_of(layer) for layer in layouts}:
            stack.callback(attach(network.module, Site(name, "output"), partial(read, name)).remove)
        network.module(picture.expand(network.batch or 1, -1, -1, -1).to(like))
    return maps


def _mixed(maps: Tensor) -> Tensor:
    """Mixtures of channels by chance, always the same: where maps differ they do, and they need little memory."""
    weights = torch.randn(
        MIXTURES, len(maps), generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    return torch.einsum("kc,chw->khw", weights, maps.double())


def _sides(difference: Tensor) -> tuple[float, float]:
    """How far the squares of a difference lie to one half of the map, down and right: 0 is evenly, 1 in one half."""
    squares = difference.square().sum(0)
    rows, columns = squares.sum(1), squares.sum(0)
    return _uneven(rows), _uneven(columns)


def _uneven(line: Tensor) -> float:
    half, total = len(line) // 2, float(line.sum())
    return 0.0 if total == 0 else abs(float(line[:half].sum() - line[len(line) - half :].sum())) / total


def _clearly(along: float, across: float) -> bool:
    return along > CLEARLY * across + AT_LEAST
