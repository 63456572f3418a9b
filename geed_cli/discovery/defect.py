"""Whether found maps compose as the group does: the defect of ρ(gh) = ρ(g)ρ(h) over the Cayley table.

For a pair, ‖ρ(gh) − ρ(g)ρ(h)‖² / (2 ‖ρ(gh)‖ ‖ρ(g)ρ(h)‖). For permutation matrices that is the fraction of channels
on which the two disagree; it is 0 for a representation, and 1 on average for unrelated maps of one size, since their
inner product is 0 on average.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.discovery.channel_map import Fitted, Permutation

MOST_PAIRS = 1024
"""Pairs (g, h) that are composed; for groups of more, that many spread evenly over the table."""


def defect(fitted: Fitted, table: NDArray[np.int64]) -> float | None:
    """The mean over pairs g, h ≠ e; in [0, 1] for permutations, ≥ 0 for linear maps.

    ρ(e) is the identity by definition, so pairs with e say nothing. Permutations are compared on live channels;
    linear maps on the data they were fitted to, ‖ρ‖² = tr(ρ Σ ρᵀ) with Σ the second moments of the normalised
    channels, since no data says what they do elsewhere.

    ``table[g, h]`` is the number of gh. None where there is nothing to compose: G = {e}, or no live channel.
    """
    defects = [d for g, h in _pairs(len(table)) if (d := _pair(fitted, g, h, int(table[g, h]))) is not None]
    return sum(defects) / len(defects) if defects else None


def _pairs(order: int) -> list[tuple[int, int]]:
    """Pairs without e, at most ``MOST_PAIRS``."""
    every = (order - 1) ** 2
    chosen = np.linspace(0, every - 1, min(every, MOST_PAIRS)).astype(np.int64).tolist() if every else []
    return [(1 + i // (order - 1), 1 + i % (order - 1)) for i in chosen]


def _pair(fitted: Fitted, g: int, h: int, product: int) -> float | None:
    first, second, whole = fitted.maps[h], fitted.maps[g], fitted.maps[product]
    if isinstance(first, Permutation) and isinstance(second, Permutation) and isinstance(whole, Permutation):
        return _disagreement(whole, second, first, fitted.live)
    root = fitted.root
    if root is None:
        return None
    return _distance(whole.normalised(root), second.normalised(first.normalised(root)))


def _disagreement(whole: Permutation, second: Permutation, first: Permutation, live: Tensor) -> float | None:
    """Part of the live channels on which ρ(gh) and ρ(g)ρ(h) take different sources.

    (ρ(g)ρ(h)y)_i = (ρ(h)y)_{s(i)} = y_{t(s(i))}, with s the sources of ρ(g) and t those of ρ(h).
    """
    differ = (whole.source != first.source[second.source])[live]
    return float(differ.double().mean()) if len(differ) else None


def _distance(whole: Tensor, composed: Tensor) -> float | None:
    """‖a − b‖² / (2‖a‖‖b‖); 1 where only one of them is zero, as for unrelated maps, and None where both are."""
    sizes = torch.linalg.vector_norm(whole), torch.linalg.vector_norm(composed)
    if not bool(sizes[0] > 0) or not bool(sizes[1] > 0):
        return None if bool(sizes[0] == sizes[1]) else 1.0
    return float((whole - composed).square().sum() / (2 * sizes[0] * sizes[1]))
