"""The groups that have a name of their own, before products: fixed ones, and families with a number.

The names are the paper's: c<n> is the rotations by 360/n degrees (order n), d<n> adds the mirrors (order 2n, so the
paper's D8 has 16 elements). ``flip`` is the mirror across the vertical axis.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from geed_cli.groups.colour import PERMUTATIONS, Colour
from geed_cli.groups.planar import Planar, Shift
from geed_cli.groups.transform import IDENTITY, MIRROR, VERTICAL_MIRROR, Transform

MAX_N = 64
"""Largest n of c<n>, d<n>, xshift<n>, yshift<n> and hue<n>: beyond it neighbouring rotations or shifts differ by less
than a pixel at 64 pixels."""
MAX_N_SHIFT = 32
"""Largest n of shift<n>, which has n² elements: 1024, as many as a group may have."""

Elements = tuple[Transform, ...]


@dataclass(frozen=True)
class Family:
    """One line of ``geed ls groups``: ``make`` gives the elements, identity first, from n.

    ``largest`` is the largest n; where the name takes no number it is None, and n is 1.
    """

    stem: str
    description: str
    make: Callable[[int], Elements]
    largest: int | None = None

    @property
    def pattern(self) -> str:
        """How the name is written: ``flip``, ``c<n>``."""
        return self.stem if self.largest is None else f"{self.stem}<n>"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the family."""
        numbers = [""] if self.largest is None else range(1, self.largest + 1)
        return tuple(f"{self.stem}{n}" for n in numbers)

    @property
    def described(self) -> str:
        """The description with the range of n."""
        return self.description + ("" if self.largest is None else f", n from 1 to {self.largest}")


def rotations(n: int) -> Elements:
    """The n rotations by multiples of 360/n degrees, counter-clockwise."""
    return tuple(Transform(Planar(Fraction(k, n))) for k in range(n))


def dihedral(n: int) -> Elements:
    """The n rotations, then each of them after the left-right mirror."""
    return rotations(n) + tuple(rotation @ MIRROR for rotation in rotations(n))


def flips(_: int) -> Elements:
    """Both mirrors and the half turn: the Klein four-group."""
    return IDENTITY, MIRROR, VERTICAL_MIRROR, MIRROR @ VERTICAL_MIRROR


def shifts_right(n: int) -> Elements:
    """To the right by multiples of 1/n of the width."""
    return tuple(Transform(shift=Shift(right=Fraction(k, n))) for k in range(n))


def shifts_down(n: int) -> Elements:
    """Down by multiples of 1/n of the height."""
    return tuple(Transform(shift=Shift(down=Fraction(k, n))) for k in range(n))


def shifts(n: int) -> Elements:
    """Both ways, n² of them; the shift to the right changes fastest."""
    return tuple(down @ right for down in shifts_down(n) for right in shifts_right(n))


def hues(n: int) -> Elements:
    """Turns of the hue by multiples of 360/n degrees."""
    return tuple(Transform(colour=Colour(Fraction(k, n))) for k in range(n))


def permutations(_: int) -> Elements:
    """The six orders of the colour channels."""
    return tuple(Transform(colour=colour) for colour in PERMUTATIONS.values())


def inversion(_: int) -> Elements:
    """The picture and its negative."""
    return IDENTITY, Transform(colour=Colour(invert=True))


FAMILIES: dict[str, Family] = {
    family.stem: family
    for family in (
        Family("flip", "mirror left-right (across the vertical axis)", lambda _: (IDENTITY, MIRROR)),
        Family("vflip", "mirror up-down (across the horizontal axis)", lambda _: (IDENTITY, VERTICAL_MIRROR)),
        Family("flips", "both mirrors and the half turn", flips),
        Family("c", "rotations by 360/n degrees", rotations, MAX_N),
        Family("d", "rotations by 360/n degrees and mirrors (order 2n)", dihedral, MAX_N),
        Family("xshift", "cyclic shifts right by 1/n of the width", shifts_right, MAX_N),
        Family("yshift", "cyclic shifts down by 1/n of the height", shifts_down, MAX_N),
        Family("shift", "cyclic shifts both ways by 1/n of the frame (order n²)", shifts, MAX_N_SHIFT),
        Family("rgb", "the six orders of the colour channels", permutations),
        Family("hue", "turns of the hue by 360/n degrees", hues, MAX_N),
        Family("invert", "the picture and its negative", inversion),
    )
}
"""By stem, in the order of lists. A new family is a line here."""
USUAL_GROUPS = (
    *("flip", "vflip", "flips", "c2", "c4", "c8", "d1", "d2", "d4", "d8"),
    *("xshift7", "yshift7", "shift7", "rgb", "hue8", "invert", "flip*xshift7"),
)
"""Those that are listed where no name is given."""


def family_of(name: str) -> tuple[Family, int] | None:
    """The family that a name is written like, and its n, which may be out of range; None where there is none."""
    written = re.fullmatch(r"([a-z]+)([0-9]{1,4})?", name)
    for family in FAMILIES.values():
        if written and written[1] == family.stem and (written[2] is None) == (family.largest is None):
            return family, int(written[2] or 1)
    return None
