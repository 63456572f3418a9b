"""Networks that are no function of one image, each in its own way; ``Small`` is the sound one that they spoil."""

import random
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


class Small(nn.Module):
    """A stem, pooled features, and a head of ten classes, whose predictions differ between pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.fc = nn.Linear(8, 10)
        with torch.no_grad():
            self.fc.weight *= 20

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.stem(x)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.features(x))
        return y


class FunctionalDropout(Small):
    def features(self, x: Tensor) -> Tensor:
        return functional.dropout(super().features(x), 0.3)


class StubbornDropout(nn.Dropout):
    """Stays in training mode, as some Monte Carlo dropout layers do."""

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(True)


class MonteCarlo(Small):
    def __init__(self) -> None:
        super().__init__()
        self.drop = StubbornDropout(0.2)

    def features(self, x: Tensor) -> Tensor:
        y: Tensor = self.drop(super().features(x))
        return y


class Noise(Small):
    """Adds noise of a given size from a given generator."""

    def __init__(self, source: str, size: float) -> None:
        super().__init__()
        self.source, self.size = source, size
        self.own = torch.Generator().manual_seed(0)

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        shape = tuple(y.shape)
        noise = {
            "torch": lambda: torch.randn(shape),
            "numpy": lambda: torch.from_numpy(np.random.normal(size=shape)),
            "python": lambda: torch.tensor([[random.gauss(0, 1)] for _ in range(shape[0])]),
            "own": lambda: torch.randn(shape, generator=self.own),
        }[self.source]()
        return y + self.size * noise.to(y)


class BatchStatistics(Small):
    """Normalises by the statistics of the batch, which no buffer keeps."""

    def __init__(self, momentum: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(8, track_running_stats=False, momentum=momentum)

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.stem(x))).mean((2, 3))


class TrainingNorm(nn.BatchNorm2d):
    """Cannot be put into evaluation mode."""

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(True)


class OverriddenTrain(Small):
    def __init__(self) -> None:
        super().__init__()
        self.norm = TrainingNorm(8)

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.stem(x))).mean((2, 3))


class BatchMean(Small):
    """Subtracts the mean of the batch from the features."""

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        return y - 0.5 * y.mean(0, keepdim=True)


class Neighbour(Small):
    """Mixes each picture with the one before it in the batch, as mixup left on does."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(0.9 * x + 0.1 * x.roll(1, 0))


class Memory(Small):
    """Adds half of the mean of the batch before."""

    state: Tensor | None = None

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        if self.state is not None:
            y = y + 0.5 * self.state
        self.state = y.mean(0, keepdim=True).detach()
        return y


class Buffer(Small):
    """Keeps a running mean in a buffer, in evaluation mode too."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        self.mean.mul_(0.9).add_(0.1 * y.mean(0).to(self.mean))
        return y - self.mean


class Counter(Small):
    """Changes with every ``every``-th call."""

    def __init__(self, every: int = 1) -> None:
        super().__init__()
        self.every, self.calls = every, 0

    def features(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().features(x) * (1 + 0.05 * (self.calls // self.every))


class StochasticDepth(Small):
    """Leaves out a residual branch for each picture by itself."""

    def __init__(self, probability: float = 0.5) -> None:
        super().__init__()
        self.branch, self.probability = nn.Conv2d(8, 8, 3, padding=1), probability

    def features(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        kept = (torch.rand(len(x), 1, 1, 1) >= self.probability).to(y)
        return functional.relu(y + kept * self.branch(y)).mean((2, 3))


class GhostNorm(Small):
    """Normalises quarters of the batch by their own statistics, which are single rows in small batches."""

    def features(self, x: Tensor) -> Tensor:
        parts = self.stem(x).split(max(len(x) // 4, 1))
        return torch.cat([functional.batch_norm(each, None, None, training=True) for each in parts]).amax(
            (2, 3)
        )


class DarkNoise(Small):
    """Adds noise to dark pictures alone, of which the first is none."""

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        return torch.where((x.mean((1, 2, 3)) < 0.2)[:, None], y + 0.1 * torch.rand_like(y), y)


class BatchSize(Small):
    """Divides by the number of pictures, where it ought to be the number of pixels."""

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.stem(x)).sum((2, 3)) / len(x)


class ShuffledPatches(Small):
    """Looks at a random crop, as a forgotten augmentation does."""

    def features(self, x: Tensor) -> Tensor:
        shift = int(torch.randint(0, 6, ()))
        return super().features(x[..., shift : shift + 6, :6])


class WarmsUp(Small):
    """Is another network until so many calls have been made."""

    def __init__(self, calls: int = 1) -> None:
        super().__init__()
        self.cold = calls

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x) * (1 + self.cold)
        self.cold = max(self.cold - 1, 0)
        return y


class History(Small):
    """Subtracts the mean of all batches so far, which it keeps in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.means: list[Tensor] = []

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        self.means.append(y.mean(0))
        return y - torch.stack(self.means).mean(0)


class KeptByShape(Small):
    """Computes a batch of some shape once, and returns that for every other of the shape."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[torch.Size, Tensor] = {}

    def features(self, x: Tensor) -> Tensor:
        if x.shape not in self.kept:
            self.kept[x.shape] = super().features(x)
        return self.kept[x.shape]


class BatchLargest(Small):
    """Divides by the largest number of the batch."""

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        return y / y.amax()


class AtPlaces(Small):
    """Makes the features at some places of the batch larger, as a wrong index does."""

    def __init__(self, places: str) -> None:
        super().__init__()
        self.places = places

    def features(self, x: Tensor) -> Tensor:
        y, place = super().features(x), torch.arange(len(x))
        chosen = {
            "first": place == 0,
            "last": place == len(x) - 1,
            "eighth": place == 7,
            "half": 2 * place >= len(x),
            "odd": place % 2 == 1,
        }[self.places]
        return y * (1 + 0.1 * chosen[:, None])


class OddRows(Small):
    """Is another network where the number of rows is odd."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x) * (1 + 0.1 * (len(x) % 2))


class NextNeighbour(Small):
    """Mixes each picture with the one behind it in the batch, if there is one."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(torch.cat([0.9 * x[:-1] + 0.1 * x[1:], x[-1:]]))


class BatchSum(Small):
    """Adds a part of the batch's sum to the features."""

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        return y + 0.05 * y.sum(0, keepdim=True)


class LargestSoFar(Small):
    """Divides by the largest number of all batches so far, which it keeps out of sight."""

    def __init__(self) -> None:
        super().__init__()
        largest = [0.0]

        def scaled(y: Tensor) -> Tensor:
            largest[0] = max(largest[0], float(y.abs().amax()))
            return y / largest[0]

        self._scaled = scaled

    def features(self, x: Tensor) -> Tensor:
        return self._scaled(super().features(x))


KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        FunctionalDropout, MonteCarlo, Noise, BatchStatistics, OverriddenTrain, BatchMean, Neighbour, Memory,
        Buffer, Counter, StochasticDepth, GhostNorm, DarkNoise, BatchSize, ShuffledPatches,
        WarmsUp, History, KeptByShape, BatchLargest,
        AtPlaces, OddRows, NextNeighbour, BatchSum, LargestSoFar,
    )
}  # fmt: skip


def spoilt(kind: str, **arguments: float | str) -> nn.Module:
    """One of them by name."""
    module: nn.Module = KINDS[kind](**arguments)
    return module
