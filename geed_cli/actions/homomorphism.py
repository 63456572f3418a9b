"""Homomorphisms from a group, given on generators: extended to every element and checked against the Cayley table.

Values are arrays with a product: matrices, or permutations written as "where i goes". A wrong declaration is an
input error that names the first pair of elements whose product does not come out.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geed_cli.errors import InputError, nearest
from geed_cli.groups.group import FiniteGroup

Values = NDArray[Any]
Product = Callable[[Values, Values], Values]

TOLERANCE = 1e-6
"""Largest error of an entry of ρ(g)ρ(h) − ρ(gh): seven decimals of a sine or cosine written by hand."""


def compose(p: Values, q: Values) -> Values:
    """The permutation pq, "first q, then p": i goes to p[q[i]]."""
    return np.asarray(p[q])


def extend(
    group: FiniteGroup, generators: Mapping[str, Values], identity: Values, product: Product, where: str
) -> Values:
    """φ(g) for every element, stacked, from φ(s) by the name of s for elements that generate G.

    That φ(s)φ(h) = φ(sh) for every generator s and every h makes φ a homomorphism: the rest follows by induction on
    words in the generators. ``where`` is what messages call the declaration, such as ``the action of layer1``.

    Raises:
        InputError: an unknown element, elements that do not generate G, or no homomorphism.
    """
    given = {_number(group, name, where): value for name, value in generators.items()}
    images = {0: identity}
    reached = [0]
    for h in reached:
        for s, value in given.items():
            sh = int(group.table[s, h])
            if sh not in images:
                images[sh] = product(value, images[h])
                reached.append(sh)
    if len(images) < group.order:
        raise InputError(
            f"{where} gives {', '.join(generators) or 'nothing'}, whose products are {len(images)} "
            f"of the {group.order} elements of {group.name}",
            expected="elements that generate the whole group",
            remedy="add a generator, or name the group that these generate",
        )
    for s, value in given.items():
        for h in range(group.order):
            error = np.abs(product(value, images[h]) - images[int(group.table[s, h])]).max(initial=0)
            if not error <= TOLERANCE:
                raise _no_homomorphism(group, (s, h), float(error), where)
    return np.stack([images[g] for g in range(group.order)])


def quotient_images(
    group: FiniteGroup, onto: FiniteGroup, generators: Mapping[str, str], where: str
) -> tuple[int, ...]:
    """The number in ``onto`` of every element's image, from the images of generators.

    Raises:
        InputError: as ``extend``; also an unknown element of ``onto``.
    """
    # an element of a group is known by the permutation x → hx of the group, which takes e to h
    rows = {name: onto.table[_number(onto, image, where)] for name, image in generators.items()}
    return tuple(extend(group, rows, onto.table[0], compose, where)[:, 0].tolist())


def _number(group: FiniteGroup, name: str, where: str) -> int:
    """The number of the element of that name."""
    if name not in group.elements:
        close = nearest(name, group.elements)
        shown = close or group.elements[:8]
        raise InputError(
            f"{where} names {name!r}, which is no element of {group.name}",
            expected=f"an element such as {', '.join(shown)}",
            remedy="geed ls groups -v lists the elements",
        )
    return group.elements.index(name)


def _no_homomorphism(group: FiniteGroup, pair: tuple[int, int], error: float, where: str) -> InputError:
    g, h = (group.elements[number] for number in pair)
    gh = group.elements[int(group.table[pair])]
    return InputError(
        f"{where} is no action of {group.name}: {g} after {h} differs from {gh} by up to {error:.2g}",
        expected=f"ρ(gh) = ρ(g)ρ(h) within {TOLERANCE:g} for all elements g, h",
        remedy="correct the declared elements; write matrices with at least eight decimals",
    )
