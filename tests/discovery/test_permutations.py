"""Channel permutations: planted ones, and the channel roll of a lifting convolution, come back exactly."""

import numpy as np
import pytest
import torch
from support.hidden_networks import (
    C2,
    C4,
    Lifting,
    Planted,
    discover_network,
    discover_planted,
    mean,
    mirror,
    noise_images,
    still,
)
from torch import nn

from geed_cli.discovery.channel_map import Permutation
from geed_cli.discovery.conclusion import verdict


def sources(found: object) -> list[list[int]]:
    assert isinstance(found, Permutation)
    return found.source.tolist()


def rolled(fields: int, g: int) -> list[int]:
    """By hand: filter k turned s times sees gx as filter k turned s − g times sees x."""
    return [4 * k + (s - g) % 4 for k in range(fields) for s in range(4)]


def test_a_lifting_convolution_gives_back_its_channel_roll() -> None:
    """C4 lifting with ReLU, odd size, nothing declared: the roll exactly, −1 exactly, zero defect."""
    found = discover_network(Lifting(fields=3), noise_images(6), "permutation", C4)
    assert [sources(m) for m in found.maps] == [rolled(3, g) for g in range(4)]
    # 1e-6: float32 convolutions of turned filters round differently
    assert found.scores.elements("after")[1:] == pytest.approx([-1.0] * 3, abs=1e-6)
    assert found.scores.elements("before")[1] is not None
    assert found.scores.elements("before")[1] > -0.6
    assert found.defect == 0
    assert verdict(found).kind == "hidden"


def test_the_roll_is_not_fitted_to_pairs_of_different_images() -> None:
    """The null of the same layer stays where it was: between different images there is nothing to find."""
    found = discover_network(Lifting(fields=3), noise_images(6), "permutation", C4)
    before, after = mean(found, "null_before"), mean(found, "null_after")
    assert before is not None
    assert after is not None
    assert after == pytest.approx(before, abs=0.05)


@pytest.mark.parametrize("channels", [2, 5, 33])
def test_planted_permutations_are_recovered(channels: int) -> None:
    """f(gx) = P_g (g·f(x)) with noise of half the signal's size."""
    generator = torch.Generator().manual_seed(channels)
    order = torch.stack([torch.arange(channels), torch.randperm(channels, generator=generator)])
    planted = Planted(torch.eye(channels)[order], noise=0.5)
    found = discover_planted(planted, noise_images(4, size=9, channels=channels), "permutation", C2)
    assert sources(found.maps[1]) == order[1].tolist()
    assert torch.equal(found.maps[1].matrix(), torch.eye(channels, dtype=torch.float64)[order[1]])


def test_loudness_does_not_decide() -> None:
    """A swap of two quiet channels beside one that is a million times louder is still found."""
    images = [x * torch.tensor([1e6, 1.0, 1.0])[:, None, None] for x in noise_images(4)]
    planted = Planted(torch.eye(3)[torch.tensor([[0, 1, 2], [0, 2, 1]])])
    found = discover_planted(planted, images, "permutation", C2)
    assert sources(found.maps[1]) == [0, 2, 1]


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_extreme_sizes_neither_vanish_nor_overflow(size: float) -> None:
    """Squares of these are outside float32."""
    planted = Planted(torch.eye(3)[torch.tensor([[0, 1, 2], [1, 2, 0]])])
    found = discover_planted(planted, [x * size for x in noise_images(4)], "permutation", C2)
    assert sources(found.maps[1]) == [1, 2, 0]


def test_copies_of_other_sizes_stay_in_place() -> None:
    """Their cosines are 1 but for rounding, which must not decide."""
    sizes = torch.tensor([1 / 3, 0.7, 1.1, 3.3, 1 / 7, 9.1, 0.013, 5.9])[:, None, None]
    images = [x * sizes for x in noise_images(4, channels=1)]
    found = discover_planted(Planted(torch.eye(8).expand(2, 8, 8)), images, "permutation", C2, mirror)
    assert sources(found.maps[1]) == list(range(8))


def test_copies_and_dead_channels_stay_in_place() -> None:
    """Channels that cannot be told apart are not shuffled, so they add nothing to the defect."""
    images = [torch.stack([x[0], x[0], 0 * x[0], 0 * x[0], x[1]]) for x in noise_images(4)]
    found = discover_planted(Planted(torch.eye(5).expand(4, 5, 5)), images, "permutation", C4)
    assert [sources(m) for m in found.maps] == [list(range(5))] * 4
    assert found.defect == 0
    assert "2 of 5 channels are silent in all fitted images" in found.notes


def test_colours_swapped_behind_a_grouped_convolution() -> None:
    """No spatial action at all: swapping red and blue swaps the channels made of them."""
    torch.manual_seed(0)
    weight = torch.randn(2, 1, 3, 3).repeat(3, 1, 1, 1)

    def network(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(nn.functional.conv2d(x, weight, groups=3))

    def swap(g: int, x: torch.Tensor) -> torch.Tensor:
        return x.flip(0) if g else x

    found = discover_network(network, noise_images(6), "permutation", C2, act=still, on_images=swap)
    assert sources(found.maps[1]) == [4, 5, 2, 3, 0, 1]
    assert verdict(found).kind == "hidden"


@pytest.mark.parametrize("act", [mirror, still])
def test_unrelated_maps_gain_nothing(act: object) -> None:
    """f(gx) is noise of its own: no gain on images that were not fitted, and no more than the null's."""
    images = noise_images(12, channels=8)
    planted = Planted(torch.zeros(2, 8, 8), noise=1.0)
    found = discover_planted(planted, images, "permutation", C2, act)
    after, null = mean(found, "after"), mean(found, "null_after")
    assert after is not None
    assert null is not None
    # 6 images × 8 channels of 225 pixels: the mean cosine has a standard error of 0.01
    assert abs(after) < 0.04
    assert abs(null) < 0.04
    assert verdict(found).kind == "neither"


def test_a_random_network_has_no_hidden_permutation() -> None:
    """Two random layers: maps hardly help, do not compose, and nobody calls them an action."""
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU()
    )
    found = discover_network(layers, noise_images(16), "permutation", C4)
    answer = verdict(found)
    assert answer.kind == "neither"
    assert answer.explained["after"] < 0.2
    assert found.defect is not None
    assert found.defect > 0.3


def test_the_order_of_elements_within_an_image_is_arbitrary() -> None:
    """The same numbers backwards."""
    from support.hidden_networks import run, turn

    from geed_cli.discovery.discover import Discovery

    network, images = Lifting(fields=2), noise_images(6)
    outcomes = [
        run(
            Discovery(8, 4, "permutation", turn),
            images,
            lambda g, x: network(turn(g, x)[None])[0],
            lambda x: network(x[None])[0],
            C4,
            turn,
            elements=elements,
        )
        for elements in ([0, 1, 2, 3], [3, 0, 2, 1])
    ]
    for name in ("before", "after", "null_before", "null_after", "unmoved", "null_unmoved"):
        first, second = (np.array(found.scores.elements(name)[1:]) for found in outcomes)
        assert np.array_equal(first, second)
