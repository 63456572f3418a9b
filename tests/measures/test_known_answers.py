"""Every measure against values known by hand or by theorem (DESIGN's known answers)."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.actions.action import disc_mask
from geed_cli.actions.view import views_of
from geed_cli.groups.named import group_named
from geed_cli.measures.channelwise import CORRELATION, LayerDeviation
from geed_cli.measures.latent import L2, cosine_deviation, cosine_pairs, l2_deviation, l2_pairs
from geed_cli.measures.maps.compared import channelwise_deviation
from geed_cli.measures.prediction import flips
from geed_cli.measures.softmax import divergence, probabilities, sensitivity


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def channelwise_correlation(one: torch.Tensor, other: torch.Tensor, support: torch.Tensor) -> LayerDeviation:
    return channelwise_deviation(one, other, CORRELATION, support)


def about_mean(
    deviation: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], orbit: torch.Tensor
) -> torch.Tensor:
    """The deviation of an orbit (n, B, k) from its mean: what a trivial action makes of it."""
    return deviation(orbit, orbit.double().mean(dim=0))


@pytest.mark.parametrize("name", ["flip", "flips", "c4", "d4"])
def test_white_noise_pixels(name: str) -> None:
    """Pixels as features: latent.l2 = sqrt((1 − 1/n)/2), raw cosine = −1/sqrt(n), M of the cosine 0.

    All n orbit members of white noise are independent images (an even side: G fixes no pixel, though mirrors on
    diagonals fix 1 in 64), x − mean has variance 1 − 1/n and x − x' has variance 2.
    """
    views = views_of(group_named(name), "disc", "bilinear")
    n = len(views)
    noise = torch.randn(24, 1, 64, 64, generator=seeded(1), dtype=torch.float64)
    orbits = torch.stack([view.act(noise).flatten(1) for view in views])
    pairs = l2_pairs(orbits[0])
    m = pairs.sum() / (24 * 23)
    # 2%: 24 images of 4096 pixels, and d4's diagonal mirrors share 1/64 of their pixels with e
    assert (about_mean(l2_deviation, orbits).mean() / m).item() == pytest.approx(
        math.sqrt((1 - 1 / n) / 2), rel=0.02
    )
    assert about_mean(cosine_deviation, orbits).mean().item() == pytest.approx(-1 / math.sqrt(n), rel=0.03)
    assert (cosine_pairs(orbits[0]).sum() / (24 * 23)).item() == pytest.approx(0, abs=0.005)


def test_swapped_predictions_cost_the_entropy_gap() -> None:
    """(.9, .1) and (.1, .9) over a group of two: ln 2 − H(.9) = 0.368064 nats, by hand."""
    p = torch.tensor([[[0.9, 0.1]], [[0.1, 0.9]]], dtype=torch.float64)
    assert about_mean(divergence, p).mean().item() == pytest.approx(0.3680642, abs=1e-7)


def test_divergence_is_of_the_member_from_the_mean() -> None:
    """(1, 0) and (.5, .5): KL(p ‖ mean) = ln(4/3) and ½ ln(2/3) + ½ ln 2; the other order would be infinite."""
    p = torch.tensor([[[1.0, 0.0]], [[0.5, 0.5]]], dtype=torch.float64)
    expected = [math.log(4 / 3), 0.5 * math.log(2 / 3) + 0.5 * math.log(2)]
    assert about_mean(divergence, p)[:, 0].tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_one_hot_predictions_reach_the_bound(n: int) -> None:
    """A different class for every element: ln n."""
    assert about_mean(divergence, torch.eye(n)[:, None]).mean().item() == pytest.approx(
        math.log(n), abs=1e-12
    )


def test_a_constant_network_is_invariant_and_insensitive() -> None:
    """Equal probabilities: 0 nats under G and 0 nats between images."""
    p = probabilities(torch.zeros(4, 3, 10))
    assert about_mean(divergence, p).abs().max().item() == 0
    assert sensitivity(p[0], p[0].mean(dim=0)).abs().max().item() == 0


def test_the_trivial_group() -> None:
    """G = {e}: l2 0, cosine −1, KL 0, no flips, channelwise −1."""
    f = torch.randn(1, 5, 7, generator=seeded(2))
    maps = torch.randn(5, 4, 3, 3, generator=seeded(3))
    assert about_mean(l2_deviation, f).abs().max().item() == 0
    assert about_mean(cosine_deviation, f) == pytest.approx(
        torch.full((1, 5), -1.0, dtype=torch.float64), abs=1e-12
    )
    assert about_mean(divergence, probabilities(f)).abs().max().item() == 0
    assert flips(f, f[0]).sum().item() == 0
    # 1e-6: products of float32 maps round before they are accumulated in float64
    assert channelwise_deviation(maps, maps).value.tolist() == pytest.approx([-1.0] * 5, abs=1e-6)


def test_flips_compare_with_the_identity() -> None:
    """Two of four members move the arg max; row 0 never counts."""
    logits = torch.tensor([[2.0, 1.0], [1.0, 2.0], [3.0, 0.0], [0.0, 3.0]])[:, None]
    assert flips(logits, logits[0])[:, 0].tolist() == [0, 1, 0, 1]


def test_l2_by_hand() -> None:
    """(0, 0) and (6, 8) are 5 from their mean."""
    assert about_mean(l2_deviation, torch.tensor([[[0.0, 0.0]], [[6.0, 8.0]]]))[:, 0].tolist() == [5.0, 5.0]


def test_cosine_by_hand() -> None:
    """(1, 0) and (0, 1): 45 degrees from their mean."""
    found = about_mean(cosine_deviation, torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]))[:, 0].tolist()
    assert found == pytest.approx([-math.sqrt(0.5)] * 2, abs=1e-12)


def test_dead_channels_are_left_out_and_half_dead_ones_count_as_zero() -> None:
    """Channels: equal, opposite, both zero, one zero → cosines 1, −1, none, 0: value 0, a quarter dead."""
    one, zero = torch.ones(2, 2), torch.zeros(2, 2)
    moved = torch.stack([one, one, zero, one])[None]
    expected = torch.stack([one, -one, zero, zero])[None]
    found = channelwise_deviation(moved, expected)
    assert found.value.item() == pytest.approx(0, abs=1e-7)
    assert found.dead.item() == 0.25


def test_rounding_noise_is_no_signal() -> None:
    """A channel at 1e-8 of the layer's scale is dead, however well its noise correlates."""
    maps = torch.stack([torch.ones(3, 3), 1e-8 * torch.ones(3, 3)])[None]
    found = channelwise_deviation(maps, maps)
    assert found.dead.item() == 0.5


def test_a_layer_without_live_channels_has_no_value() -> None:
    """Nothing was compared, so the row is not −1 and not 0."""
    found = channelwise_deviation(torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2))
    assert math.isnan(found.value.item())
    assert found.finite.all()


def test_infinite_maps_are_reported() -> None:
    """They are no measurement."""
    maps = torch.ones(1, 2, 2, 2)
    assert not channelwise_deviation(maps / 0, maps).finite.all()


@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_latent_measures_ignore_scale_and_rotation_of_the_features(seed: int, scale: float) -> None:
    """Normalised l2 and cosine are unchanged by f → s·Qf with Q orthogonal; 1e-9 relative: float64."""
    f = torch.randn(4, 6, 5, generator=seeded(seed), dtype=torch.float64)
    q = torch.linalg.qr(torch.randn(5, 5, generator=seeded(seed + 1), dtype=torch.float64)).Q
    moved = scale * f @ q
    for deviation, pairs in ((l2_deviation, l2_pairs), (cosine_deviation, cosine_pairs)):
        before = about_mean(deviation, f).mean() / pairs(f[0]).mean()
        after = about_mean(deviation, moved).mean() / pairs(moved[0]).mean()
        assert after.item() == pytest.approx(before.item(), rel=1e-9)


@given(st.integers(0, 10_000), st.permutations(range(6)))
def test_measures_ignore_the_order_of_images_classes_and_elements(seed: int, order: list[int]) -> None:
    """Sums are sums; 1e-12: float64."""
    logits = torch.randn(6, 6, 6, generator=seeded(seed), dtype=torch.float64)
    p = probabilities(logits)
    total = about_mean(divergence, p).mean().item()
    for shuffled in (p[order], p[:, order], p[:, :, order]):
        assert about_mean(divergence, shuffled).mean().item() == pytest.approx(total, abs=1e-12)


@given(st.integers(0, 10_000), st.integers(2, 9), st.floats(0.01, 50))
def test_bounds(seed: int, n: int, sharpness: float) -> None:
    """0 ≤ mean KL ≤ ln n, −1 ≤ cosine ≤ 1, l2 ≥ 0."""
    f = sharpness * torch.randn(n, 3, 7, generator=seeded(seed))
    found = about_mean(divergence, probabilities(f)).mean(dim=0)
    assert (found >= 0).all()
    assert (found <= math.log(n) + 1e-12).all()  # rounding of float64 sums
    assert (about_mean(cosine_deviation, f).abs() <= 1).all()
    assert (about_mean(l2_deviation, f) >= 0).all()


def test_correlation_is_pearsons() -> None:
    """Against numpy's corrcoef, channel by channel, inside and outside a mask; 1e-6: float32 maps."""
    maps = torch.rand(2, 3, 5, 5, generator=seeded(4))
    other = torch.rand(2, 3, 5, 5, generator=seeded(5))
    for support in (torch.ones(5, 5, dtype=torch.bool), disc_mask(5, 5)):
        found = channelwise_correlation(maps * support, other * support, support)
        for b in range(2):
            each = [
                np.corrcoef(maps[b, c][support].numpy(), other[b, c][support].numpy())[0, 1] for c in range(3)
            ]
            assert found.value[b].item() == pytest.approx(-np.mean(each), abs=1e-6)


def test_a_constant_added_to_maps_changes_the_cosine_and_not_the_correlation() -> None:
    """A common mean makes any two maps alike for the cosine; 1e-4: the mean is 100 times the signal."""
    one, other = torch.randn(2, 1, 4, 9, 9, generator=seeded(6))
    everywhere = torch.ones(9, 9, dtype=torch.bool)
    plain = channelwise_correlation(one, other, everywhere).value.item()
    raised = channelwise_correlation(one + 100, other + 100, everywhere).value.item()
    assert raised == pytest.approx(plain, abs=1e-4)
    assert channelwise_deviation(one + 100, other + 100).value.item() < -0.999


def test_constant_maps_have_no_correlation() -> None:
    """A constant channel is dead for the correlation, whatever its rounding; so is a 1×1 map."""
    maps = torch.full((1, 2, 7, 7), 0.1)
    maps[0, 1] = torch.rand(7, 7, generator=seeded(7))
    found = channelwise_correlation(maps, maps, torch.ones(7, 7, dtype=torch.bool))
    assert found.dead.item() == 0.5
    assert found.value.item() == pytest.approx(-1, abs=1e-6)
    assert (
        channelwise_correlation(
            maps[..., :1, :1], maps[..., :1, :1], torch.ones(1, 1, dtype=torch.bool)
        ).dead.item()
        == 1
    )


@pytest.mark.parametrize("tiny", [1e-37, 1e-40, 1.4e-45])
def test_the_smallest_numbers_that_float32_has_are_finite(tiny: float) -> None:
    """A map of them is the same as itself; only a map of zeros says nothing."""
    maps = torch.full((1, 2, 3, 3), tiny)
    found = channelwise_deviation(maps, maps)
    assert found.finite.all()
    assert found.value.item() == pytest.approx(-1, abs=1e-6)
    assert found.dead.item() == 0


@pytest.mark.parametrize("scale", [1e-30, 1e20, float("inf"), float("nan"), 0.0])
def test_what_else_is_in_a_stack_changes_no_digit(scale: float) -> None:
    """Beside maps whose squares vanish or overflow, or that are not finite, a map has the digits that it has alone."""
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.rand(2, 4, 9, 9, generator=generator) for _ in range(2))
    alone = channelwise_deviation(one[:1], other[:1])
    one[1] *= scale
    beside = channelwise_deviation(one, other)
    assert beside.value[0] == alone.value[0]
    assert beside.dead[0] == alone.dead[0]


@pytest.mark.parametrize("order", [2, 4, 8])
def test_copies_as_far_apart_as_images_score_what_the_legend_says(order: int) -> None:
    """√((1 − 1/n)/2): orbits of unrelated images, in so many dimensions that all distances are alike within 1%."""
    copies = torch.randn(60, order, 4096, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    raw = torch.stack([L2.deviation(orbit, orbit.mean(dim=0)).mean() for orbit in copies]).mean()
    distances = torch.cdist(copies[:, 0], copies[:, 0])
    normaliser = distances.sum() / (60 * 59)
    assert (raw / normaliser).item() == pytest.approx(((1 - 1 / order) / 2) ** 0.5, rel=0.01)


def test_two_copies_score_half_their_distance() -> None:
    """Whatever the features are: each of two lies half their distance from their mean."""
    orbit = torch.tensor([[0.0, 3.0], [4.0, 0.0]], dtype=torch.float64)
    assert L2.deviation(orbit, orbit.mean(dim=0)).tolist() == [2.5, 2.5]


def test_the_legend_of_the_distance_has_its_numbers() -> None:
    """0.50 for n = 2 and 0.61 for n = 4 are √((1 − 1/n)/2), to two digits."""
    stated = re.findall(r"([0-9.]+) for n = (\d)", L2.explanation.reading)
    assert len(stated) == 2
    for value, order in stated:
        assert value == f"{((1 - 1 / int(order)) / 2) ** 0.5:.2f}"


@pytest.mark.parametrize("n", [2, 4, 8])
def test_unrelated_predictions_do_not_reach_the_sensitivity(n: int) -> None:
    """Orbits of n predictions as different as those of different images: (1 − 1/n) of it if small, ln n if one-hot."""
    images, classes = 400, 1000
    small = probabilities(0.01 * torch.randn(n, images, classes, generator=seeded(n)))
    part = about_mean(divergence, small).mean() / sensitivity(small[0], small[0].mean(dim=0)).mean()
    # 2%: 400 images, and the mean over them has a part 1/400 of each
    assert part.item() == pytest.approx(1 - 1 / n, rel=0.02)
    chosen = torch.stack(
        [(torch.arange(images) + 37 * g) % classes for g in range(n)]
    )  # no class twice in an orbit
    alone = torch.nn.functional.one_hot(chosen, classes).double()
    assert sensitivity(alone[0], alone[0].mean(dim=0)).mean().item() == pytest.approx(math.log(images))
    assert about_mean(divergence, alone).mean().item() == pytest.approx(math.log(n))
