"""Vectors of many images, read a block at a time: float64 copies of all of them would fill the memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Held = Union[Sequence[NDArray[np.floating[Any]]], "Tensor"]
"""One vector of k numbers for each of m images, or a tensor of shape (m, k), of any floating type."""

BLOCK = 1024
"""Images of a block: its distances to another fill 8 MB, and products of such blocks run at full speed."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """f1(x) or p(x) of m images.

    Attributes:
        held: as they are kept.
    """

    held: Held

    def __len__(self) -> int:
        """How many, m."""
        return len(self.held)

    @cached_property
    def places(self) -> list[slice]:
        """The blocks, in order."""
        return [slice(start, min(start + BLOCK, len(self))) for start in range(0, len(self), BLOCK)]

    def block(self, where: slice) -> "Tensor":
        """Some of the vectors, shape (b, k), float64."""
        import torch  # noqa: PLC0415 - see measure.py

        some = self.held[where]
        return (some if isinstance(some, torch.Tensor) else torch.from_numpy(np.asarray(some))).double()

    def mean(self) -> "Tensor":
        """The mean of all, shape (k,), float64."""
        import torch  # noqa: PLC0415

        shares = [(here.stop - here.start) / len(self) for here in self.places]
        means = [
            self.block(here).mean(dim=0) * share for here, share in zip(self.places, shares, strict=True)
        ]
        return torch.stack(means).sum(dim=0)

    def nearest_to_mean(self) -> "Tensor":
        """The vector that is nearest to the mean of all, the first of several, shape (k,), float64."""
        import torch  # noqa: PLC0415

        mean = self.mean()
        off = torch.cat([(self.block(here) - mean).square().sum(dim=1) for here in self.places])
        nearest = int(off.argmin())
        return self.block(slice(nearest, nearest + 1))[0]
