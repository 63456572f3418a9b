"""Products of groups, ``flip*xshift7``: all products ab with a from the first factor and b from the second.

That set is a group of order |A||B| only where the factors share nothing but e and the products are closed; both are
checked, and a refusal says which group holds all factors, by its name in the catalogue where it has one: a name is
looked for as a product of one planar, one shift and one colour part; a mixed group has none.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from itertools import product

from geed_cli.errors import InputError
from geed_cli.groups.families import FAMILIES, Elements
from geed_cli.groups.generators import MAX_ORDER, closure
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.transform import IDENTITY, Transform

FROM_GENERATORS = "a YAML file of generators: -g group.yaml"


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
    elements = tuple(dict.fromkeys(map(_multiply, product(*(factor.transforms for factor in factors)))))
    if len(elements) < order:
        raise _no_group(name, factors, f"has {order} products, but only {len(elements)} different ones")
    group = FiniteGroup(name, elements)
    try:
        group.table  # noqa: B018 - the table is made on access, which checks closure
    except ValueError:
        raise _no_group(name, factors, "is not closed: its products have products outside it") from None
    return group


def _multiply(transforms: Sequence[Transform]) -> Transform:
    result = IDENTITY
    for transform in transforms:
        result @= transform
    return result


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
    known = name_of(held)
    return InputError(
        f"the product {name!r} {why}",
        expected=f"{expected}{len(held)} elements",
        remedy=f"-g '{known}', which has exactly these" if known else FROM_GENERATORS,
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
        _search(planar, ["flip", "vflip", "flips", _numbered("c", planar), _numbered("d", planar, 2)]),
        _search(shift, _shift_names(shift)),
        _search(colour, ["rgb", "rgb*invert", "invert", f"hue{len(colour)}", f"hue{half}*invert"]),
    ]
    return None if None in names else "*".join(name for name in names if name) or "c1"


def _numbered(stem: str, part: Collection[Transform], each: int = 1) -> str:
    return f"{stem}{len(part) // each}"


def _shift_names(part: Iterable[Transform]) -> list[str]:
    """The shifts whose finest steps are those of the part."""
    down, right = (_steps(values) for values in ({g.shift.down for g in part}, {g.shift.right for g in part}))
    both = [f"yshift{down}", f"xshift{right}"]
    return [f"shift{right}", *both, "*".join(both)]


def _steps(values: Iterable[Fraction]) -> int:
    return math.lcm(*(value.denominator for value in values))


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
