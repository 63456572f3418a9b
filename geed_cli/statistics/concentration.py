"""How few images carry a mean: where that is few, the interval is wide on one side and the mean says little of most.

For values that are never negative; the answer does not depend on their unit.
"""

import math

import numpy as np

from geed_cli.statistics.scale import Array

FEW = 0.05
"""A twentieth of the images: with light-tailed values about a third of them carry half of the mean."""


def carriers(values: Array) -> int:
    """The fewest images whose values add up to half of the sum; 0 where the sum is 0.

    Args:
        values: v_i ≥ 0, shape (n,); values that are not finite do not count.
    """
    finite = np.sort(values[np.isfinite(values)])[::-1]
    total = float(finite.sum())
    if total <= 0:
        return 0
    return int(np.searchsorted(np.cumsum(finite), total / 2)) + 1


def concentration_note(values: Array) -> tuple[str, ...]:
    """A note where at most a twentieth of the images carry half of the mean; nothing otherwise."""
    count, few = len(values), carriers(values)
    if 0 < few <= math.floor(FEW * count):
        return (f"{few} of {count} images carry half of the mean",)
    return ()
