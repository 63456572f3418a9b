"""Layers with a planted hidden action, and images for them, in plain torch; seeded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from geed_cli.choices import Discover
from geed_cli.discovery.discover import Discovered, Discovery

C4 = np.array([[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]])
C2 = np.array([[0, 1], [1, 0]])


def turn(g: int, maps: Tensor) -> Tensor:
    """G quarter turns."""
    return torch.rot90(maps, g, (-2, -1))


def mirror(g: int, maps: Tensor) -> Tensor:
    """The mirror, for g = 1."""
    return maps.flip(-1) if g else maps


def still(_g: int, maps: Tensor) -> Tensor:
    """The trivial action."""
    return maps


def noise_images(count: int, size: int = 15, channels: int = 3, seed: int = 0) -> list[Tensor]:
    """White noise: nothing looks like anything else."""
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randn(count, channels, size, size, generator=generator))


class Lifting(nn.Module):
    """Filters and their four turns with ReLU: channel 4k + s holds filter k turned s times."""

    def __init__(self, fields: int = 3, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        filters = torch.randn(fields, 3, 3, 3, generator=generator)
        self.weight = torch.stack([turn(s, filters) for s in range(4)], dim=1).flatten(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(nn.functional.conv2d(x, self.weight, padding=1))


@dataclass(frozen=True)
class Planted:
    """Pairs made by hand: f(x) is the image, and f(gx) is ρ_g(g·f(x)) plus noise; drives ``Discovery`` itself."""

    matrices: Tensor
    noise: float = 0.0

    def moved(self, g: int, expected: Tensor, generator: torch.Generator) -> Tensor:
        exact = torch.einsum("ij,jhw->ihw", self.matrices[g].to(expected), expected)
        return exact + self.noise * torch.randn(exact.shape, generator=generator)


def discover_planted(
    planted: Planted, images: list[Tensor], method: Discover, table: np.ndarray, act: Callable = turn
) -> Discovered:
    """Fit the first half of the images, score the rest."""
    generator = torch.Generator().manual_seed(99)
    discovery = Discovery(len(images[0]), len(table), method, act)
    return run(
        discovery,
        images,
        lambda g, x: planted.moved(g, act(g, x), generator) if g else x,
        lambda x: x,
        table,
        act,
    )


def discover_network(
    network: Callable[[Tensor], Tensor],
    images: list[Tensor],
    method: Discover,
    table: np.ndarray,
    *,
    act: Callable = turn,
    on_images: Callable = turn,
) -> Discovered:
    """Discovery on a real network: f(gx) by showing it gx."""

    def f(x: Tensor) -> Tensor:
        with torch.inference_mode():
            return network(x[None])[0]

    discovery = Discovery(len(f(images[0])), len(table), method, act)
    return run(discovery, images, lambda g, x: f(on_images(g, x)), f, table, act)


def run(
    discovery: Discovery,
    images: list[Tensor],
    moved: Callable[[int, Tensor], Tensor],
    f: Callable[[Tensor], Tensor],
    table: np.ndarray | None,
    act: Callable,
    elements: Iterable[int] | None = None,
) -> Discovered:
    """As an engine calls it."""
    order = list(elements) if elements is not None else list(range(discovery.order))
    for number, x in enumerate(images):
        if number == len(images) // 2:
            discovery.solve()
        reference = f(x)
        discovery.start(reference)
        take = discovery.fit if number < len(images) // 2 else discovery.score
        for g in order:
            take(g, moved(g, x), act(g, reference))
    return discovery.outcome(table)


def mean(found: Discovered, deviation: str) -> float | None:
    """Over the elements g ≠ e that have a value."""
    values = [value for value in found.scores.elements(deviation) if value is not None]
    return sum(values) / len(values) if values else None
