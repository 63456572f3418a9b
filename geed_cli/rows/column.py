"""Columns: one quantity of some images of a tile, a row of numbers for each.

A key names the quantity and everything that tells it from others: ``("deviation", metric, group, layer)``,
``("embedding", view)``. A row is what the columns of its image hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Key = tuple[str | None, ...]
Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of some images.

    Attributes:
        values: shape (images that have it, width), float64, or float32 where that holds them exactly.
        places: which images of the tile these are, ascending; None where all of them are.
    """

    values: Numbers
    places: tuple[int, ...] | None = None

    def at(self, place: int) -> Numbers | None:
        """The numbers of one image, shape (width,); None where it has none."""
        if self.places is not None and place not in self.places:
            return None
        numbers: Numbers = self.values[place if self.places is None else self.places.index(place)]
        return numbers


Columns = Mapping[Key, Column]


def column_of(values: Mapping[int, Numbers], images: int) -> Column:
    """The numbers of some images by their places as a column, in float32 where that changes none of them.

    Args:
        values: by place, ascending; each of shape (width,).
        images: how many images the tile has.
    """
    exact = np.stack(list(values.values())).astype(np.float64)
    return Column(shortest(exact), None if len(values) == images else tuple(values))


def shortest(exact: NDArray[np.float64]) -> Numbers:
    """The same numbers in float32 where none of them changes, as of a network that ran in it; else as they are."""
    with np.errstate(over="ignore"):  # infinite in float32, and so changed
        short = exact.astype(np.float32)
    return short if np.array_equal(short.astype(np.float64), exact, equal_nan=True) else exact
