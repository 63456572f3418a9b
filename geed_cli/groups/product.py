"""Products of groups, ``flip*xshift7``: all products ab with a from the first factor and b from the second.

That set is a group of order |A||B| only where the factors share nothing but e and the products are closed; both are
checked, and a refusal says which group holds all factors.
"""

import math
from collections.abc import Sequence
from itertools import product

from geed_cli.errors import InputError
from geed_cli.groups.generators import MAX_ORDER, closure
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.part_names import name_of
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
