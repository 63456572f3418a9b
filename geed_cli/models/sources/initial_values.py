"""Whether all weights of a network came out of its file.

A library that loads a file by its own rules may leave a tensor at its initial value. With the same seed that value
is known, so a tensor that still has it, and whose value is nowhere in the file, did not come from there.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from geed_cli.checkpoints.formats import shown_list
from geed_cli.checkpoints.unfilled import weights_of
from geed_cli.errors import InputError
from geed_cli.runtime.libraries import timm


def require_from_file(module: nn.Module, initial: nn.Module, file: Path, name: str, called: str) -> None:
    """Refuse a network that kept initial values which its file does not hold, with an ``InputError``.

    Args:
        module: the loaded network.
        initial: the same network, built with the same seed and not loaded.
        file: the file that ``module`` was loaded from.
        name: what messages call the network.
        called: what messages call the file.
    """
    before = dict(weights_of(initial))
    kept = {key: value for key, value in weights_of(module) if torch.equal(value, before[key])}
    in_file = _tensors(file) if kept else []
    random = [key for key, value in kept.items() if not any(_same(value, other) for other in in_file)]
    if random:
        raise InputError(
            f"{called} has no weights for {shown_list(random)} of {name}; they would stay random",
            expected="weights for every tensor of the network",
            remedy="leave out model.arguments that change the network, such as num_classes",
        )


def _same(value: Tensor, other: Tensor) -> bool:
    """Equal but for the shape: key filters reshape, and they split constants."""
    if value.numel() != other.numel():
        return False
    return torch.equal(value.reshape(-1), other.reshape(-1).to(value.dtype))


def _tensors(file: Path) -> list[Tensor]:
    if file.suffix == ".npz":
        with np.load(file, allow_pickle=False) as arrays:
            return [torch.from_numpy(arrays[name]) for name in arrays.files]
    return [value for value in timm.models.load_state_dict(str(file)).values() if isinstance(value, Tensor)]
