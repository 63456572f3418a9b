"""Networks that are equivariant by construction under actions that permute channels too; seeded, odd sizes.

The C4 network is plain torch. The C8 network is made of e2cnn's modules, whose outputs are geometric tensors. With no
``actions`` given, nothing is declared.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

import torch
from torch import nn

from geed_cli.models.network import Network, Site
from geed_cli.models.spec import ModelSpec
from support.networks import network_of


def import_e2cnn() -> tuple[ModuleType, ModuleType]:
    """Its modules ``gspaces`` and ``nn``."""
    from e2cnn import gspaces
    from e2cnn import nn as e2nn

    return gspaces, e2nn


class C4LiftingNet(nn.Module):
    """A lifting convolution, a group convolution and ReLUs for C4; channel = field·4 + element.

    Channel h of the first layer correlates the image with its filter turned counter-clockwise by h quarters.
    """

    def __init__(self, fields: int = 3) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(fields, 3, 5, 5) / 5)
        self.second = nn.Parameter(torch.randn(fields, fields, 4, 3, 3) / 6)
        self.lift, self.relu1, self.group, self.relu2 = (nn.Identity() for _ in range(4))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(fields, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        turned = torch.stack([self.first.rot90(h, (-2, -1)) for h in range(4)], dim=1).flatten(0, 1)
        y = self.relu1(self.lift(nn.functional.conv2d(x, turned, padding=2)).relu())
        # the filter of output element h: turned by h, its input elements moved on by h
        turned = torch.stack([self.second.roll(h, dims=2).rot90(h, (-2, -1)) for h in range(4)], dim=1)
        y = nn.functional.conv2d(y, turned.flatten(0, 1).flatten(1, 2), padding=1)
        y = self.relu2(self.group(y).relu())
        return self.fc(self.pool(y).flatten(1).unflatten(1, (-1, 4)).mean(dim=2))


class C8SteerableNet(nn.Module):
    """Two steerable convolutions of e2cnn onto regular fields of C8, pooled over group and picture."""

    def __init__(self, fields: int = 3) -> None:
        super().__init__()
        gspaces, e2nn = import_e2cnn()
        space = gspaces.Rot2dOnR2(8)
        self.seen = e2nn.FieldType(space, 3 * [space.trivial_repr])
        regular = e2nn.FieldType(space, fields * [space.regular_repr])
        self.conv1 = e2nn.R2Conv(self.seen, regular, 7, padding=3)
        self.relu1 = e2nn.ReLU(regular, inplace=True)
        self.conv2 = e2nn.R2Conv(regular, regular, 5, padding=2)
        self.relu2 = e2nn.ReLU(regular, inplace=True)
        self.group_pool = e2nn.GroupPooling(regular)
        self.wrap = e2nn.GeometricTensor
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(fields, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu1(self.conv1(self.wrap(x, self.seen)))
        y = self.group_pool(self.relu2(self.conv2(y)))
        return self.fc(self.pool(y.tensor).flatten(1))


def c4_lifting_network(seed: int = 0, size: int = 13, actions: Mapping[str, object] | None = None) -> Network:
    """``C4LiftingNet`` with the layers lift, relu1, group, relu2.

    Args:
        seed: of the weights.
        size: of the input; odd, so that nothing breaks the symmetry.
        actions: the section of a spec.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = network_of(
            C4LiftingNet(),
            features=Site("fc", "input"),
            layers=("lift", "relu1", "group", "relu2"),
            size=size,
        )
    return declaring(network, actions)


def c8_steerable_network(
    seed: int = 0, size: int = 29, actions: Mapping[str, object] | None = None
) -> Network:
    """``C8SteerableNet`` with the layers conv1, relu1, conv2, relu2; the same arguments."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = network_of(
            C8SteerableNet(),
            features=Site("fc", "input"),
            layers=("conv1", "relu1", "conv2", "relu2"),
            size=size,
        )
    return declaring(network, actions)


def declaring(network: Network, actions: Mapping[str, object] | None) -> Network:
    """The network with a spec that declares actions."""
    if actions is None:
        return network
    spec = {
        "model": {"source": "python", "name": "tests:network"},
        "weights": {"origin": "random"},
        "actions": dict(actions),
    }
    return replace(network, spec=ModelSpec.model_validate(spec))
