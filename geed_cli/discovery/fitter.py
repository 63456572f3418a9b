"""What both kinds of fit share: accumulate one pair of maps at a time, then solve for every element and its null.

Maps come as matrices of shape (C, P), P = H·W. The null pairs f(gx) with g·f(x') of the image before, and is
fitted in the same way: what is found there is what fitting alone can find.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from geed_cli.discovery.channel_map import ChannelMap, Permutation


@dataclass(frozen=True)
class Fitted:
    """The maps found on the first half of the images.

    Attributes:
        variant: ``permutation``, ``ridge`` or ``procrustes``.
        maps: ρ_g, n of them, the identity for e and for elements that no image showed.
        null: the same from pairs of different images.
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


class Fitter(Protocol):
    """Accumulates C×C sums for each element, and nothing else."""

    def add(self, g: int, moved: Tensor, expected: Tensor, other: Tensor | None) -> None:
        """Take f(gx), g·f(x) and, for the null, g·f(x'); each of shape (C, P)."""

    def solve(self) -> Fitted:
        """The maps; what was accumulated is let go of."""


def all_elements(order: int, channels: int, found: dict[int, ChannelMap]) -> tuple[ChannelMap, ...]:
    """The found maps as a tuple over the group, the identity where there is none."""
    return tuple(found.get(g, Permutation.identity(channels)) for g in range(order))


def increase(sums: dict[int, Tensor], g: int, term: Tensor) -> None:
    """Add a term to the sum of element g, in float64."""
    if g in sums:
        sums[g] += term
    else:
        sums[g] = term.double()
