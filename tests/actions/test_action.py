"""The action on pixels: against matrices written out by hand, as a left action, and against the slow oracle."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import action as oracle

from geed_cli.actions.action import act, disc_mask, split_turn
from geed_cli.actions.view import View, views_of
from geed_cli.groups.named import group_named
from geed_cli.groups.planar import Planar
from geed_cli.groups.transform import Transform

PICTURE = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


@pytest.mark.parametrize(
    ("turn", "mirror", "expected"),
    [
        (Fraction(0), True, [[3, 2, 1], [6, 5, 4], [9, 8, 7]]),
        (Fraction(1, 4), False, [[3, 6, 9], [2, 5, 8], [1, 4, 7]]),
        (Fraction(1, 2), False, [[9, 8, 7], [6, 5, 4], [3, 2, 1]]),
        (Fraction(1, 2), True, [[7, 8, 9], [4, 5, 6], [1, 2, 3]]),
        (Fraction(1, 4), True, [[1, 4, 7], [2, 5, 8], [3, 6, 9]]),
    ],
)
def test_exact_elements_by_hand(turn: Fraction, mirror: bool, expected: list[list[int]]) -> None:
    """A counter-clockwise quarter turn brings the right column to the top; mirror first, then turn."""
    assert act(Transform(Planar(turn, mirror)), PICTURE, "zero", "bilinear").tolist() == expected


@pytest.mark.parametrize("name", ["flip", "vflip", "flips", "c4", "d4"])
def test_left_action_bit_for_bit(name: str) -> None:
    """(gh)·x = g·(h·x) on random pixels, exactly, for every pair of an exact group."""
    group = group_named(name)
    views = views_of(group, "disc", "bilinear")
    x = torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0))
    for g, outer in enumerate(views):
        for h, inner in enumerate(views):
            assert torch.equal(views[group.table[g, h]].act(x), outer.act(inner.act(x)))


@pytest.mark.parametrize("boundary", ["disc", "zero", "reflect"])
@pytest.mark.parametrize("name", ["c8", "d8", "c5", "d12"])
@pytest.mark.parametrize("size", [1, 2, 5, 16, 33])
def test_resampled_elements_agree_with_the_oracle(name: str, boundary: str, size: int) -> None:
    """Explicit coordinate arithmetic in numpy, element by element; 1e-12: both are float64."""
    x = np.random.default_rng(size).random((2, size, size))
    group = oracle.planar_group(name)
    for g, view in zip(group, views_of(group_named(name), boundary, "bilinear"), strict=True):
        expected = oracle.act(g, x, group, boundary)
        assert view.act(torch.from_numpy(x)).numpy() == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 127), st.integers(1, 64))
def test_a_turn_is_quarters_and_a_remainder_of_at_most_45_degrees(k: int, n: int) -> None:
    """Turn = quarters/4 + remainder modulo 1, so that only the remainder is resampled."""
    turn = Fraction(k, n) % 1
    quarters, remainder = split_turn(turn)
    assert (Fraction(quarters, 4) + remainder - turn) % 1 == 0
    assert -Fraction(1, 8) < remainder <= Fraction(1, 8)


def test_disc_of_five_pixels_on_3x3() -> None:
    """Radius 1 about the centre of a 3×3 map: a plus sign."""
    assert disc_mask(3, 3).int().tolist() == [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


def test_the_disc_masks_every_member_of_the_orbit_alike() -> None:
    """The identity of c8 is masked too, or its corners would tell it from the others."""
    white = torch.ones(1, 32, 32)
    for view in views_of(group_named("c8"), "disc", "bilinear"):
        # a rotation of all ones is all ones inside the disc, to rounding
        assert torch.allclose(view.act(white)[0], disc_mask(32, 32).float(), atol=1e-6)


def test_exact_groups_are_never_masked() -> None:
    """Boundaries matter only where something is resampled; d4 keeps its corners."""
    assert {view.boundary for view in views_of(group_named("d4"), "disc", "bilinear")} == {None}


def test_views_are_shared_where_nothing_differs() -> None:
    """With zero fill the exact elements of c8 are those of c4; with the disc they are masked, so they are not."""
    c4 = set(views_of(group_named("c4"), "zero", "bilinear"))
    assert c4 < set(views_of(group_named("c8"), "zero", "bilinear"))
    assert not c4 & set(views_of(group_named("c8"), "disc", "bilinear"))


def test_bicubic_is_closer_to_the_truth_than_bilinear_on_a_smooth_picture() -> None:
    """Rotating a low-frequency wave by 30 degrees against the wave rotated on paper."""
    u = torch.arange(64, dtype=torch.float64) - 31.5
    x, y = u[None, :], -u[:, None]
    angle = torch.tensor(np.pi / 6, dtype=torch.float64)

    def wave(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.cos(0.2 * x) + torch.sin(0.15 * y)

    truth = wave(x * angle.cos() + y * angle.sin(), -x * angle.sin() + y * angle.cos())
    turned = [
        act(Transform(Planar(Fraction(1, 12))), wave(x, y), "disc", mode) for mode in ("bilinear", "bicubic")
    ]
    # four pixels off the rim, where the bicubic filter reads beyond the frame
    inside = torch.hypot(x, y) < 28
    errors = [(z - truth)[inside].abs().max().item() for z in turned]
    assert errors[1] < errors[0] / 5


def test_float32_stays_float32() -> None:
    """A view does not change the type that the network is run in."""
    assert (
        View(Transform(Planar(Fraction(1, 8))), "zero", "bilinear").act(torch.rand(3, 8, 8)).dtype
        == torch.float32
    )


def keys(t: float) -> float:
    """Keys' cubic convolution kernel at a = −1/2, from the paper's eq. (15), written out for one distance."""
    t = abs(t)
    if t < 1:
        return 3 / 2 * t**3 - 5 / 2 * t**2 + 1
    return -1 / 2 * t**3 + 5 / 2 * t**2 - 4 * t + 2 if t < 2 else 0.0


def read(picture: np.ndarray, row: int, column: int, boundary: str) -> float:
    """One pixel, also outside the frame: 0, the nearest, or its mirror image about the outer edge."""
    size = len(picture)
    if boundary == "zero" and not (0 <= row < size and 0 <= column < size):
        return 0.0

    def inside(i: int) -> int:
        if boundary == "reflect":
            while not 0 <= i < size:
                i = -1 - i if i < 0 else 2 * size - 1 - i
        return min(max(i, 0), size - 1)

    return float(picture[inside(row), inside(column)])


@pytest.mark.parametrize("boundary", ["disc", "zero", "reflect"])
@pytest.mark.parametrize("turn", [Fraction(1, 8), Fraction(1, 5), Fraction(7, 12)])
def test_bicubic_agrees_with_its_formula_pixel_by_pixel(boundary: str, turn: Fraction) -> None:
    """Sixteen taps a pixel, in a loop, on 7×7; masked to the disc afterwards where the boundary is the disc."""
    picture = np.random.default_rng(1).random((7, 7))
    angle, expected = 2 * np.pi * float(turn), np.zeros((7, 7))
    for i in range(7):
        for j in range(7):
            y, x = i - 3, j - 3
            row = x * np.sin(angle) + y * np.cos(angle) + 3
            column = x * np.cos(angle) - y * np.sin(angle) + 3
            for r in range(int(np.floor(row)) - 1, int(np.floor(row)) + 3):
                for c in range(int(np.floor(column)) - 1, int(np.floor(column)) + 3):
                    expected[i, j] += read(picture, r, c, boundary) * keys(row - r) * keys(column - c)
            if boundary == "disc" and np.hypot(x, y) > 3 + 1e-9:
                expected[i, j] = 0
    found = View(Transform(Planar(turn)), boundary, "bicubic").act(torch.from_numpy(picture))
    assert found.numpy() == pytest.approx(expected, abs=1e-12)
