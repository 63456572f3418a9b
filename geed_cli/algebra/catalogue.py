"""The groups that have a name: flip, vflip, flips, c<n> and d<n>.

The names are the paper's: c<n> is the rotations by 360/n degrees (order n), d<n> adds the mirrors (order 2n, so the
paper's D8 has 16 elements). ``flip`` is the mirror across the vertical axis.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from geed_cli.algebra.group import FiniteGroup
from geed_cli.algebra.transform import IDENTITY, MIRROR, VERTICAL_MIRROR, Planar
from geed_cli.errors import InputError, nearest

MAX_N = 64
"""Largest n of c<n> and d<n>: beyond it neighbouring rotations differ by less than a pixel at 64 pixels."""


@dataclass(frozen=True)
class Family:
    """One line of ``geed ls groups``.

    Attributes:
        pattern: how the name is written, ``c<n>`` for a family.
        example: a name of the family.
        description: what its elements do.
    """

    pattern: str
    example: str
    description: str


FAMILIES = (
    Family("flip", "flip", "mirror left-right (across the vertical axis)"),
    Family("vflip", "vflip", "mirror up-down (across the horizontal axis)"),
    Family("flips", "flips", "both mirrors and the half turn"),
    Family("c<n>", "c4", f"rotations by 360/n degrees, n from 1 to {MAX_N}"),
    Family("d<n>", "d4", f"rotations by 360/n degrees and mirrors, n from 1 to {MAX_N}"),
)


def rotations(n: int) -> tuple[Planar, ...]:
    """The n rotations by multiples of 360/n degrees, counter-clockwise."""
    return tuple(Planar(Fraction(k, n)) for k in range(n))


def group_named(name: str) -> FiniteGroup:
    """The group of that name; upper case is accepted (``C4``).

    Raises:
        InputError: no such group, or n outside 1..64.
    """
    key = name.strip().lower()
    if key == "flip":
        return FiniteGroup("flip", (IDENTITY, MIRROR))
    if key == "vflip":
        return FiniteGroup("vflip", (IDENTITY, VERTICAL_MIRROR))
    if key == "flips":
        return FiniteGroup("flips", (IDENTITY, MIRROR, VERTICAL_MIRROR, Planar(Fraction(1, 2))))
    family = re.fullmatch(r"([cd])([0-9]{1,4})", key)
    if family is None:
        raise _unknown(name)
    n = int(family[2])
    if not 1 <= n <= MAX_N:
        raise InputError(
            f"group {name!r} has n = {n}", expected=f"n from 1 to {MAX_N}", remedy="geed ls groups"
        )
    turned = rotations(n)
    mirrored = tuple(rotation @ MIRROR for rotation in turned)
    return FiniteGroup(f"{family[1]}{n}", turned if family[1] == "c" else turned + mirrored)


def _unknown(name: str) -> InputError:
    close = nearest(name.lower(), ["flip", "vflip", "flips", "c4", "c8", "d4", "d8"])
    hint = f"; nearest: {', '.join(close)}" if close else ""
    patterns = ", ".join(family.pattern for family in FAMILIES)
    return InputError(
        f"there is no group {name!r}", expected=f"one of {patterns}{hint}", remedy="geed ls groups"
    )
