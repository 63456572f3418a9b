"""Finite groups, given by their Cayley table.

An element is its row number 0..|G|-1 and the identity is 0. ``table[g, h]`` is gh, "first h, then g", so every
action in this package is a left action: (gh)·x = g·(h·x).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geed_cli.algebra.transform import Planar


@dataclass(frozen=True)
class FiniteGroup:
    """A finite group of transforms with named elements.

    Attributes:
        name: the catalogue's name, such as ``c4``.
        transforms: the elements, identity first, all different, closed under the product.
    """

    name: str
    transforms: tuple[Planar, ...]

    def __post_init__(self) -> None:
        if not self.transforms or not self.transforms[0].is_identity:
            raise ValueError(f"group {self.name}: element 0 must be the identity")
        if len(set(self.transforms)) != len(self.transforms):
            raise ValueError(f"group {self.name}: elements must differ")

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """Cayley table, shape (n, n): ``table[g, h]`` is the number of gh.

        Raises:
            ValueError: the transforms are not closed under the product.
        """
        number = {transform: i for i, transform in enumerate(self.transforms)}
        try:
            rows = [[number[g @ h] for h in self.transforms] for g in self.transforms]
        except KeyError as missing:
            raise ValueError(f"group {self.name} is not closed: {missing} is missing") from None
        return np.array(rows, dtype=np.int64)

    @property
    def order(self) -> int:
        """N = |G|."""
        return len(self.transforms)

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements' names, in the order of the table."""
        return tuple(transform.name for transform in self.transforms)

    @property
    def exact(self) -> bool:
        """Whether every element permutes pixels, so that nothing is resampled."""
        return all(transform.exact for transform in self.transforms)

    def inverse(self, g: int) -> int:
        """The number of g⁻¹."""
        return int(np.flatnonzero(self.table[g] == 0)[0])
