"""Cyclic shifts of the picture: what leaves at one edge enters at the opposite one.

A shift is a part of the frame's height and width, so that it acts on pictures and hidden maps of every size.
Rows point down, so ``down`` counts as rows do and ``right`` as columns do.
"""

from dataclasses import dataclass
from fractions import Fraction

from geed_cli.groups.planar import QUARTER, Planar


@dataclass(frozen=True)
class Shift:
    """A cyclic translation.

    Attributes:
        down: part of the height in [0, 1).
        right: part of the width in [0, 1).
    """

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
        """p·s for an exact p, the shift with p s p⁻¹ = p·s: its direction is mirrored and turned as the picture is.

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
