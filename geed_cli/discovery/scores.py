"""Deviations on the scoring half: six numbers for each image and element, kept until the run ends.

All are −(1/C) Σ_i cos over live channels (eq. 5), between f(gx) and one of six candidates; NaN where no channel was
alive or the element was not shown. −1 is a perfect explanation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.measures.maps.compared import channelwise_deviation

CANDIDATES = ("before", "after", "unmoved", "null_before", "null_after", "null_unmoved")


@dataclass(frozen=True, eq=False)
class Scores:
    """Each of shape (images, n), float64, with NaN for what is undefined; column 0, e, is always undefined.

    Attributes:
        before: f(gx) against g·f(x).
        after: against ρ_g(g·f(x)).
        unmoved: against f(x), the trivial action.
        null_before: against g·f(x') of the image before.
        null_after: against ρ'_g(g·f(x')), ρ' fitted to such pairs.
        null_unmoved: against f(x').
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    unmoved: NDArray[np.float64]
    null_before: NDArray[np.float64]
    null_after: NDArray[np.float64]
    null_unmoved: NDArray[np.float64]

    def elements(self, name: str) -> tuple[float | None, ...]:
        """The mean over images for each element; None where no image has a value."""
        defined = [column[~np.isnan(column)] for column in getattr(self, name).T]
        return tuple(float(values.mean()) if len(values) else None for values in defined)

    def images(self, *names: str) -> tuple[NDArray[np.float64], ...]:
        """The means over elements for each image, one array a name, over cells where all the names have a value.

        Images without such a cell are left out, so the arrays are paired.
        """
        values = np.stack([getattr(self, name) for name in names])
        usable = ~np.isnan(values).any(axis=0)
        kept = usable.any(axis=1)
        sums = np.where(usable, values, 0.0).sum(axis=2)[:, kept]
        return tuple(sums / usable.sum(axis=1)[kept])


class ScoreBook:
    """Collects the six deviations of each (image, g) of a group of that order as they come."""

    def __init__(self, order: int) -> None:
        self._order = order
        self._cells: dict[tuple[int, int], list[float]] = {}

    def add(self, image: int, g: int, moved: Tensor, candidates: Mapping[str, Tensor]) -> None:
        """Compare f(gx), shape (C, H, W), with its candidates; those not given stay undefined."""
        outcome = channelwise_deviation(
            moved.expand(len(candidates), *moved.shape), torch.stack(list(candidates.values()))
        )
        values = dict(zip(candidates, outcome.value.tolist(), strict=True))
        self._cells[image, g] = [values.get(name, float("nan")) for name in CANDIDATES]

    def scores(self) -> Scores:
        """What was collected, images in the order in which they came."""
        images: Sequence[int] = sorted({image for image, _ in self._cells})
        values = np.full((len(CANDIDATES), len(images), self._order), np.nan)
        for (image, g), cell in self._cells.items():
            values[:, images.index(image), g] = cell
        return Scores(*values)
