"""The boundary context through whole audits: what is shown, what is compared, what had to be made up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.action import act, inside_disc, planar_group, rotate_and_mirror
from reference.measures import Array
from reference.network import hooked_network, observe
from reference.orbits import Member, channelwise_row, l2_row
from support.audits import audited
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.models.network import Network, Site
from geed_cli.pipeline.options import ActionOptions

SIZE, WIDE = 16, 24
"""Of the network's input, and of the crop that its rotations read: 16 + 2·⌈16·0.2071⌉."""
EXACT = 1e-8
"""Both run in float64."""
CONTEXT = ActionOptions("context")
PICTURES = (5, WIDE)


def seeing(network: Network, resize: int) -> Network:
    """The network, shown the middle of pictures resized to that side."""
    return replace(network, input=replace(network.input, resize=resize))


def middle(x: Array) -> Array:
    return x[..., 4:-4, 4:-4]


@pytest.mark.parametrize("group", ["c8", "d3"])
def test_what_is_shown_and_compared(folder: Path, group: str) -> None:
    """The middle of the rotated larger crop, unmasked; maps inside the disc: every row by the loop."""
    network = small_conv_net()
    result = audited(seeing(network, WIDE), [group], folder, action=CONTEXT)
    elements = planar_group(group)
    members = [
        Member(
            lambda x, g=g: middle(rotate_and_mirror(x, g, "disc")),
            lambda y, g=g: act(g, y, elements, "disc"),
        )
        for g in elements
    ]
    still = [Member() for _ in elements]
    read = hooked_network(network.module, "fc", "input", network.layers)
    orbits = [[observe(read, m.show(x), MEAN, STD) for m in members] for x in pixels_of(folder)]
    l2 = [l2_row([seen["features"] for seen in orbit], still, range(len(still))) for orbit in orbits]
    entry = entry_of(result, "latent.l2", group)
    assert list(entry.per_element.values()) == pytest.approx(list(np.mean(l2, axis=0)), abs=EXACT)
    for layer, side in (("block1", 16), ("block2", 8), ("block3", 8)):
        rows = [
            channelwise_row([seen["layers"][layer] for seen in orbit], members, [0], inside_disc(side))
            for orbit in orbits
        ]
        entry = entry_of(result, "channelwise.cosine", group, layer)
        assert list(entry.per_element.values()) == pytest.approx(list(np.mean(rows, axis=0)), abs=EXACT)


class Corner(nn.Module):
    """Its feature is the corner pixel, which the disc masks."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, 0, 0]


class DiscMean(nn.Module):
    """Its feature is the mean inside the disc."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("inside", torch.from_numpy(inside_disc(SIZE)))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, self.inside].mean(dim=2)


def test_the_identity_is_not_masked(folder: Path) -> None:
    """The corner varies between images under context, and is the fill under disc; groups beside c8 see the same."""
    network = seeing(network_of(Corner(), features=Site("", "output"), logits=False), WIDE)
    shown = entry_of(audited(network, ["c8"], folder, action=CONTEXT), "latent.l2", "c8")
    assert shown.status == "ok"
    assert entry_of(audited(network, ["c8"], folder), "latent.l2", "c8").status == "undefined"
    both = audited(network, ["c4", "c8"], folder, action=CONTEXT)
    # the same identity for both, so the same pairs behind M
    assert entry_of(both, "latent.l2", "c4").normaliser == shown.normaliser
    alone = entry_of(audited(network, ["c4"], folder), "latent.l2", "c4")
    assert entry_of(both, "latent.l2", "c4").value == pytest.approx(alone.value, abs=EXACT)


def test_a_mean_inside_the_disc_is_nearly_invariant(folder: Path) -> None:
    """Only resampling moves it: far less than the mean over the frame, whose corners come and go."""
    network = seeing(network_of(DiscMean(), features=Site("", "output"), logits=False), WIDE)
    entry = entry_of(audited(network, ["c8"], folder, action=CONTEXT), "latent.l2", "c8")
    assert entry.value < 0.05
    frame = seeing(network_of(nn.AdaptiveAvgPool2d(1), features=Site("", "output"), logits=False), WIDE)
    zero = entry_of(audited(frame, ["c8"], folder, action=ActionOptions("zero")), "latent.l2", "c8")
    assert zero.value > 5 * entry.value


@pytest.mark.parametrize(("side", "part"), [(24, 0.0), (20, 1 - 144 / 320), (16, 1.0)])
def test_what_was_made_up_is_recorded(tmp_path: Path, side: int, part: float) -> None:
    """Of the 24² − 16² pixels around the crop, those that pictures of that side do not reach."""
    pictures = smooth_pictures(tmp_path / "d", 2, side)
    network = seeing(small_conv_net(), side)
    assert audited(network, ["c8"], pictures, action=CONTEXT).data.made_up == pytest.approx(part)
    # nothing is read around the crop where nothing is resampled, or where another boundary is asked for
    assert audited(network, ["c4"], pictures, action=CONTEXT).data.made_up is None
    assert audited(network, ["c8"], pictures).data.made_up is None


def test_the_crop_itself_does_not_depend_on_the_surroundings(tmp_path: Path) -> None:
    """c4 and a set beside c8 under context: what they are shown is the plain crop."""
    pictures = smooth_pictures(tmp_path / "d", 3, 22)
    network = seeing(small_conv_net(), 22)
    beside = audited(network, ["c8", "c4", "xshift4"], pictures, sets=["gamma:2"], action=CONTEXT)
    alone = audited(network, ["c4", "xshift4"], pictures, sets=["gamma:2"])
    for entry in alone.results:
        other = entry_of(beside, entry.metric, entry.group, entry.layer)
        assert other.value == pytest.approx(entry.value, abs=1e-12)


@pytest.mark.heavy
def test_floors_fall_as_interpolation_improves(folder: Path) -> None:
    """On smooth pictures without edges bicubic round trips come back several times nearer, at every layer."""
    floors = {}
    for filter_ in ("bilinear", "bicubic"):
        action = ActionOptions("context", filter_)
        result = audited(seeing(small_conv_net(), WIDE), ["c8"], folder, action=action)
        (group,) = result.groups
        assert (group.boundary, group.interpolation) == ("context", filter_)
        layers = [entry_of(result, "channelwise.cosine", "c8", f"block{i}") for i in (1, 2, 3)]
        latent = entry_of(result, "latent.l2", "c8").controls["floor"]
        floors[filter_] = [latent, *(1 + entry.controls["floor"] for entry in layers)]
    for bilinear, bicubic in zip(floors["bilinear"], floors["bicubic"], strict=True):
        assert 0 < 3 * bicubic < bilinear
