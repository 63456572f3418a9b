"""The action about a layer's own centre."""

import math
from fractions import Fraction

import pytest
import torch
from support.networks import network_of
from torch import Tensor, nn

from geed_cli.actions.view import views_of
from geed_cli.grids.centred_action import AboutOwnCentre, act_about, sources_inside
from geed_cli.grids.obstacles import trace_alignments
from geed_cli.groups.named import group_named
from geed_cli.groups.planar import Planar
from geed_cli.measures.maps.compared import channelwise_deviation
from geed_cli.models.network import Site

MIRROR = Planar(mirror=True)


def smooth(size: int) -> Tensor:
    """Waves of a dozen pixels and more, of no symmetry, around 0."""
    y = torch.arange(size, dtype=torch.float64)[:, None]
    x = torch.arange(size, dtype=torch.float64)[None, :]
    phases = (0.3, 1.1, 2.0)
    return torch.stack(
        [torch.sin(0.31 * x + 0.17 * y + p) + torch.cos(0.23 * y - 0.4 * x + p) for p in phases]
    )


class Strided(nn.Module):
    """A convolution with stride 2 whose kernel has all symmetries of the square."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3, 2, 1, bias=False).double()
        weight = sum(torch.rot90(self.conv.weight.detach(), quarters, (-2, -1)) for quarters in range(4))
        self.conv.weight = nn.Parameter(weight + weight.flip(-1))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).mean(dim=(2, 3))


@pytest.mark.parametrize("name", ["flip", "vflip", "flips", "c4", "d4"])
def test_correction_takes_the_displacement_out(name: str) -> None:
    """k3/s2/p1 at 32 pixels on a smooth picture: near −1 about its own centre, far from it about the map's."""
    network = network_of(Strided(), features=Site("", "output"), layers=("conv",), size=32)
    offset = trace_alignments(network, ["conv"])["conv"].known_offset
    assert offset is not None
    views = views_of(group_named(name), "disc", "bilinear")
    action = AboutOwnCentre.of(views, (4, 16, 16), offset)
    x, conv = smooth(32), network.module.conv
    still = conv(x[None])[0]
    plain, corrected = [], []
    for g, view in enumerate(views[1:], start=1):
        moved = conv(view.act(x)[None])[0]
        plain.append(channelwise_deviation(moved[None], view.act(still)[None]).value.item())
        pair = (action.restrict_under(g, each)[None] for each in (moved, action.act(g, still)))
        corrected.append(channelwise_deviation(*pair).value.item())
    for before, after in zip(plain, corrected, strict=True):
        assert after < -0.98
        # the mirror along the diagonal is right without: both axes are displaced alike
        assert 1 + after < 0.25 * (1 + before) or before < -0.999


def test_a_mirror_about_a_displaced_centre() -> None:
    """By hand, n = 4 and the middle of the picture at (4 − 1)/2 + 0.25: u reads 3.5 − u."""
    row = torch.tensor([[10.0, 20.0, 40.0, 80.0]], dtype=torch.float64)
    moved = act_about(MIRROR, row, (0, -0.25))
    # 3.5 lies outside and repeats the border; 2.5, 1.5 and 0.5 are means of neighbours
    torch.testing.assert_close(moved, torch.tensor([[80.0, 60.0, 30.0, 15.0]], dtype=torch.float64))
    assert sources_inside(MIRROR, 1, 4, (0, -0.25)).tolist() == [[False, True, True, True]]
    assert sources_inside(MIRROR, 1, 4, (0, 0.5)).tolist() == [[True, True, True, False]]
    half_turn = sources_inside(Planar(Fraction(1, 2)), 3, 2, (0.5, 0))
    assert half_turn.tolist() == [[True, True], [True, True], [False, False]]


@pytest.mark.parametrize("name", ["flips", "c4", "d4"])
def test_without_displacement_it_is_the_plain_action(name: str) -> None:
    """At offset 0, and after a whole pixel's displacement on a map that is one row and column larger."""
    views = views_of(group_named(name), "disc", "bilinear")
    maps = torch.randn(3, 9, 9, dtype=torch.float64)
    centred, larger = AboutOwnCentre.of(views, (3, 9, 9), (0, 0)), torch.zeros(3, 10, 10, dtype=torch.float64)
    larger[:, :9, :9] = maps
    displaced = AboutOwnCentre.of(views, (3, 10, 10), (0.5, 0.5))
    for g, view in enumerate(views):
        # bilinear weights that are whole up to float64 rounding
        torch.testing.assert_close(centred.act(g, maps), view.act(maps), rtol=0, atol=1e-12)
        found = displaced.restrict_under(g, displaced.act(g, larger))[:, :9, :9]
        torch.testing.assert_close(found, view.act(maps), rtol=0, atol=1e-12)
    assert centred.kernel() == (0,)


def test_a_rotation_about_a_displaced_centre() -> None:
    """A blob that lies off the displaced centre goes once around it, counter-clockwise as displayed."""
    size, offset = 41, (1.3, -0.6)
    middle = (size - 1) / 2 - offset[0], (size - 1) / 2 - offset[1]
    y = torch.arange(size, dtype=torch.float64)[:, None]
    x = torch.arange(size, dtype=torch.float64)[None, :]

    def blob(angle: float) -> Tensor:
        row, column = middle[0] - 9 * math.sin(angle), middle[1] + 9 * math.cos(angle)
        return torch.exp(-((y - row) ** 2 + (x - column) ** 2) / 18)

    for transform in group_named("c8").transforms:
        moved = act_about(transform.planar, blob(0.3), offset)
        expected = blob(0.3 + float(transform.planar.turn) * 2 * math.pi)
        # bilinear reading of a bump of height 1 and width 3: a curvature of 1/9 times at most 1/4, both ways
        assert (moved - expected).abs().max() < 0.06


def test_what_has_no_centre() -> None:
    """Shifts and colours are not corrected, with a reason; mirrors and turns are."""

    def undefined(name: str) -> str | None:
        return AboutOwnCentre.of(
            views_of(group_named(name), "disc", "bilinear"), (3, 8, 8), (0.5, 0)
        ).undefined

    assert undefined("d4") is None
    assert undefined("c8") is None
    for name in ("shift2", "rgb", "flip*xshift2"):
        assert "has no centre" in str(undefined(name))
