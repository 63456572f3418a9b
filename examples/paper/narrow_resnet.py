"""The one architecture of section 4.4 at small scale: a ResNet of three blocks for grey pictures of 29 × 29."""

from torch import Tensor, nn

from examples.paper.data import CLASSES
from examples.paper.settings import SCALES


class NarrowResNet(nn.Module):
    """A stem and three residual blocks, each of which halves the grid but the first; f1(x) is ``pool``."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        """``widths`` are the channels of the three blocks."""
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        before = (widths[0], *widths)
        self.blocks = nn.Sequential(
            *(
                Block(old, new, 1 if k == 0 else 2)
                for k, (old, new) in enumerate(zip(before, widths, strict=False))
            )
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.width = widths[-1]
        self.fc = nn.Linear(self.width, CLASSES)

    def features(self, x: Tensor) -> Tensor:
        """f1(x): B×1×29×29 to B×width, not negative."""
        pooled: Tensor = self.pool(self.blocks(self.stem(x)))
        return pooled.flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """B×1×29×29 to B×9 logits."""
        logits: Tensor = self.fc(self.features(x))
        return logits


class Block(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        """``stride`` is that of the first convolution and of the shortcut."""
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        same = stride == 1 and before == width
        self.shortcut = nn.Identity() if same else nn.Conv2d(before, width, 1, stride, bias=False)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """B×before×S×S to B×width×S'×S'."""
        out: Tensor = self.relu(self.body(x) + self.shortcut(x))
        return out


def network(scale: str = "small") -> NarrowResNet:
    """The network of a scale, with random weights of torch's generator."""
    return NarrowResNet(SCALES[scale].self_supervised.widths)
