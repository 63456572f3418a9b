"""Networks as the oracle sees them: one normalised image in, one dictionary of float64 values out.

A network takes a tensor (1, 3, S, S) and returns {"features": (k,), "logits": (classes,) or None,
"layers": {name: (C, H, W)}}. g acts on pixels in [0, 1], before mean and standard deviation are applied.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .action import Element, act


class Output(TypedDict):
    """What a network returns for one image."""

    features: Tensor
    logits: Tensor | None
    layers: dict[str, Tensor]


class Observation(TypedDict):
    """The same in numpy, float64."""

    features: NDArray[np.float64]
    logits: NDArray[np.float64] | None
    layers: dict[str, NDArray[np.float64]]


Network = Callable[[Tensor], Output]
Hook = Callable[..., None]


def normalise(image: NDArray[np.float64], mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(x − mean) / std per colour channel, as one float64 tensor (1, 3, S, S)."""
    planes = [(image[i] - mean[i]) / std[i] for i in range(3)]
    return torch.from_numpy(np.stack(planes).astype(np.float64))[None]


def observe(
    network: Network, image: NDArray[np.float64], mean: Sequence[float], std: Sequence[float]
) -> Observation:
    """f(x) of one image (3, S, S) with values in [0, 1]."""
    with torch.no_grad():
        output = network(normalise(image, mean, std))
    logits = output["logits"]
    return Observation(
        features=output["features"].double().numpy(),
        logits=None if logits is None else logits.double().numpy(),
        layers={name: maps.double().numpy() for name, maps in output["layers"].items()},
    )


def observe_orbit(
    network: Network,
    image: NDArray[np.float64],
    group: list[Element],
    boundary: str,
    mean: Sequence[float],
    std: Sequence[float],
) -> list[Observation]:
    """f(gx) for every g of the group, in its order, one forward pass each."""
    return [observe(network, act(g, image, group, boundary), mean, std) for g in group]


def keep(seen: dict[str, Tensor], key: str, value: Tensor) -> None:
    """Store a copy, since a later in-place ReLU would change the original; a second call is an error."""
    if key in seen:
        raise ValueError(f"module {key!r} ran more than once in one pass")
    seen[key] = value.detach().clone()


def input_hook(seen: dict[str, Tensor], key: str) -> Hook:
    """A forward pre-hook that keeps a module's first argument."""

    def hook(_module: nn.Module, arguments: tuple[Any, ...]) -> None:
        keep(seen, key, arguments[0])

    return hook


def output_hook(seen: dict[str, Tensor], key: str) -> Hook:
    """A forward hook that keeps a module's result."""

    def hook(_module: nn.Module, _arguments: tuple[Any, ...], result: Tensor) -> None:
        keep(seen, key, result)

    return hook


def hooked_network(
    module: nn.Module,
    features: str,
    side: str,
    layers: Sequence[str] = (),
    classifies: bool = True,
) -> Network:
    """A network read off a torch module through plain hooks, which live for one image.

    Args:
        module: left as it is; a float64 copy in evaluation mode does the work.
        features: name of the module whose tensor, flattened, is f1(x).
        side: "input" or "output": which tensor of that module.
        layers: names of the modules whose outputs, (1, C, H, W), are the hidden maps.
        classifies: whether the module returns logits (1, classes).

    Returns:
        a callable as described at the top of this file.
    """
    model = copy.deepcopy(module).double().eval()

    def network(image: Tensor) -> Output:
        kept: dict[str, Tensor] = {}
        maps: dict[str, Tensor] = {}
        handles = [
            model.get_submodule(name).register_forward_hook(output_hook(maps, name)) for name in layers
        ]
        site = model.get_submodule(features)
        if side == "input":
            handles.append(site.register_forward_pre_hook(input_hook(kept, features)))
        else:
            handles.append(site.register_forward_hook(output_hook(kept, features)))
        try:
            with torch.no_grad():
                result = model(image.double())
        finally:
            for handle in handles:
                handle.remove()
        return Output(
            features=kept[features].flatten(),
            logits=result[0].clone() if classifies else None,
            layers={name: maps[name][0] for name in layers},
        )

    return network
