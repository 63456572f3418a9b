"""Symmetries of the square picture about its centre: a mirror, then a rotation by a rational part of a turn.

``Planar(turn, mirror)`` first mirrors left-right if asked, then rotates counter-clockwise as displayed (rows point
down). Every group of mirrors and rotations is made of these, so equal elements of two groups are equal.
"""

from dataclasses import dataclass
from fractions import Fraction

QUARTER = Fraction(1, 4)


@dataclass(frozen=True)
class Planar:
    """r^turn · m^mirror, an element of O(2) with a rational angle.

    Attributes:
        turn: part of a full turn in [0, 1), counter-clockwise.
        mirror: whether the picture is mirrored left-right (across the vertical axis) first.
    """

    turn: Fraction = Fraction(0)
    mirror: bool = False

    def __matmul__(self, other: "Planar") -> "Planar":
        """The product gh, "first h, then g": r^a m^s · r^b m^t = r^(a + (−1)^s b) m^(s+t)."""
        turn = self.turn - other.turn if self.mirror else self.turn + other.turn
        return Planar(turn % 1, self.mirror != other.mirror)

    @property
    def inverse(self) -> "Planar":
        """g⁻¹: a mirrored element is its own inverse, a rotation turns back."""
        return self if self.mirror else Planar(-self.turn % 1)

    @property
    def exact(self) -> bool:
        """Whether the element permutes the pixels of a square image: its turn is a multiple of a quarter."""
        return self.turn % QUARTER == 0

    @property
    def is_identity(self) -> bool:
        """Whether this is e."""
        return self.turn == 0 and not self.mirror

    @property
    def swaps_axes(self) -> bool:
        """Whether rows and columns mix, so that the element acts on square maps alone."""
        return self.turn % Fraction(1, 2) != 0

    @property
    def name(self) -> str:
        """``e``, ``r90`` (degrees counter-clockwise), ``m`` (mirror), ``r90m`` (mirror, then rotate)."""
        if self.is_identity:
            return "e"
        return (f"r{degrees(self.turn)}" if self.turn else "") + ("m" if self.mirror else "")


def degrees(turn: Fraction) -> str:
    """Part of a turn in degrees, as names show it: at most two decimals, ``51.43``.

    Two decimals tell the multiples of 1/n of a turn apart up to n = 18 000, far beyond the largest group.
    """
    return f"{float(turn * 360):.2f}".rstrip("0").rstrip(".")
