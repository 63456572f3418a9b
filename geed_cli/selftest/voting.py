"""Networks without weights whose answers can be worked out by hand: pixels, a vote of sectors, and a constant."""

import math

import torch
from torch import Tensor, nn

from geed_cli.models.network import OUTPUT, Network, Site
from geed_cli.models.output import LOGITS, Output
from geed_cli.selftest.bench import wrap

PICTURE_SIZE = 16
"""Even, so that no pixel lies on an axis and quarter turns and mirrors across the axes fix none."""


class Pixels(nn.Module):
    """Features are the normalised pixels themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → (B, 3·S·S)."""
        pixels: Tensor = self.features(x)
        return pixels


class BrightestSector(nn.Module):
    """A class for each of k sectors about the centre; the brightest one leads by a fixed gap of logits.

    A group that moves the sectors freely gives every picture each of |G| = k predictions once. Two are halves left
    and right; the logits of the others are 0, or, where they are centred, all add up to 0. With ``probable`` the
    softmax is taken at once.
    """

    def __init__(self, sectors: int, gap: float, *, centred: bool = False, probable: bool = False) -> None:
        super().__init__()
        self.gap, self.centred, self.probable = gap, centred, probable
        self.sectors = nn.Parameter(_sectors(sectors))

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → logits or probabilities (B, k)."""
        brightness = torch.einsum("bchw,khw->bk", x, self.sectors)
        winner = brightness.argmax(dim=1)
        logits = self.gap * nn.functional.one_hot(winner, len(self.sectors)).to(x.dtype)
        logits = logits - logits.mean(dim=1, keepdim=True) if self.centred else logits
        return logits.softmax(dim=1) if self.probable else logits


class Brightness(nn.Module):
    """Scores each pixel as dark or bright, by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Conv2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps x (B, 3, S, S) → scores (B, 2, S, S)."""
        scores: Tensor = self.scores(x)
        return scores


class Constant(nn.Module):
    """Ignores its input."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        """The same logits (B, 3) for every picture."""
        logits: Tensor = self.fc(torch.ones(len(x), 4, dtype=x.dtype, device=x.device))
        return logits


def voting_network(sectors: int, gap: float, output: Output = LOGITS, *, centred: bool = False) -> Network:
    """``BrightestSector``, which puts out what ``output`` says."""
    return wrap(
        lambda: BrightestSector(sectors, gap, centred=centred, probable=output.probable),
        PICTURE_SIZE,
        OUTPUT,
        output=output,
    )


def constant_network() -> Network:
    """``Constant``."""
    return wrap(Constant, PICTURE_SIZE, Site("fc", "input"))


def _sectors(count: int) -> Tensor:
    """Which pixels belong to each sector, shape (k, S, S), 0 or 1; the diagonals belong to none."""
    from_centre = torch.arange(PICTURE_SIZE, dtype=torch.float64) - (PICTURE_SIZE - 1) / 2
    y, x = torch.meshgrid(from_centre, from_centre, indexing="ij")
    # halves are left and right of the vertical axis
    turned = torch.atan2(y, x) + (math.pi / 2 if count == 2 else 0.0)
    number = (turned.remainder(2 * math.pi) * count / (2 * math.pi)).floor().long()
    inside = torch.nn.functional.one_hot(number, count).permute(2, 0, 1)
    return (inside * (x.abs() != y.abs())).float()
