"""How ρ(g)y reads y where an element only rearranges it: by strides and a list of channels, without a copy.

Mirrors and quarter turns are walks through the same memory from another corner, in other steps.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Reading:
    """[ρ(g)y]_{c, u} = y_{channels[c], g⁻¹u}.

    Attributes:
        mirror: whether the map is mirrored left to right first.
        quarters: by how many quarters it is then turned counter-clockwise.
        channels: where each channel reads, shape (C,), int64; None where each reads itself.
    """

    mirror: bool = False
    quarters: int = 0
    channels: NDArray[np.int64] | None = None

    def walk(self, height: int, width: int, row: int, column: int) -> tuple[int, int, int]:
        """Where the moved map begins in a map of that size, and its steps to the next row and column.

        Args:
            height: of the map.
            width: of the map.
            row: the map's own step to the next row, in numbers.
            column: to the next column.
        """
        return _walk(self.mirror, self.quarters, height, width, row, column)

    @cached_property
    def inverse(self) -> "Reading":
        """How ρ(g)⁻¹y reads y: a mirror and then turns undo themselves."""
        quarters = self.quarters if self.mirror else -self.quarters % 4
        return Reading(self.mirror, quarters, None if self.channels is None else np.argsort(self.channels))


@lru_cache(maxsize=1024)
def _walk(
    mirror: bool, quarters: int, height: int, width: int, row: int, column: int
) -> tuple[int, int, int]:
    """One mirror, then quarter by quarter: a turned map has at (i, j) what was at (j, width − 1 − i)."""
    start = 0
    if mirror:
        start, column = (width - 1) * column, -column
    for _ in range(quarters):
        start, row, column = start + (width - 1) * column, -column, row
        height, width = width, height
    return start, row, column
