"""Small convolutional networks with random weights: a plain one, and three whose symmetry is built in.

``PlainNet`` has no symmetry of its own. Its mean over an orbit is invariant; a convolution with turned copies of one
filter is equivariant if its channels roll; one with a symmetric filter is mirrored where its grid is.
"""

import torch
from torch import Tensor, nn

from geed_cli.models.network import OUTPUT, Network, Site
from geed_cli.models.output import NO_LOGITS
from geed_cli.selftest.bench import wrap

ODD_SIZE = 15
LOGIT_GAIN = 200.0
"""Of the logits: pooled features of noise differ by hundredths, and predictions should differ by more."""


class PlainNet(nn.Module):
    """Two convolutions, of which the first has a stride, with in-place ReLUs; pooling; a linear classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU(inplace=True))
        self.block2 = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace=True))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 5, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → logits (B, 5)."""
        logits: Tensor = LOGIT_GAIN * self.fc(self.pool(self.block2(self.block1(x))).flatten(1))
        return logits


class GroupAveraged(nn.Module):
    """The mean of ``PlainNet`` over the quarter turns and mirrors of its input: invariant under D4."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = PlainNet()
        self.mean = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → logits (B, 5)."""
        orbit = [torch.rot90(y, k, (2, 3)) for y in (x, x.flip(3)) for k in range(4)]
        logits: Tensor = self.mean(torch.stack([self.inner(y) for y in orbit]).mean(dim=0))
        return logits


class Lifting(nn.Module):
    """A lifting convolution for C4 with ReLU: channel 4·field + h has the filter turned by h quarters."""

    def __init__(self) -> None:
        super().__init__()
        filters = torch.randn(3, 3, 3, 3)
        turned = torch.stack([filters.rot90(h, (-2, -1)) for h in range(4)], dim=1)
        self.weight = nn.Parameter(turned.flatten(0, 1))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → the means of the maps of three fields, (B, 12)."""
        maps: Tensor = self.relu(nn.functional.conv2d(x, self.weight, padding=1))
        return maps.mean(dim=(2, 3))


class SymmetricStrided(nn.Module):
    """One 3×3 convolution with stride 2 and padding 1, whose filters equal their mirror images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        with torch.no_grad():
            self.conv.weight += self.conv.weight.flip(3)

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → the means of the maps, (B, 4)."""
        maps: Tensor = self.conv(x)
        return maps.mean(dim=(2, 3))


def plain_network() -> Network:
    """``PlainNet`` at an odd size."""
    return wrap(PlainNet, ODD_SIZE, Site("fc", "input"), layers=("block1", "block2"))


def lifting_network(*, declared: bool) -> Network:
    """``Lifting`` at an odd size, where the roll of its channels is declared or not."""
    actions = {"relu": {"regular": "c4"}} if declared else None
    return wrap(Lifting, ODD_SIZE, OUTPUT, layers=("relu",), output=NO_LOGITS, actions=actions)
