"""The network behind the saved files: its weights are fractions, the same on every machine."""

import torch
from torch import nn


class Net(nn.Module):
    """Two convolutions and a linear classifier, with weights that ``step`` moves."""

    def __init__(self, step: int = 0) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 5)
        for weight in self.parameters():
            counted = torch.arange(weight.numel()).reshape(weight.shape)
            weight.data = ((counted * 7 + step * 3) % 11 - 5) / 8
        self.fc.weight.data *= 8

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.second(self.relu(self.first(x))))
        return self.fc(self.pool(x).flatten(1))


def net() -> Net:
    """What the spec names."""
    return Net()
