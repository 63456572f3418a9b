"""Products of groups, ``flip*xshift7``: all products ab with a from the first factor and b from the second.

That set is a group of order |A||B| only where the factors share nothing but e and the products are closed; both are
checked, and a refusal names the smallest group that holds all factors, where it is a product of one planar, one shift
and one colour part.
"""

import math
import operator
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from itertools import product

from geed_cli.errors import InputError
from geed_cli.groups.families import FAMILIES, Elements
from geed_cli.groups.group import MAX_ORDER, FiniteGroup, closure
from geed_cli.groups.transform import IDENTITY, Transform


def product_group(factors: Sequence[FiniteGroup]) -> FiniteGroup:
    """The group of all products of one element from each factor; the last factor changes fastest.

    Raises:
        InputError: the products repeat, are not closed, or are more than 1024.
    """
    name = "*".join(factor.name for factor in factors)
    order = math.prod(factor.order for factor in factors)
    if order > MAX_ORDER:
        raise _no_group(
            name, factors, f"has {order} products, more than the {MAX_ORDER} elements of a group here"
        )
    chosen = product(*(factor.transforms for factor in factors))
    elements = tuple(dict.fromkeys(reduce(operator.matmul, transforms, IDENTITY) for transforms in chosen))
    if len(elements) < order:
        raise _no_group(name, factors, f"has {order} products, but only {len(elements)} different ones")
    group = FiniteGroup(name, elements)
    try:
        group.table  # noqa: B018 - the table is made on access, which checks closure
    except ValueError:
        raise _no_group(name, factors, "is not closed: its products have products outside it") from None
    return group


def _no_group(name: str, factors: Sequence[FiniteGroup], why: str) -> InputError:
    """The refusal, with the smallest group that holds all factors."""
    held = closure([transform for factor in factors for transform in factor.transforms])
    expected = "factors that share only e, with closed products; the smallest group that holds them has "
    if held is None:
        return InputError(
            f"the product {name!r} {why}",
            expected=f"{expected}more than {MAX_ORDER} elements",
            remedy="smaller factors; geed ls groups",
        )
    name_of_held = name_of(held)
    return InputError(
        f"the product {name!r} {why}",
        expected=f"{expected}{len(held)} elements",
        remedy=f"-g '{name_of_held}', which has exactly these"
        if name_of_held
        else "a YAML file of generators: -g group.yaml",
    )


def name_of(elements: Collection[Transform]) -> str | None:
    """A name such as ``c4*shift7`` of the group with these elements; None where it has none."""
    planar = {Transform(planar=g.planar) for g in elements}
    shift = {Transform(shift=g.shift) for g in elements}
    colour = {Transform(colour=g.colour) for g in elements}
    if len(planar) * len(shift) * len(colour) != len(elements):
        return None
    half = len(colour) // 2
    names = [
        _search(planar, ["flip", "vflip", "flips", f"c{len(planar)}", f"d{len(planar) // 2}"]),
        _search(shift, _shift_names(shift)),
        _search(colour, ["rgb", "rgb*invert", "invert", f"hue{len(colour)}", f"hue{half}*invert"]),
    ]
    return None if None in names else "*".join(name for name in names if name) or "c1"


def _shift_names(part: Iterable[Transform]) -> list[str]:
    """The shifts whose finest steps are those of the part."""
    down = math.lcm(*(g.shift.down.denominator for g in part))
    right = math.lcm(*(g.shift.right.denominator for g in part))
    both = [f"yshift{down}", f"xshift{right}"]
    return [f"shift{right}", *both, "*".join(both)]


def _search(part: Collection[Transform], names: Iterable[str]) -> str | None:
    """The name whose elements the part is; "" for the trivial part."""
    if len(part) == 1:
        return ""
    return next((name for name in names if set(_elements(name)) == set(part)), None)


def _elements(name: str) -> Elements:
    """The elements of a product of names, () where a number is out of range."""
    total: Elements = (Transform(),)
    for factor in name.split("*"):
        stem = factor.rstrip("0123456789")
        family, n = FAMILIES[stem], int(factor[len(stem) :] or 1)
        if not 1 <= n <= (family.largest or 1):
            return ()
        total = tuple(a @ b for a in total for b in family.make(n))
    return total
