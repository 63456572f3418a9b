"""Networks that look unsteady and are a function of one image: discrete, quantised, chaotic, or with idle state."""

import random
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from support.unsteady_networks import Small


class Routed(Small):
    """The expert whose gate is the largest answers for each picture; every expert sees every picture."""

    def __init__(self, experts: int = 3) -> None:
        super().__init__()
        self.gate = nn.Linear(8, experts)
        self.experts = nn.ModuleList(nn.Linear(8, 8) for _ in range(experts))

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        chosen = self.gate(y).argmax(1)
        return torch.stack([expert(y) for expert in self.experts], 1)[torch.arange(len(y)), chosen]


class SparselyRouted(Routed):
    """The same, where an expert sees its own pictures alone."""

    def features(self, x: Tensor) -> Tensor:
        y = Small.features(self, x)
        chosen = self.gate(y).argmax(1)
        mixed = torch.zeros_like(y)
        for number, expert in enumerate(self.experts):
            rows = (chosen == number).nonzero()[:, 0]
            if len(rows):
                mixed[rows] = expert(y[rows])
        return mixed


class Tied(Routed):
    """Gates that are equal but for rounding, so that last digits decide."""

    def features(self, x: Tensor) -> Tensor:
        y = Small.features(self, x)
        gates = torch.stack([(y * y).sum(1), (y.flip(1) * y.flip(1)).sum(1)], 1)
        return torch.stack([y, y + 1e-6], 1)[torch.arange(len(y)), gates.argmax(1)]


class TopTwo(Routed):
    def features(self, x: Tensor) -> Tensor:
        y = Small.features(self, x)
        weights, chosen = self.gate(y).topk(2, dim=1)
        answers = torch.stack([expert(y) for expert in self.experts], 1)
        picked = answers.gather(1, chosen[..., None].expand(-1, -1, 8))
        return (weights.softmax(1)[..., None] * picked).sum(1)


class Quantised(Small):
    """Activations rounded to steps."""

    def __init__(self, steps: float = 16) -> None:
        super().__init__()
        self.steps = steps

    def features(self, x: Tensor) -> Tensor:
        return ((self.stem(x) * self.steps).round() / self.steps).mean((2, 3))


class QuantisedInput(Small):
    def features(self, x: Tensor) -> Tensor:
        return super().features((x * 8).round() / 8)


class Binary(Small):
    def features(self, x: Tensor) -> Tensor:
        return self.stem(x).sign().mean((2, 3))


class Codebook(Small):
    """Each pixel's channels replaced by the nearest of sixteen words."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Parameter(0.5 * torch.randn(16, 8))

    def features(self, x: Tensor) -> Tensor:
        pixels = self.stem(x).flatten(2).transpose(1, 2)
        nearest = (pixels[:, :, None] - self.words).square().sum(-1).argmin(-1)
        return self.words[nearest].mean(1)


class Deep(Small):
    """Many untrained layers that spread last digits."""

    def __init__(self, layers: int = 12, gain: float = 3.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(layers))
        with torch.no_grad():
            for layer in self.layers:
                layer.weight.normal_(0, gain / 8**0.5)

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        for layer in self.layers:
            y = layer(y).tanh()
        return y


class DeepConvolutions(Small):
    def __init__(self, layers: int = 20) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(layers))

    def features(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        for layer in self.layers:
            y = functional.relu(1.5 * layer(y)) + 0.1 * y
        return y.mean((2, 3))


class Chaotic(Small):
    """The logistic map, which doubles an error at each of its steps."""

    def __init__(self, steps: int = 22) -> None:
        super().__init__()
        self.steps = steps

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x).sigmoid()
        for _ in range(self.steps):
            y = 3.99 * y * (1 - y)
        return y


class HardAttention(Small):
    """The pixel of the largest norm speaks for the picture."""

    def features(self, x: Tensor) -> Tensor:
        pixels = self.stem(x).flatten(2)
        where = pixels.norm(dim=1).argmax(1)
        return pixels[torch.arange(len(x)), :, where]


class Median(Small):
    def features(self, x: Tensor) -> Tensor:
        return self.stem(x).flatten(2).median(2).values


class SpatialMaximum(Small):
    def features(self, x: Tensor) -> Tensor:
        return functional.max_pool2d((self.stem(x) * 4).round(), 6).flatten(1)


class InstanceNorm(Small):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(8)

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.stem(x))).mean((2, 3))


class EarlyExit(Routed):
    """Pictures of which the first head is sure leave early."""

    def features(self, x: Tensor) -> Tensor:
        y = Small.features(self, x)
        sure = self.gate(y).softmax(1).amax(1, keepdim=True) > 0.4
        return torch.where(sure, y, self.experts[0](y))


class OneByOne(Small):
    """Pools its pictures one after the other."""

    def features(self, x: Tensor) -> Tensor:
        return torch.cat([functional.relu(maps[None]).mean((2, 3)) for maps in self.stem(x)])


class InDouble(Small):
    """Pools in float64 and comes back."""

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.stem(x)).double().mean((2, 3)).to(x.dtype)


class InPlace(Small):
    """Changes its input."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x.sub_(0.45).div_(0.22))


class OutOfPlace(Small):
    """The same without changing it."""

    def features(self, x: Tensor) -> Tensor:
        return super().features((x - 0.45) / 0.22)


class InPlaceOutput(Small):
    def features(self, x: Tensor) -> Tensor:
        return self.stem(x).mul_(2).relu_().mean((2, 3))


class Offset(Small):
    """Features far from zero, of which float32 keeps fewer digits."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x) + 16


class DrawsForNothing(Small):
    def features(self, x: Tensor) -> Tensor:
        torch.rand(3)
        random.random()
        return super().features(x)


class DropsNothing(Small):
    def features(self, x: Tensor) -> Tensor:
        return functional.dropout(super().features(x), 0.0)


class FixedNoise(Small):
    """The same noise for every picture, drawn anew from the same seed."""

    def features(self, x: Tensor) -> Tensor:
        noise = torch.randn(1, 3, *x.shape[2:], generator=torch.Generator().manual_seed(1))
        return super().features(x + 0.1 * noise.to(x))


class CountsCalls(Small):
    calls = 0

    def features(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().features(x)


class WritesBuffer(Small):
    """Keeps statistics that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        self.mean.copy_(y.mean(0))
        return y


class InTraining(Small):
    """Stays in training mode, where nothing of it behaves otherwise."""

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(True)


class Cached(Small):
    """Makes a grid at its first call."""

    grid: Tensor | None = None

    def features(self, x: Tensor) -> Tensor:
        if self.grid is None or self.grid.dtype != x.dtype:
            self.grid = torch.linspace(0.5, 1, x.shape[-1], dtype=x.dtype)
        return super().features(x * self.grid)


class Recurrent(Small):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(8, 8)

    def features(self, x: Tensor) -> Tensor:
        y = super().features(x)
        state = torch.zeros_like(y)
        for _ in range(4):
            state = self.cell(y, state)
        return state


class Hashed(Small):
    """The fractional part of large numbers, a hash of what it is given."""

    def features(self, x: Tensor) -> Tensor:
        return (super().features(x) * 300).frac()


KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Small, Routed, SparselyRouted, Tied, TopTwo, Quantised, QuantisedInput, Binary, Codebook, Deep,
        DeepConvolutions, Chaotic, HardAttention, Median, SpatialMaximum, InstanceNorm, EarlyExit, OneByOne,
        InDouble, InPlace, OutOfPlace, InPlaceOutput, Offset, DrawsForNothing, DropsNothing, FixedNoise, CountsCalls,
        WritesBuffer, InTraining, Cached, Recurrent, Hashed,
    )
}  # fmt: skip


def odd(kind: str, **arguments: float | str) -> nn.Module:
    """One of them by name."""
    module: nn.Module = KINDS[kind](**arguments)
    return module
