"""The catalogue's name for a set of transforms, so that a refusal can say what to write instead.

Looks for one planar, one shift and one colour part whose product the set is; a mixed group has no such name.
"""

import math
from collections.abc import Collection, Iterable
from fractions import Fraction

from geed_cli.groups.families import FAMILIES, Elements
from geed_cli.groups.transform import Transform

_MAKE = {family.stem: family for family in FAMILIES}


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
        family, n = _MAKE[stem], int(factor[len(stem) :] or 1)
        if not 1 <= n <= (family.largest or 1):
            return ()
        total = tuple(a @ b for a in total for b in family.make(n))
    return total
