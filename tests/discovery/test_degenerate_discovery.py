"""Degenerate input has a defined answer and a note: no NaN, no crash. And nothing is kept but sums."""

import json
import math
import pickle
from typing import get_args

import numpy as np
import pytest
import torch
from support.hidden_networks import (
    C2,
    C4,
    Planted,
    discover_network,
    discover_planted,
    mean,
    mirror,
    noise_images,
    run,
    turn,
)

from geed_cli.choices import Discover
from geed_cli.discovery.conclusion import verdict
from geed_cli.discovery.discover import Discovered, Discovery

DEVIATIONS = ("before", "after", "unmoved", "null_before", "null_after", "null_unmoved")


def assert_defined(found: Discovered) -> None:
    """Every number is finite or None, maps included, and there is a verdict."""
    numbers = [value for name in DEVIATIONS for value in found.scores.elements(name)] + [found.defect]
    assert all(value is None or math.isfinite(value) for value in numbers)
    assert all(bool(m.matrix().isfinite().all()) for m in found.maps)
    answer = verdict(found)
    assert all(math.isfinite(value) for value in answer.explained.values())
    json.dumps([numbers, found.notes, answer.reason], allow_nan=False)


def exact(images: list[torch.Tensor], method: Discover) -> Discovered:
    """Equivariant as it is."""
    channels = len(images[0])
    return discover_planted(
        Planted(torch.eye(channels).expand(2, channels, channels)), images, method, C2, mirror
    )


@pytest.mark.parametrize("method", get_args(Discover))
@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_constant_maps(method: Discover, fill: float) -> None:
    """They say nothing, so nothing is decided."""
    found = discover_network(lambda _: torch.full((1, 4, 5, 5), fill), noise_images(6), method, C4)
    assert_defined(found)
    assert verdict(found).kind == "undecided"


@pytest.mark.parametrize("method", get_args(Discover))
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_few_images(method: Discover, count: int) -> None:
    """Down to none."""
    discovery = Discovery(3, 4, method, turn)
    found = run(discovery, noise_images(count), turn, lambda x: x, C4, turn)
    assert_defined(found)
    assert (found.fit_images, found.score_images) == (count // 2, count - count // 2)
    assert any("fitted" in note for note in found.notes) == (count < 4)
    if count < 3:
        assert verdict(found).kind == "undecided"


@pytest.mark.parametrize("method", get_args(Discover))
def test_one_channel(method: Discover) -> None:
    """The only permutation is the identity; a linear map is a factor, which a cosine does not see."""
    found = exact(noise_images(8, channels=1), method)
    assert_defined(found)
    assert verdict(found).kind == "equivariant"
    assert any("one channel" in note for note in found.notes) == (method == "permutation")


@pytest.mark.parametrize("method", get_args(Discover))
def test_one_pixel(method: Discover) -> None:
    """Signs alone."""
    found = exact(noise_images(8, size=1, channels=5), method)
    assert_defined(found)
    assert "maps of one pixel: a channel's cosine is only a sign" in found.notes


@pytest.mark.parametrize("method", get_args(Discover))
def test_channels_that_wake_only_on_the_scoring_half(method: Discover) -> None:
    """What was never fitted is not explained, and does not divide by zero."""
    images = noise_images(8, channels=4)
    for x in images[:4]:
        x[2:] = 0
    found = exact(images, method)
    assert_defined(found)
    assert "2 of 4 channels are silent in all fitted images" in found.notes


@pytest.mark.parametrize("method", get_args(Discover))
def test_infinite_maps_are_left_out_and_counted(method: Discover) -> None:
    """One image of eight on either half; the others give the numbers."""
    images = noise_images(8)
    images[1] = images[1] / 0
    images[6][0, 0, 0] = float("nan")
    found = exact(images, method)
    assert_defined(found)
    assert (found.fit_images, found.score_images) == (3, 3)
    assert "2 pairs of maps are not finite and were left out" in found.notes


@pytest.mark.parametrize("method", get_args(Discover))
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(method: Discover, dtype: torch.dtype) -> None:
    """Maps of any floating type."""
    found = exact([x.to(dtype) for x in noise_images(6)], method)
    assert_defined(found)
    assert mean(found, "after") == pytest.approx(-1, abs=1e-4)


@pytest.mark.parametrize("method", get_args(Discover))
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_extreme_sizes(method: Discover, size: float) -> None:
    """Squares outside float32."""
    found = exact([x * size for x in noise_images(6)], method)
    assert_defined(found)
    assert mean(found, "after") == pytest.approx(-1, abs=1e-5)


@pytest.mark.parametrize("method", get_args(Discover))
def test_oblong_maps_that_turn_on_their_side(method: Discover) -> None:
    """f(x) has another shape than f(gx): there is no trivial action to compare with, the rest stands."""
    torch.manual_seed(0)
    discovery = Discovery(3, 2, method, turn)
    images = [torch.randn(3, 5, 7) for _ in range(8)]
    found = run(discovery, images, turn, lambda x: x, np.array([[0, 1], [1, 0]]), turn)
    assert_defined(found)
    assert found.scores.elements("unmoved") == (None, None)
    assert mean(found, "after") == pytest.approx(-1, abs=1e-5)


@pytest.mark.parametrize("method", get_args(Discover))
def test_the_trivial_group(method: Discover) -> None:
    """Nothing to find."""
    discovery = Discovery(3, 1, method, turn)
    found = run(discovery, noise_images(4), lambda _, x: x, lambda x: x, np.array([[0]]), turn)
    assert_defined(found)
    assert found.defect is None


def test_the_halves_cannot_be_mixed() -> None:
    """Scoring what was fitted would be no test."""
    discovery = Discovery(3, 2, "permutation", mirror)
    x = noise_images(1)[0]
    discovery.start(x)
    with pytest.raises(ValueError, match="before solve"):
        discovery.score(1, x, x)
    discovery.solve()
    with pytest.raises(ValueError, match="after solve"):
        discovery.fit(1, x, x)


@pytest.mark.parametrize("method", get_args(Discover))
def test_memory_does_not_grow_with_images(method: Discover) -> None:
    """The state after ten images is as large as after three, but for counts."""
    discovery = Discovery(6, 4, method, turn)
    sizes = []
    for x in noise_images(10, channels=6, size=33):
        discovery.start(x)
        for g in range(4):
            discovery.fit(g, turn(g, x), turn(g, x))
        sizes.append(len(pickle.dumps(discovery)))
    assert sizes[-1] - sizes[2] < 200
    # C×C sums in float64 for each g ≠ e, and the last two maps; the rest is pickle's own
    held = 8 * 36 * 3 * (2 if method == "permutation" else 3) + 2 * 4 * 6 * 33 * 33
    assert 0 < sizes[-1] - held < 6000


@pytest.mark.parametrize("method", get_args(Discover))
def test_an_overwritten_reference_does_no_harm(method: Discover) -> None:
    """In-place layers change what hooks were given; f(x) is copied."""
    outcomes = []
    for spoil in (False, True):
        discovery = Discovery(3, 2, method, mirror)
        for number, x in enumerate(noise_images(6)):
            if number == 3:
                discovery.solve()
            reference = x.clone()
            discovery.start(reference)
            if spoil:
                reference.zero_()
            (discovery.fit if number < 3 else discovery.score)(1, mirror(1, x), mirror(1, x))
        outcomes.append(discovery.outcome(C2))
    for name in DEVIATIONS:
        assert outcomes[0].scores.elements(name) == outcomes[1].scores.elements(name)
