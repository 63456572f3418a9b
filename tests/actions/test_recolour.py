"""The action on colours against Python's colorsys, pixel by pixel."""

import colorsys
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.actions.recolour import recolour
from geed_cli.actions.view import View, views_of
from geed_cli.groups.colour import PERMUTATIONS, Colour
from geed_cli.groups.named import group_named

hues = st.integers(0, 359).map(lambda k: Fraction(k, 360))
levels = st.integers(0, 255).map(lambda k: k / 255)
pixels_of_all_kinds = st.one_of(st.tuples(levels, levels, levels), levels.map(lambda v: (v, v, v)))


def of(pixel: tuple[float, ...], dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(pixel, dtype=dtype).reshape(3, 1, 1)


@given(pixels_of_all_kinds, hues, st.booleans(), st.booleans())
def test_hue_turns_as_in_colorsys(pixel: tuple[float, ...], hue: Fraction, swap: bool, invert: bool) -> None:
    """Green and blue swapped first, then the hue turned in HSV, then inverted.

    1e-12: float64 on both sides; 1e-5 in float32, where a hue is a quotient of nearly equal numbers.
    """
    red, green, blue = pixel
    h, s, v = colorsys.rgb_to_hsv(*((red, blue, green) if swap else pixel))
    expected = np.array(colorsys.hsv_to_rgb((h + float(hue)) % 1, s, v))
    expected = 1 - expected if invert else expected
    colour = Colour(hue, swap, invert)
    assert recolour(of(pixel), colour).flatten().numpy() == pytest.approx(expected, abs=1e-12)
    single = recolour(of(pixel, torch.float32), colour)
    assert single.dtype == torch.float32
    assert single.flatten().numpy() == pytest.approx(expected, abs=1e-5)
    assert 0 <= single.min() <= single.max() <= 1


@given(pixels_of_all_kinds, st.tuples(hues, hues), st.tuples(*[st.booleans()] * 4))
def test_left_action(
    pixel: tuple[float, ...], turns: tuple[Fraction, Fraction], signs: tuple[bool, ...]
) -> None:
    """(gh)·x = g·(h·x) for any two colour elements; 1e-12: float64."""
    g, h = Colour(turns[0], signs[0], signs[1]), Colour(turns[1], signs[2], signs[3])
    twice = recolour(recolour(of(pixel), h), g)
    assert recolour(of(pixel), g @ h).numpy() == pytest.approx(twice.numpy(), abs=1e-12)


def test_hue_of_120_degrees_sends_red_to_green_to_blue_bit_for_bit() -> None:
    """A permutation of channels, so nothing rounds."""
    x = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(1))
    turned = recolour(x, Colour(Fraction(1, 3)))
    assert torch.equal(turned, torch.stack([x[2], x[0], x[1]]))


@pytest.mark.parametrize("letters", ["rgb", "brg", "gbr", "rbg", "grb", "bgr"])
def test_letters_say_where_each_channel_comes_from(letters: str) -> None:
    """``gbr``: red is taken from green, green from blue, blue from red."""
    x = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(2))
    expected = torch.stack([x["rgb".index(letter)] for letter in letters])
    assert torch.equal(recolour(x, PERMUTATIONS[letters]), expected)


@pytest.mark.parametrize("degrees", [1, 45, 60, 90, 180, 359])
def test_grey_and_the_range_of_each_pixel_stay(degrees: int) -> None:
    """Grey is fixed bit for bit; the largest value of a pixel stays, and the smallest does."""
    grey = torch.linspace(0, 1, 16).expand(3, 1, 16)
    colour = Colour(Fraction(degrees, 360))
    assert torch.equal(recolour(grey, colour), grey)
    x = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(3))
    turned = recolour(x, colour)
    assert torch.allclose(turned.amin(0), x.amin(0), atol=1e-7)  # an ulp of 1
    assert torch.allclose(turned.amax(0), x.amax(0), atol=1e-7)


def test_colours_act_on_every_pixel_of_a_batch_alike() -> None:
    """The channel axis is the third from the end."""
    x = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(4))
    for colour in (Colour(Fraction(1, 5), True), Colour(Fraction(1, 3)), Colour(invert=True)):
        assert torch.equal(recolour(x, colour)[1], recolour(x[1], colour))


def test_maps_have_no_colours() -> None:
    """``act`` leaves maps of any number of channels alone, ``show`` does not leave the picture."""
    maps = torch.rand(5, 4, 4, generator=torch.Generator().manual_seed(5))
    for view in views_of(group_named("invert*hue4"), "disc", "bilinear")[1:]:
        assert torch.equal(view.act(maps), maps)
        assert view.boundary is None
        assert not torch.equal(view.show(maps[:3], 4), maps[:3])


def test_the_disc_is_filled_after_inverting() -> None:
    """Outside the disc every member of the orbit shows the same, its negatives too."""
    views = views_of(group_named("c8*invert"), "disc", "bilinear")
    assert {view.boundary for view in views} == {"disc"}
    black = torch.zeros(3, 8, 8)
    for view in views:
        assert view.show(black, 8)[:, 0, 0].tolist() == [0, 0, 0]
    assert View(group_named("invert").transforms[1]).show(black, 8).min() == 1
