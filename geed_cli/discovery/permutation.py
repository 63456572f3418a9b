"""Channel permutations: the assignment that makes the mean cosine between f(gx) and π·(g·f(x)) largest.

The similarity of channel i of f(gx) and channel j of g·f(x) is the sum over images of the cosine of their maps, so
the assignment minimises on the fitted images the very deviation that is scored (eq. 5).
"""

import torch
from torch import Tensor

from geed_cli.discovery.channel_map import Fitted, Permutation, all_elements, increase
from geed_cli.measures.channelwise import ZERO

TIE_MARGIN = 1e-6
"""Part of a cosine by which staying in place is favoured: above the rounding of float32 maps, below any difference
that means something. Dead channels and exact copies then stay where they are."""


class PermutationFitter:
    """Sums of C×C cosines, one for each element and one for its null."""

    def __init__(self, channels: int, order: int) -> None:
        self._channels, self._order = channels, order
        self._pairs: dict[int, int] = {}
        self._similarity: dict[int, Tensor] = {}
        self._null: dict[int, Tensor] = {}
        self._live = torch.zeros(channels, dtype=torch.bool)

    def add(self, g: int, moved: Tensor, expected: Tensor, other: Tensor | None) -> None:
        """Add the cosines of all pairs of channels of f(gx), g·f(x) and, for the null, g·f(x'), each (C, P)."""
        x, y = unit_rows(moved), unit_rows(expected)
        self._live |= (x.any(dim=1) | y.any(dim=1)).cpu()
        self._pairs[g] = self._pairs.get(g, 0) + 1
        increase(self._similarity, g, x @ y.T)
        if other is not None:
            increase(self._null, g, x @ unit_rows(other).T)

    def solve(self) -> Fitted:
        """The best permutation of each element."""
        maps = {g: self._assign(self._similarity.pop(g), g) for g in list(self._similarity)}
        null = {g: self._assign(self._null.pop(g), g) for g in list(self._null)}
        return Fitted(
            variant="permutation",
            maps=all_elements(self._order, self._channels, maps),
            null=all_elements(self._order, self._channels, null),
            live=self._live,
            root=None,
            notes=(),
        )

    def _assign(self, similarity: Tensor, g: int) -> Permutation:
        """The permutation with the largest summed similarity, channels staying in place where that costs nothing."""
        scores = similarity.cpu()
        scores.diagonal().add_(TIE_MARGIN * self._pairs[g])
        # here, since it takes a third of a second of every start, and few runs discover anything
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

        _, source = linear_sum_assignment(scores.numpy(), maximize=True)
        return Permutation(torch.from_numpy(source).long())


def unit_rows(maps: Tensor) -> Tensor:
    """Rows of a (C, P) matrix scaled to length 1; 0 where a row is below ``ZERO`` of the largest.

    Divided by the largest entry first, so that no square overflows or vanishes.
    """
    largest = maps.abs().amax()
    if not bool(largest > 0):
        return torch.zeros_like(maps)
    scaled = maps / largest
    norms = torch.linalg.vector_norm(scaled, dim=1, keepdim=True)
    return torch.where(norms > ZERO * norms.amax(), scaled / norms.clamp(min=1e-30), 0.0)
