"""The Cayley table of a set of transforms, from few products.

Exact products are slow, and a group of 1024 has a million of them. A row of the table is the permutation
h → gh, and permutations of products are products of permutations, so only the rows of some generators are worked out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geed_cli.groups.transform import Transform


def cayley_table(transforms: Sequence[Transform]) -> NDArray[np.int64]:
    """``table[g, h]`` = number of gh, shape (n, n).

    The set is closed if it is closed under the rows worked out here, since every element is a product of those.
    Each new generator at least doubles what the earlier ones reach, so there are at most log₂ n of them.

    Args:
        transforms: all different, identity first.

    Raises:
        KeyError: a product that is not in the set; the argument is its name.
    """
    number = {transform: i for i, transform in enumerate(transforms)}
    n = len(transforms)
    table = np.zeros((n, n), dtype=np.int64)
    table[0] = np.arange(n)
    known = {0}
    generators: list[int] = []
    for g, transform in enumerate(transforms):
        if g not in known:
            table[g] = [_number(number, transform @ h) for h in transforms]
            generators.append(g)
            _reach(table, known, generators)
    return table


def _number(number: dict[Transform, int], product: Transform) -> int:
    if product not in number:
        raise KeyError(product.name)
    return number[product]


def _reach(table: NDArray[np.int64], known: set[int], generators: Sequence[int]) -> None:
    """Fill the rows of everything that the generators reach: the row of gh is the row of g after that of h."""
    known.add(generators[-1])
    fresh = sorted(known)
    while fresh:
        reached = []
        for h in fresh:
            for g in generators:
                product = int(table[g, h])
                if product not in known:
                    table[product] = table[g][table[h]]
                    known.add(product)
                    reached.append(product)
        fresh = reached
