"""Finite groups: their elements, their Cayley table, and what generators generate.

An element is its row number 0..|G|-1 and the identity is 0. ``table[g, h]`` is gh, "first h, then g", so every
action in this package is a left action: (gh)·x = g·(h·x). Exact products are slow, and a group of 1024 has a million of
them: a row of the table is the permutation h → gh, and permutations of products are products of permutations, so that
only the rows of some generators are worked out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geed_cli.errors import InputError
from geed_cli.groups.transform import IDENTITY, Transform

MAX_ORDER = 1024
"""Largest order of a group: each image is shown to the network once for each element."""


@dataclass(frozen=True)
class FiniteGroup:
    """A finite group of transforms: all different, the identity first.

    Closure is checked by ``table``. Associativity and inverses need no check: products of transforms are compositions
    of maps, and a finite set of invertible maps that is closed under composition holds their inverses.
    """

    name: str
    transforms: tuple[Transform, ...]

    @classmethod
    def from_generators(cls, generators: Sequence[Mapping[str, object]], *, name: str) -> "FiniteGroup":
        """The group that generators give, as a YAML file of generators writes them (docs/groups.md).

        Args:
            generators: mappings such as ``{"turn": 90}``, ``{"turn": "1/8", "mirror": True}`` or
                ``{"shift": ["1/7", 0]}``; a number is degrees, text or a ``Fraction`` a part of a turn or of the frame.
            name: what results call it; none of the catalogue's names.

        Returns:
            Its elements in breadth-first order from the generators, the identity first.

        Raises:
            InputError: a generator or name that does not fit; a turn that is no multiple of 90 degrees meets a shift;
                or more than 1024 elements.
        """
        from geed_cli.groups.generators import transforms_of  # noqa: PLC0415 - pydantic only where it is used

        return cls.closed(name, transforms_of(name, generators), "the generators")

    @classmethod
    def closed(cls, name: str, generators: Sequence[Transform], where: str) -> "FiniteGroup":
        """The smallest group that holds the generators, which a refusal calls ``where``.

        Raises:
            InputError: a turn that is no multiple of 90 degrees meets a shift, or more than 1024 elements.
        """
        elements = closure(generators)
        if elements is None:
            raise InputError(
                f"{where} give more than {MAX_ORDER} elements",
                expected=f"a group of order {MAX_ORDER} at most",
                remedy="coarser turns, shifts or hues, or fewer generators",
            )
        return cls(name, elements)

    def __post_init__(self) -> None:
        if not self.transforms or not self.transforms[0].is_identity:
            raise ValueError(f"group {self.name}: element 0 must be the identity")
        if len(set(self.transforms)) != len(self.transforms):
            raise ValueError(f"group {self.name}: elements must differ")

    def __repr__(self) -> str:
        """``Group('c4', order 4)``: all of its elements, in exact fractions, would fill a screen."""
        return f"Group({self.name!r}, order {self.order})"

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """Cayley table, shape (n, n): ``table[g, h]`` is the number of gh.

        Raises:
            ValueError: the transforms are not closed under the product.
        """
        try:
            return cayley_table(self.transforms)
        except KeyError as missing:
            raise ValueError(f"group {self.name} is not closed: {missing.args[0].name} is missing") from None

    @property
    def order(self) -> int:
        """N = |G|."""
        return len(self.transforms)

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The elements' names, in the order of the table."""
        return tuple(transform.name for transform in self.transforms)

    @property
    def exact(self) -> bool:
        """Whether no element turns by other than quarters, so that only shifts may be resampled."""
        return all(transform.exact for transform in self.transforms)

    def exact_at(self, size: int) -> bool:
        """Whether nothing is resampled on square pictures of that side: shifts are whole pixels there too."""
        return all(transform.exact_at(size) for transform in self.transforms)

    @property
    def steps(self) -> int:
        """The number that must divide a map's side for every shift to be whole pixels; 1 without shifts."""
        shifts = (transform.shift for transform in self.transforms)
        return math.lcm(*(part.denominator for shift in shifts for part in (shift.down, shift.right)))

    @property
    def exactness(self) -> str:
        """Whether anything is resampled: by turns at every size, by shifts at sides that they do not divide."""
        if not self.exact:
            return "resampled"
        return "yes" if self.steps == 1 else f"if {self.steps} divides the side"

    @property
    def commutative(self) -> bool:
        """Whether gh = hg throughout."""
        return bool((self.table == self.table.T).all())

    @cached_property
    def element_orders(self) -> tuple[int, ...]:
        """The least k ≥ 1 with g^k = e, for each element."""
        everyone = np.arange(self.order)
        orders, powers = np.ones(self.order, dtype=np.int64), everyone
        while powers.any():
            orders += powers != 0
            # once g^k is e it stays there, so that later powers are not counted
            powers = np.where(powers != 0, self.table[everyone, powers], 0)
        return tuple(orders.tolist())

    def inverse(self, g: int) -> int:
        """The number of g⁻¹."""
        return int(np.flatnonzero(self.table[g] == 0)[0])


Group = FiniteGroup
"""Its name in Python's face, where there are no other groups."""


def cayley_table(transforms: Sequence[Transform]) -> NDArray[np.int64]:
    """``table[g, h]`` = number of gh, shape (n, n).

    The set is closed if it is closed under the rows worked out here, since every element is a product of those.
    Each new generator at least doubles what the earlier ones reach, so there are at most log₂ n of them.

    Raises:
        KeyError: a product that is not in the set.
    """
    number = {transform: i for i, transform in enumerate(transforms)}
    n = len(transforms)
    table = np.zeros((n, n), dtype=np.int64)
    table[0] = np.arange(n)
    filled = {0}
    generators: list[int] = []
    for g, transform in enumerate(transforms):
        if g not in filled:
            table[g] = [number[transform @ h] for h in transforms]
            generators.append(g)
            _reach(table, filled, generators)
    return table


def _reach(table: NDArray[np.int64], filled: set[int], generators: Sequence[int]) -> None:
    """Fill the rows of everything that the generators reach: the row of gh is the row of g after that of h."""
    filled.add(generators[-1])
    fresh = sorted(filled)
    while fresh:
        reached = []
        for h in fresh:
            for g in generators:
                product = int(table[g, h])
                if product not in filled:
                    table[product] = table[g][table[h]]
                    filled.add(product)
                    reached.append(product)
        fresh = reached


def closure(generators: Sequence[Transform], limit: int = MAX_ORDER) -> tuple[Transform, ...] | None:
    """The smallest group that holds the generators; None where it has more than ``limit`` elements.

    All parts of a transform are rational, so every element has finite order, and closing under products alone gives
    the inverses. The identity comes first, then what the first generator reaches, breadth first, then the first two,
    and so on.

    Raises:
        InputError: a turn that is no multiple of 90 degrees meets a cyclic shift.
    """
    elements = {IDENTITY: None}
    used: list[Transform] = []
    for generator in generators:
        if generator not in elements:
            used.append(generator)
            if not _grow(elements, used, limit):
                return None
    return tuple(elements)


def _grow(elements: dict[Transform, None], generators: Sequence[Transform], limit: int) -> bool:
    """Add all that the generators reach; whether that is at most ``limit`` elements."""
    fresh = list(elements)
    while fresh and len(elements) <= limit:
        reached = dict.fromkeys(g @ h for h in fresh for g in generators)
        fresh = [transform for transform in reached if transform not in elements]
        elements |= dict.fromkeys(fresh)
    return len(elements) <= limit
