"""The two networks of section 4.1, for grey pictures of 29 × 29 pixels: six blocks, a hidden layer, nine logits.

Both stand on centred grids: 29, 15 and 8 positions, with every other pixel from the first to the last, so that a
quarter turn of the picture is one of every map. Widths are read off the checkpoint's scale (``settings``).
"""

from e2cnn import gspaces
from e2cnn import nn as en
from torch import Tensor, nn

from examples.paper.settings import SCALES

CLASSES = 9
FEATURES = 64
POOLED = (1, 3)  # blocks after which the grid is halved


class CNN(nn.Module):
    """A plain convolutional network: f1(x) is ``hidden`` (64 numbers) or ``pool``."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        """``widths`` are the channels of the six blocks."""
        super().__init__()
        before = 1
        for k, width in enumerate(widths, 1):
            size = 7 if k == 1 else 5
            block = [
                nn.Conv2d(before, width, size, padding=size // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
            if k in POOLED:
                block.append(nn.AvgPool2d(5, 2, 2))
            self.add_module(f"block{k}", nn.Sequential(*block))
            before = width
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.hidden = hidden_layer(before)
        self.fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """B×1×S×S to B×9 logits."""
        for k in range(1, 7):
            x = self.get_submodule(f"block{k}")(x)
        logits: Tensor = self.fc(self.hidden(self.pool(x)))
        return logits


class SteerableCNN(nn.Module):
    """A C8 steerable CNN (Weiler and Cesa 2019): every block has fields of eight channels that C8 permutes."""

    def __init__(self, fields: tuple[int, ...]) -> None:
        """``fields`` are the numbers of regular fields of the six blocks: eight channels each."""
        super().__init__()
        space = gspaces.Rot2dOnR2(N=8)
        self.input_type = before = en.FieldType(space, [space.trivial_repr])
        for k, number in enumerate(fields, 1):
            size = 7 if k == 1 else 5
            after = en.FieldType(space, number * [space.regular_repr])
            convolution = en.R2Conv(before, after, size, padding=size // 2, bias=False)
            block = [convolution, en.InnerBatchNorm(after), en.ReLU(after)]
            if k in POOLED:
                block.append(en.PointwiseAvgPoolAntialiased(after, sigma=0.66, stride=2))
            self.add_module(f"block{k}", en.SequentialModule(*block))
            before = after
        self.over_group = en.GroupPooling(before)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.hidden = hidden_layer(fields[-1])
        self.fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """B×1×S×S to B×9 logits."""
        maps = en.GeometricTensor(x, self.input_type)
        for k in range(1, 7):
            maps = self.get_submodule(f"block{k}")(maps)
        logits: Tensor = self.fc(self.hidden(self.pool(self.over_group(maps).tensor)))
        return logits


def hidden_layer(inputs: int) -> nn.Module:
    """The 64 numbers that the classifier reads."""
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU())


def network(kind: str, scale: str = "small") -> nn.Module:
    """``cnn`` or ``c8`` at the widths of a scale, with random weights of torch's generator."""
    digits = SCALES[scale].digits
    net = CNN(digits.cnn) if kind == "cnn" else SteerableCNN(digits.c8)
    # e2cnn's filters are buffers before the first evaluation and in each: a network in training after one has none,
    # and neither have its checkpoints
    return net.eval().train()
