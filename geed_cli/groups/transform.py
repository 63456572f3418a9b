"""Elements of groups: what is done to a picture, in exact arithmetic and without torch.

A ``Transform`` mirrors, turns, then shifts cyclically; its colour part commutes with all of these. Equal elements of
two groups are equal, so a run evaluates them once.
"""

from dataclasses import dataclass
from fractions import Fraction

from geed_cli.errors import InputError
from geed_cli.groups.colour import Colour
from geed_cli.groups.planar import Planar, Shift, degrees

NO_TURN, NO_SHIFT, NO_COLOUR = Planar(), Shift(), Colour()


@dataclass(frozen=True)
class Transform:
    """s · p · k: the planar part p first, then the shift s; the colour part k, of pixels alone, at any time.

    Raises:
        InputError: a shift beside a turn that is no multiple of 90 degrees. Such a turn does not map the torus, on
            which cyclic shifts live, to itself, so the two have no products.
    """

    planar: Planar = NO_TURN
    shift: Shift = NO_SHIFT
    colour: Colour = NO_COLOUR

    def __post_init__(self) -> None:
        _check_meeting(self.planar, self.shift)

    def __matmul__(self, other: "Transform") -> "Transform":
        """The product gh, "first h, then g": s p · t q = (s + p·t) (pq), colours beside."""
        _check_meeting(self.planar, other.shift)
        return Transform(
            self.planar @ other.planar,
            self.shift @ other.shift.carried_by(self.planar),
            self.colour @ other.colour,
        )

    @property
    def inverse(self) -> "Transform":
        """g⁻¹ = (p⁻¹·s⁻¹) p⁻¹, colours beside."""
        back = self.planar.inverse
        return Transform(back, self.shift.inverse.carried_by(back), self.colour.inverse)

    @property
    def is_identity(self) -> bool:
        """Whether this is e."""
        return self.planar.is_identity and self.shift.is_identity and self.colour.is_identity

    @property
    def exact(self) -> bool:
        """Whether no turn resamples square pictures, whatever their size; shifts are judged by ``exact_at``."""
        return self.planar.exact

    def whole_pixels(self, height: int, width: int) -> bool:
        """Whether the shift is a whole number of pixels on maps of that size; else it is interpolated."""
        return self.shift.whole_pixels(height, width)

    def exact_at(self, size: int) -> bool:
        """Whether nothing is resampled on square pictures of that side."""
        return self.exact and self.whole_pixels(size, size)

    @property
    def swaps_axes(self) -> bool:
        """Whether rows and columns mix, so that the element acts on square maps alone."""
        return self.planar.swaps_axes

    @property
    def moves_colour(self) -> bool:
        """Whether the colour part is not the identity, so that no action on hidden maps is known."""
        return not self.colour.is_identity

    @property
    def needs_colour(self) -> bool:
        """Whether it is defined on colours alone: no colour part is carried over to luminance."""
        return self.moves_colour

    @property
    def name(self) -> str:
        """The parts that are not e as a product, ``x6/7*m*invert``: the factor on the right acts first."""
        names = (part.name for part in (self.shift, self.planar, self.colour) if not part.is_identity)
        return "*".join(names) or "e"


def _check_meeting(planar: Planar, shift: Shift) -> None:
    if not planar.exact and not shift.is_identity:
        raise InputError(
            f"a turn by {degrees(planar.turn)} degrees and the cyclic shift {shift.name} have no product",
            expected="cyclic shifts with mirrors and turns by multiples of 90 degrees only",
            remedy="-g 'c4*shift7' or -g 'flip*xshift7'; geed ls groups lists the others",
        )


IDENTITY = Transform()
MIRROR = Transform(Planar(mirror=True))
VERTICAL_MIRROR = Transform(Planar(Fraction(1, 2), mirror=True))
"""Mirror across the horizontal axis (up-down): a half turn after the left-right mirror."""
