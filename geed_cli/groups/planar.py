"""Motions of the square picture: a mirror and a turn about its centre, and cyclic shifts.

``Planar(turn, mirror)`` first mirrors left-right if asked, then rotates counter-clockwise as displayed; rows point
down. A ``Shift`` is a part of the frame's height and width, so that it acts on pictures and hidden maps of every size:
what leaves at one edge enters at the opposite one. All are exact, so equal elements of two groups are equal.
"""

from dataclasses import dataclass
from fractions import Fraction

QUARTER = Fraction(1, 4)


@dataclass(frozen=True)
class Planar:
    """r^turn · m^mirror, an element of O(2); ``turn`` is a part of a full turn in [0, 1), m mirrors left-right."""

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


@dataclass(frozen=True)
class Shift:
    """A cyclic translation by parts of the height and the width, each in [0, 1)."""

    down: Fraction = Fraction(0)
    right: Fraction = Fraction(0)

    def __matmul__(self, other: "Shift") -> "Shift":
        """The product, which commutes: the parts are added modulo 1."""
        return Shift((self.down + other.down) % 1, (self.right + other.right) % 1)

    @property
    def inverse(self) -> "Shift":
        """Back by as much."""
        return Shift(-self.down % 1, -self.right % 1)

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves."""
        return self.down == 0 and self.right == 0

    def carried_by(self, planar: Planar) -> "Shift":
        """p·s for an exact p, the shift with p s p⁻¹ = p·s: its direction moves as the picture does.

        A quarter turn counter-clockwise takes "right" to "up": (down, right) → (−right, down).
        """
        down, right = self.down, -self.right if planar.mirror else self.right
        for _ in range(int(planar.turn / QUARTER)):
            down, right = -right, down
        return Shift(down % 1, right % 1)

    def whole_pixels(self, height: int, width: int) -> bool:
        """Whether the shift is a whole number of pixels both ways on maps of that size."""
        return (self.down * height).denominator == 1 and (self.right * width).denominator == 1

    @property
    def name(self) -> str:
        """``e``, ``y2/7`` (down), ``x1/7`` (right), ``y2/7*x1/7``."""
        parts = [f"{axis}{part}" for axis, part in (("y", self.down), ("x", self.right)) if part]
        return "*".join(parts) or "e"


def degrees(turn: Fraction) -> str:
    """Part of a turn in degrees, as names show it: at most two decimals, ``51.43``.

    Two decimals tell the multiples of 1/n of a turn apart up to n = 18 000, far beyond the largest group.
    """
    return f"{float(turn * 360):.2f}".rstrip("0").rstrip(".")
