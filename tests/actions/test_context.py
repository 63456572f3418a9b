"""The context boundary against a picture known everywhere: a smooth function of position, turned on paper."""

import math
from fractions import Fraction

import pytest
import torch

from geed_cli.actions.action import disc_mask
from geed_cli.actions.conditions import context_size
from geed_cli.actions.view import views_of
from geed_cli.groups.named import group_named

SIZE = 32


def picture(side: int, turn: Fraction = Fraction(0), mirror: bool = False) -> torch.Tensor:
    """A wave sampled on a frame of that side about the origin, turned counter-clockwise after mirroring.

    (g·x)(u) = x(g⁻¹u): read clockwise, then mirrored; y points up.
    """
    u = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    x, y = u[None, :], -u[:, None]
    cosine, sine = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
    x, y = x * cosine + y * sine, y * cosine - x * sine
    x = -x if mirror else x
    wave = torch.cos(0.2 * x + 0.1 * y) + torch.sin(0.15 * y) + 0.02 * x
    return torch.stack([wave, wave**2 / 4, -wave]) / 8 + 0.5


@pytest.mark.parametrize("size", [1, 2, 7, 32, 33, 224, 225])
def test_the_larger_crop_covers_every_rotation_of_the_frame(size: int) -> None:
    """Its half side reaches the frame's corners, S/√2; one centre, and no more than needed by two pixels."""
    larger = context_size(size)
    assert larger >= size * math.sqrt(2) > larger - 2
    assert (larger - size) % 2 == 0


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_rotations_are_right_over_the_whole_frame(mode: str) -> None:
    """Every element of d8, corners included.

    3e-3: linear interpolation errs by at most 1/8 of the second derivative along each axis, which is below 0.01 here.
    5e-4: Keys' kernel errs by less, but in the outermost corners, where the last of its taps repeats the border.
    """
    larger, corner = picture(context_size(SIZE)), torch.zeros(SIZE, SIZE, dtype=torch.bool)
    corner[:: SIZE - 1, :: SIZE - 1] = True
    for view in views_of(group_named("d8"), "context", mode):
        planar = view.transform.planar
        error = (view.show(larger, SIZE) - picture(SIZE, planar.turn, planar.mirror)).abs()
        assert error.max() < 3e-3
        assert mode == "bilinear" or error[:, ~corner].max() < 5e-4


def test_no_other_boundary_is_right_in_the_corners() -> None:
    """What the larger crop is for: the test above could not pass without it."""
    truth = picture(SIZE, Fraction(1, 8))
    for boundary in ("disc", "zero", "reflect"):
        view = views_of(group_named("c8"), boundary, "bilinear")[1]
        assert (view.show(picture(SIZE), SIZE) - truth).abs().max() > 0.05


def test_without_a_larger_crop_the_border_is_repeated() -> None:
    """A picture of the frame's own size: corners as in a map padded by its border, all of them filled."""
    view = views_of(group_named("c8"), "context", "bilinear")[1]
    white = torch.ones(3, SIZE, SIZE)
    assert torch.allclose(view.show(white, SIZE), white, atol=1e-6)


def test_exact_elements_crop_and_move_pixels_bit_for_bit() -> None:
    """The centre of the larger crop, then rot90; for c8's identity as for flip's."""
    larger = torch.rand(3, 46, 46, generator=torch.Generator().manual_seed(0))
    inner = larger[:, 7:39, 7:39]
    quarter = views_of(group_named("c8"), "context", "bilinear")[2]
    assert torch.equal(quarter.show(larger, SIZE), torch.rot90(inner, 1, (1, 2)))
    for view in views_of(group_named("flip"), "context", "bilinear"):
        assert view.boundary is None
        assert torch.equal(view.show(larger, SIZE), view.act(inner))


def test_hidden_maps_are_compared_inside_the_disc() -> None:
    """Nothing is known beyond a map's edge: on maps context is what the disc is, for every element."""
    maps = torch.rand(2, 9, 9, generator=torch.Generator().manual_seed(1))
    context, disc = (views_of(group_named("d8"), name, "bilinear") for name in ("context", "disc"))
    for ours, theirs in zip(context, disc, strict=True):
        assert torch.equal(ours.act(maps), theirs.act(maps))
        assert torch.equal(ours.restrict(maps), maps * disc_mask(9, 9))


def test_a_crop_with_another_centre_is_an_error_of_the_program() -> None:
    """An odd difference would move the picture by half a pixel in silence."""
    view = views_of(group_named("flip"), "context", "bilinear")[1]
    with pytest.raises(ValueError, match="not the centre"):
        view.show(torch.zeros(3, 33, 33), SIZE)
