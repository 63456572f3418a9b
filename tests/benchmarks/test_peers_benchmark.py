"""The published way that audits are timed against: what it computes of a network that is known to be equivariant."""

import pytest
import torch
from torch import nn

from benchmarks.speed.peers import STAGES, as_published


def network(side: int) -> nn.Module:
    """Convolutions of one pixel commute with quarter turns, those of two do not; then means over pixels."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, side), *(nn.Conv2d(4, 4, side) for _ in STAGES[1:])]
    named = dict(zip(STAGES, layers, strict=True)) | {"avgpool": nn.AdaptiveAvgPool2d(1)}
    model = nn.Sequential()
    for name, layer in named.items():
        model.add_module(name, layer)
        model.add_module(f"{name}_act", nn.Tanh())
    model.append(nn.Flatten())
    model.append(nn.Linear(4, 3))
    return model


@pytest.mark.parametrize("side", [1, 2])
def test_the_published_way(side: int) -> None:
    values = as_published(network(side), torch.rand(3, 3, 12, 12))
    perfect = [-1.0] * len(STAGES) + [0.0] * 3
    off = [abs(value - best) for value, best in zip(values, perfect, strict=True)]
    if side == 1:
        assert max(off) < 1e-5
    else:
        assert min(off) > 1e-9
        assert off[0] > 1e-3
