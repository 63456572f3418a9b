"""Products of transforms against what they do to pixels, which is composed by running one after the other."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.actions.view import View
from geed_cli.errors import InputError
from geed_cli.groups.colour import Colour
from geed_cli.groups.planar import Planar, Shift
from geed_cli.groups.transform import IDENTITY, Transform

SIZE = 12
# multiples of 1/256 below 1: inverting them is exact in float32
PIXELS = (
    torch.randperm(3 * SIZE * SIZE, generator=torch.Generator().manual_seed(0)).reshape(3, SIZE, SIZE) / 512
)

parts = st.integers(0, SIZE - 1).map(lambda k: Fraction(k, SIZE))
exact = st.builds(
    Transform,
    st.builds(Planar, st.integers(0, 3).map(lambda k: Fraction(k, 4)), st.booleans()),
    st.builds(Shift, parts, parts),
    st.builds(Colour, st.integers(0, 2).map(lambda k: Fraction(k, 3)), st.booleans(), st.booleans()),
)
turned = st.builds(
    Transform,
    st.builds(Planar, st.integers(0, 359).map(lambda k: Fraction(k, 360)), st.booleans()),
    colour=st.builds(
        Colour, st.integers(0, 359).map(lambda k: Fraction(k, 360)), st.booleans(), st.booleans()
    ),
)


def show(g: Transform, pixels: torch.Tensor = PIXELS) -> torch.Tensor:
    return View(g).show(pixels, SIZE)


@given(exact, exact)
def test_left_action_of_exact_elements_bit_for_bit(g: Transform, h: Transform) -> None:
    """(gh)·x = g·(h·x) on a picture whose pixels all differ, so that ρ is faithful: ρ(g) = ρ(h) only if g = h."""
    assert torch.equal(show(g @ h), show(g, show(h)))
    assert torch.equal(show(g), show(h)) == (g == h)


@given(exact)
def test_inverse_undoes_on_either_side_and_on_pixels(g: Transform) -> None:
    """g⁻¹g = gg⁻¹ = e."""
    assert g @ g.inverse == g.inverse @ g == IDENTITY
    assert torch.equal(show(g.inverse, show(g)), PIXELS)


@given(st.one_of(st.tuples(exact, exact, exact), st.tuples(turned, turned, turned)))
def test_associative_with_inverses(triple: tuple[Transform, Transform, Transform]) -> None:
    """The group axioms of the products themselves, turns of any degree included."""
    g, h, k = triple
    assert (g @ h) @ k == g @ (h @ k)
    assert (g @ h).inverse == h.inverse @ g.inverse
    assert g @ IDENTITY == IDENTITY @ g == g


@given(st.one_of(exact, turned), st.one_of(exact, turned))
def test_names_differ_where_elements_do(g: Transform, h: Transform) -> None:
    """A name is as good as the element."""
    assert (g.name == h.name) == (g == h)


@pytest.mark.parametrize(
    ("g", "name"),
    [
        (IDENTITY, "e"),
        (Transform(Planar(Fraction(1, 4), mirror=True)), "r90m"),
        (Transform(shift=Shift(right=Fraction(1, 7))), "x1/7"),
        (Transform(shift=Shift(Fraction(2, 7), Fraction(1, 7))), "y2/7*x1/7"),
        (Transform(colour=Colour(Fraction(1, 8))), "hue45"),
        (Transform(colour=Colour(Fraction(1, 3))), "brg"),
        (Transform(colour=Colour(swap=True, invert=True)), "rbg*invert"),
        (Transform(Planar(mirror=True), Shift(right=Fraction(6, 7)), Colour(invert=True)), "x6/7*m*invert"),
    ],
)
def test_names(g: Transform, name: str) -> None:
    """Short, and a product of parts where there are several."""
    assert g.name == name


def test_a_turn_that_is_no_quarter_has_no_product_with_a_shift() -> None:
    """Not on either side, and not as one element: the torus has no rotation by 45 degrees."""
    turn, shift = Transform(Planar(Fraction(1, 8))), Transform(shift=Shift(right=Fraction(1, 7)))
    for build in (lambda: turn @ shift, lambda: shift @ turn):
        with pytest.raises(InputError, match="45 degrees and the cyclic shift x1/7 have no product"):
            build()


def test_what_an_element_moves() -> None:
    """Axes and colours, asked for by the planner."""
    assert Transform(Planar(Fraction(1, 4))).swaps_axes
    assert not Transform(Planar(Fraction(1, 2)), Shift(Fraction(1, 7))).swaps_axes
    assert Transform(colour=Colour(invert=True)).moves_colour
    assert not Transform(Planar(Fraction(1, 8))).moves_colour
    shift = Transform(shift=Shift(down=Fraction(1, 4)))
    assert shift.whole_pixels(8, 7)
    assert not shift.whole_pixels(7, 8)
