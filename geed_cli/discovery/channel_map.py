"""Channel maps ρ_g, what discovery finds: permutations of channels, and linear maps kept as two thin factors.

A map acts on the channels of (C, H, W) maps and commutes with every spatial action, so f(gx) ≈ ρ_g (g·f(x)) and
ρ(gh) = ρ(g)ρ(h) where the layer is equivariant. Compositions are read right to left, as everywhere. ``predict`` makes
ρ_g·expected to be compared with f(gx); ``normalised`` acts on maps whose channels have size 1, columns of shape
(C, m); ``matrix`` is ρ_g in the units of the maps, shape (C, C), float64, on the CPU.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.measures.channelwise import ZERO

SILENT_PART = 0.1
"""A linear map never predicts an exact zero: below a tenth of the channel's usual size it means silence."""


@dataclass(frozen=True, eq=False)
class Permutation:
    """(ρ_g y)_i = y_{source[i]}: channel i of f(gx) shows what channel ``source[i]`` of g·f(x) shows.

    Attributes:
        source: shape (C,), int64, every channel once.
    """

    source: Tensor

    def predict(self, expected: Tensor, moved: Tensor) -> Tensor:
        """The channels of ``expected`` in their new places."""
        return expected[self.source.to(moved.device)]

    def normalised(self, columns: Tensor) -> Tensor:
        """The columns' channels in their new places."""
        return columns[self.source]

    def matrix(self) -> Tensor:
        """The permutation matrix."""
        return torch.eye(len(self.source), dtype=torch.float64)[self.source.cpu()]

    @classmethod
    def identity(cls, channels: int) -> "Permutation":
        """The map that leaves every channel in its place."""
        return cls(torch.arange(channels))


@dataclass(frozen=True, eq=False)
class Linear:
    """ρ_g = base·1 + D (left · right) D⁻¹ with D = diag(scale), the channels' usual sizes.

    One D serves all elements, so that the factors compose as the maps do.

    Attributes:
        left: shape (C, r), float32.
        right: shape (r, C), float32.
        scale: root mean squares of the channels, shape (C,), float64; 0 for channels silent in all fitted images,
            which the factors neither read nor write.
        base: 1 where the factors are what is added to the identity, else 0.
    """

    left: Tensor
    right: Tensor
    scale: Tensor
    base: float

    def predict(self, expected: Tensor, moved: Tensor) -> Tensor:
        """ρ_g·expected; a channel that is silent in ``moved`` is so here too where little was predicted for it."""
        y = expected.flatten(1)
        scale = self.scale.to(y)[:, None]
        change = self.left.to(y) @ (self.right.to(y) @ (y * reciprocal(self.scale).to(y)[:, None]))
        predicted = self.base * y + scale * change
        # by mean absolute value: squares of float32 may overflow
        little = predicted.abs().mean(dim=1) <= SILENT_PART * scale[:, 0]
        predicted[little & ~_alive(moved)] = 0
        return predicted.reshape(expected.shape)

    def normalised(self, columns: Tensor) -> Tensor:
        """base·1 + left · right on the columns."""
        change: Tensor = self.left.to(columns) @ (self.right.to(columns) @ columns)
        return self.base * columns + change

    def matrix(self) -> Tensor:
        """base·1 + D (left · right) D⁻¹."""
        scale = self.scale.double().cpu()
        unit = self.left.double().cpu() @ self.right.double().cpu()
        change: Tensor = scale[:, None] * unit * reciprocal(scale)
        return self.base * torch.eye(len(scale), dtype=torch.float64) + change


def _alive(maps: Tensor) -> Tensor:
    """Whether each channel of (C, H, W) maps has any signal, bool of shape (C,)."""
    largest = maps.abs().flatten(1).amax(dim=1)
    return largest > ZERO * largest.amax()


def reciprocal(scale: Tensor) -> Tensor:
    """1/d, and 0 for silent channels."""
    return torch.where(scale > 0, 1 / scale.clamp(min=1e-300), 0.0)


ChannelMap = Permutation | Linear


@dataclass(frozen=True)
class Fitted:
    """The maps found on the first half of the images.

    Attributes:
        variant: ``permutation``, ``ridge`` or ``procrustes``.
        maps: ρ_g, n of them, the identity for e and for elements that no image showed.
        null: the same from pairs of different images: what is found there is what fitting alone can find.
        live: bool, shape (C,), the channels that were ever alive.
        root: R with R·Rᵀ the second moments of the normalised channels, shape (C, r); None for permutations.
        notes: what a reader must know about the fit.
    """

    variant: str
    maps: tuple[ChannelMap, ...]
    null: tuple[ChannelMap, ...]
    live: Tensor
    root: Tensor | None
    notes: tuple[str, ...]


def all_elements(order: int, channels: int, maps: Mapping[int, ChannelMap]) -> tuple[ChannelMap, ...]:
    """The found maps as a tuple over the group, the identity where there is none."""
    return tuple(maps.get(g, Permutation.identity(channels)) for g in range(order))


def increase(sums: dict[int, Tensor], g: int, term: Tensor) -> None:
    """Add a term to the sum of element g, in float64."""
    if g in sums:
        sums[g] += term
    else:
        sums[g] = term.double()
