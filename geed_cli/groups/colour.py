"""Symmetries of the colour cube [0, 1]³: permutations of channels, turns of the hue, and inversion.

The hue turns about the hexagon of HSV: brightest and darkest channel of a pixel stay, so the cube maps onto itself
and turns compose. Red → green → blue is its turn by 120°, and swapping green and blue sends the hue h to −h.
"""

from dataclasses import dataclass
from fractions import Fraction

from geed_cli.groups.planar import degrees

THIRD = Fraction(1, 3)
LETTERS = "rgb"


@dataclass(frozen=True)
class Colour:
    """h^hue · w^swap · i^invert, where w swaps green and blue, h turns the hue, and i, x → 1 − x, commutes with both.

    Attributes:
        hue: part of a full turn in [0, 1), red towards green.
        swap: whether green and blue are swapped first.
        invert: whether the picture becomes its negative.
    """

    hue: Fraction = Fraction(0)
    swap: bool = False
    invert: bool = False

    def __matmul__(self, other: "Colour") -> "Colour":
        """The product gh, "first h, then g"; a swap reverses the hue as a mirror reverses a turn."""
        hue = self.hue - other.hue if self.swap else self.hue + other.hue
        return Colour(hue % 1, self.swap != other.swap, self.invert != other.invert)

    @property
    def inverse(self) -> "Colour":
        """g⁻¹: with a swap the element is its own inverse."""
        return self if self.swap else Colour(-self.hue % 1, False, self.invert)

    @property
    def is_identity(self) -> bool:
        """Whether no colour moves."""
        return self == Colour()

    def channels(self) -> tuple[tuple[int, int, int], Fraction]:
        """The element, but for its inversion, as a permutation of channels and the rest of the hue.

        The old channel that each new one takes, and what is left to turn, in (−1/6, 1/6] of a turn.
        """
        thirds = int(-((THIRD / 2 - self.hue) // THIRD))
        sign = -1 if self.swap else 1
        first, second, third = (sign * (k - thirds) % 3 for k in range(3))
        return (first, second, third), self.hue - thirds * THIRD

    @property
    def name(self) -> str:
        """``e``; ``gbr`` (where red, green and blue are taken from); ``hue45``; ``hue45*rbg``; ``rbg*invert``."""
        order, rest = self.channels()
        letters = "".join(LETTERS[k] for k in order)
        parts = [] if letters == LETTERS else [letters]
        if rest:
            parts = [f"hue{degrees(self.hue)}"] + (["rbg"] if self.swap else [])
        return "*".join(parts + (["invert"] if self.invert else [])) or "e"


PERMUTATIONS = {
    "".join(LETTERS[k] for k in colour.channels()[0]): colour
    for colour in (Colour(k * THIRD, swap) for swap in (False, True) for k in range(3))
}
"""The six orders of the channels by their letters: ``gbr`` takes red from green, green from blue, blue from red."""
