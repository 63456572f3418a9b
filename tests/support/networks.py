"""Small real networks for tests, as the program sees them; seeded, so that every run has the same weights."""

import torch
from torch import nn

from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network, Site, WeightsOrigin
from geed_cli.models.output import LOGITS, NO_LOGITS

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class SmallConvNet(nn.Module):
    """Convolutions with in-place ReLUs, a stride, a dead channel, a 1×1 layer and a linear classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True))
        self.block2 = nn.Sequential(nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.ReLU(inplace=True))
        self.block3 = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 5)
        with torch.no_grad():
            self.block1[0].weight[2] = 0
            self.block1[0].bias[2] = 0
            # predictions that differ between images and flip under G: features vary by about 0.02 around their
            # value for a grey image
            self.fc.weight *= 100
            self.fc.bias.copy_(-self.fc.weight @ self.pooled(torch.zeros(1, 3, 16, 16))[0])

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(self.relu(self.block3(self.block2(self.block1(x))))).flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.pooled(x))


def network_of(
    module: nn.Module, *, features: Site, layers: tuple[str, ...] = (), size: int = 16, logits: bool = True
) -> Network:
    """A module as a network with ImageNet normalisation and no resizing."""
    return Network(
        id=type(module).__name__,
        source="python",
        arch=type(module).__name__,
        module=module.eval().requires_grad_(False),
        features=features,
        output=LOGITS if logits else NO_LOGITS,
        classifier="fc" if logits else None,
        layers=layers,
        input=InputSettings(size, size, "bilinear", MEAN, STD),
        weights=WeightsOrigin("random", "seed 0", None, "0" * 64, ()),
        parameters=sum(p.numel() for p in module.parameters()),
    )


def small_conv_net(seed: int = 0, size: int = 16) -> Network:
    """A seeded ``SmallConvNet``; block3's output is changed afterwards by an in-place ReLU."""
    torch.manual_seed(seed)
    layers = ("block1", "block2", "block3", "pool")
    return network_of(SmallConvNet(), features=Site("fc", "input"), layers=layers, size=size)
