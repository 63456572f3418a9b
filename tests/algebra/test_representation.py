"""Kernels: from the action itself, at the real shape of the map."""

import pytest

from geed_cli.algebra.catalogue import group_named
from geed_cli.algebra.representation import Spatial
from geed_cli.algebra.view import views_of


@pytest.mark.parametrize("name", ["flip", "flips", "c4", "d4", "c8", "d5"])
@pytest.mark.parametrize("boundary", ["disc", "zero", "reflect"])
def test_everything_acts_trivially_on_one_pixel(name: str, boundary: str) -> None:
    """On 1×1 maps the kernel is G, so that f̂ is the orbit mean."""
    group = group_named(name)
    assert Spatial(views_of(group, boundary, "bilinear"), 1, 1).kernel() == tuple(range(group.order))


@pytest.mark.parametrize("name", ["flip", "flips", "c4", "d4", "c8", "d5"])
@pytest.mark.parametrize("size", [3, 4, 7])
def test_spatial_actions_are_faithful_on_larger_maps(name: str, size: int) -> None:
    """The kernel is {e}, so that f̂ = f."""
    assert Spatial(views_of(group_named(name), "disc", "bilinear"), size, size).kernel() == (0,)


def test_in_between_on_a_strip() -> None:
    """A 1×5 map knows left from right but not up from down: the kernel of `flips` is {e, up-down mirror}."""
    group = group_named("flips")
    kernel = Spatial(views_of(group, "disc", "bilinear"), 1, 5).kernel()
    assert [group.elements[g] for g in kernel] == ["e", "r180m"]


def test_quarter_turns_need_square_maps() -> None:
    """A quarter turn of 2×3 is 3×2; mirrors do not mind."""
    assert not Spatial(views_of(group_named("c4"), "zero", "bilinear"), 2, 3).defined
    assert Spatial(views_of(group_named("flips"), "zero", "bilinear"), 2, 3).defined
