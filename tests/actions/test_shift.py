"""Cyclic shifts against numpy.roll, and interpolated ones against their formulas on the torus."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from geed_cli.actions.view import View, views_of
from geed_cli.groups.named import group_named
from geed_cli.groups.planar import Shift
from geed_cli.groups.transform import Transform


def shown(down: Fraction, right: Fraction, maps: np.ndarray, filter_: str = "bilinear") -> np.ndarray:
    view = View(Transform(shift=Shift(down, right)), None, filter_)
    return view.act(torch.from_numpy(maps)).numpy()


@pytest.mark.parametrize("name", ["shift4", "xshift6", "yshift12"])
def test_whole_pixels_are_rolls_bit_for_bit(name: str) -> None:
    """Down and right by k·size/n pixels; on pixels and on maps of another size that n divides."""
    n = int(name.lstrip("xyshift"))
    for size in (12, 24):
        x = np.random.default_rng(size).random((3, size, size), dtype=np.float32)
        views = views_of(group_named(name), "disc", "bilinear")
        steps = [k * size // n for k in range(n)]
        none = [0]
        downs, rights = none if name[0] == "x" else steps, none if name[0] == "y" else steps
        expected = [np.roll(x, (down, right), axis=(1, 2)) for down in downs for right in rights]
        for view, rolled in zip(views, expected, strict=True):
            assert np.array_equal(view.act(torch.from_numpy(x)).numpy(), rolled)
            assert np.array_equal(view.show(torch.from_numpy(x), size).numpy(), rolled)


def test_maps_that_are_not_square() -> None:
    """Parts of the height and of the width: a quarter of each."""
    x = np.arange(4.0 * 8).reshape(4, 8)
    assert np.array_equal(shown(Fraction(1, 4), Fraction(1, 4), x), np.roll(x, (1, 2), axis=(0, 1)))


def test_bilinear_mixes_the_two_neighbouring_rolls() -> None:
    """A seventh of 10 columns is 1 3/7 columns; 1e-15: a sum of two products."""
    x = np.random.default_rng(0).random((2, 5, 10))
    expected = 4 / 7 * np.roll(x, 1, axis=-1) + 3 / 7 * np.roll(x, 2, axis=-1)
    assert shown(Fraction(0), Fraction(1, 7), x) == pytest.approx(expected, abs=1e-15)


def keys(t: float) -> float:
    """Keys' cubic convolution kernel at a = −1/2, written out for one distance."""
    t = abs(t)
    if t < 1:
        return 3 / 2 * t**3 - 5 / 2 * t**2 + 1
    return -1 / 2 * t**3 + 5 / 2 * t**2 - 4 * t + 2 if t < 2 else 0.0


def test_bicubic_reads_by_keys_kernel_around_the_torus() -> None:
    """Every column of a row read at u − s, in a loop over all columns and the periods around them."""
    x, s = np.random.default_rng(1).random((1, 9)), 9 * 3 / 5
    expected = [
        sum(x[0, v] * keys(u - s - (v + period)) for v in range(9) for period in (-18, -9, 0, 9))
        for u in range(9)
    ]
    assert shown(Fraction(0), Fraction(3, 5), x, "bicubic")[0] == pytest.approx(expected, abs=1e-14)


def test_bicubic_is_closer_to_the_truth_on_a_smooth_wave() -> None:
    """A cosine shifted on paper."""
    u = np.arange(32) * 2 * np.pi / 32
    truth = np.cos(2 * (u - 2 * np.pi / 5))
    errors = [
        np.abs(shown(Fraction(0), Fraction(1, 5), np.cos(2 * u)[None], mode) - truth).max()
        for mode in ("bilinear", "bicubic")
    ]
    assert errors[1] < errors[0] / 5


def test_shifts_never_mask_and_keep_their_filter() -> None:
    """Whether a shift is interpolated differs from map to map, so its view carries the filter; e has none."""
    views = views_of(group_named("flip*xshift3"), "disc", "bicubic")
    assert {view.boundary for view in views} == {None}
    assert [view.interpolation for view in views] == [None, "bicubic", "bicubic"] * 2
    assert {View(g) for g in group_named("flip").transforms} < set(views)
