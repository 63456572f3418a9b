"""Linear channel maps: planted ones come back, better with less noise and more images; overfitting shows itself."""

import math

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
    noise_images,
    still,
)
from torch import Tensor, nn

from geed_cli.discovery.channel_map import Linear
from geed_cli.discovery.conclusion import verdict
from geed_cli.discovery.discover import Discovered, Discovery
from geed_cli.discovery.regression import PENALTIES, Moments, procrustes, ridge, spectrum


def turning(channels: int, seed: int = 0, skew: float = 0.3) -> Tensor:
    """A representation of C4 that mixes channels: S R^g S⁻¹, R quarter turns of pairs of channels."""
    generator = torch.Generator().manual_seed(seed)
    quarter = torch.block_diag(*[torch.tensor([[0.0, -1.0], [1.0, 0.0]])] * (channels // 2))
    base = torch.eye(channels) + skew * torch.randn(channels, channels, generator=generator) / channels**0.5
    return torch.stack(
        [base @ torch.linalg.matrix_power(quarter, g) @ torch.linalg.inv(base) for g in range(4)]
    )


def error(found: Discovered, truth: Tensor) -> float:
    """‖found − planted‖ / ‖planted‖ over g ≠ e."""
    matrices = torch.stack([m.matrix() for m in found.maps[1:]])
    return float(torch.linalg.vector_norm(matrices - truth[1:]) / torch.linalg.vector_norm(truth[1:]))


def test_a_planted_linear_action_is_recovered() -> None:
    """No noise: the matrices to float32, −1 on other images, and they compose."""
    truth = turning(8)
    found = discover_planted(Planted(truth), noise_images(6, channels=8), "linear", C4)
    # residuals below 1e-7 of the energy are taken for rounding: amplitudes are good to its root, 3e-4
    assert error(found, truth) < 1e-3
    assert found.scores.elements("after")[1:] == pytest.approx([-1.0] * 3, abs=1e-5)
    assert found.defect == pytest.approx(0, abs=1e-6)
    assert verdict(found).kind == "hidden"


def test_the_error_falls_with_the_noise() -> None:
    """It is proportional to it."""
    truth, images = turning(8), noise_images(6, channels=8)
    errors = [
        error(discover_planted(Planted(truth, noise), images, "linear", C4), truth)
        for noise in (1.0, 0.1, 0.01)
    ]
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.3)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.3)


def test_the_error_falls_with_the_images() -> None:
    """As one over the square root of their number: 16 times the images, a quarter of the error."""
    truth = turning(8)
    few, many = (
        error(discover_planted(Planted(truth, 1.0), noise_images(n, size=9, channels=8), "linear", C4), truth)
        for n in (4, 64)
    )
    assert few / many == pytest.approx(4, rel=0.3)


def test_loud_channels_do_not_decide() -> None:
    """Channels of sizes 1 to 10⁴ mixed by the same action in their own units."""
    sizes = torch.logspace(0, 4, 8)
    truth = sizes[:, None] * turning(8) / sizes
    images = [sizes[:, None, None] * x for x in noise_images(6, channels=8)]
    found = discover_planted(Planted(truth), images, "linear", C4)
    assert found.scores.elements("after")[1:] == pytest.approx([-1.0] * 3, abs=1e-4)
    assert found.defect == pytest.approx(0, abs=1e-4)


def test_the_roll_of_a_lifting_convolution_is_also_a_linear_map() -> None:
    """12 channels, ReLU: the permutation matrix, found without being told that it is one."""
    found = discover_network(Lifting(fields=3), noise_images(6), "linear", C4)
    roll = torch.eye(12, dtype=torch.float64)[[4 * k + (s - 1) % 4 for k in range(3) for s in range(4)]]
    # 1e-3: channels of one field are alike, so that rounding is amplified
    assert torch.allclose(found.maps[1].matrix(), roll, atol=1e-3)
    assert verdict(found).kind == "hidden"


def test_orthogonal_maps_are_preferred_where_data_are_few() -> None:
    """A rotation of 40 channels, noise, 2 × 49 pixels: half the free numbers, the smaller error."""
    generator = torch.Generator().manual_seed(1)
    rotation = torch.linalg.qr(torch.randn(40, 40, generator=generator)).Q
    truth = torch.stack([torch.eye(40), rotation])
    found = discover_planted(Planted(truth, 0.3), noise_images(4, size=7, channels=40), "linear", C2)
    assert found.variant == "procrustes"
    exact = torch.linalg.matrix_norm(found.maps[1].matrix() - rotation) / math.sqrt(40)
    assert exact < 0.5


def test_ridge_against_the_normal_equations() -> None:
    """Little noise: the least squares solution. No signal: less than half of what least squares makes of chance."""
    generator = torch.Generator().manual_seed(2)
    noise, y = torch.randn(2, 5, 400, generator=generator, dtype=torch.float64)
    mix = torch.randn(5, 5, generator=generator, dtype=torch.float64)

    def solved(x: Tensor) -> Tensor:
        moments = Moments(x @ y.T, y @ y.T, float((x * x).sum()), 400)
        directions = spectrum(moments.gram, 400)
        fit = ridge(moments, directions)
        return fit.base * torch.eye(5) + fit.left @ directions.basis.T

    clear = mix @ y + 0.1 * noise
    assert torch.allclose(solved(clear), torch.linalg.lstsq(y.T, clear.T).solution.T, atol=2e-3)
    by_chance = torch.linalg.lstsq(y.T, noise.T).solution.T
    away = torch.linalg.matrix_norm(solved(y + noise) - torch.eye(5))
    assert away < 0.5 * torch.linalg.matrix_norm(by_chance)


def test_procrustes_is_orthogonal_and_nearest() -> None:
    """It beats small rotations of itself on its own objective."""
    generator = torch.Generator().manual_seed(3)
    x, y = torch.randn(2, 6, 200, generator=generator, dtype=torch.float64)
    moments = Moments(x @ y.T, y @ y.T, float((x * x).sum()), 200)
    directions = spectrum(moments.gram, 200)
    q = procrustes(moments, directions).left @ directions.basis.T
    assert torch.allclose(q @ q.T, torch.eye(6, dtype=torch.float64), atol=1e-10)
    skew = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    for step in (0.01, -0.01):
        other = q @ torch.matrix_exp(step * (skew - skew.T))
        assert (x - q @ y).square().sum() < (x - other @ y).square().sum()


def test_wide_layers_get_maps_of_low_rank() -> None:
    """300 channels of a random convolution of blurred noise hold 27 numbers a pixel, and fewer matter."""
    torch.manual_seed(0)
    blurred = [nn.functional.avg_pool2d(x, 5, stride=1) for x in noise_images(6, size=21)]
    found = discover_network(nn.Conv2d(3, 300, 3, padding=1, bias=False), blurred, "linear", C4)
    turned = found.maps[1]
    assert isinstance(turned, Linear)
    assert turned.left.shape[1] < 27
    after = mean(found, "after")
    assert after is not None
    # one percent of the variance is not fitted
    assert after < -0.98
    assert any("rank" in note for note in found.notes)


def test_overfitting_shows_on_the_other_half() -> None:
    """60 channels, 2 × 9 pixels, nothing to find: no gain, and a note that data are few."""
    planted = Planted(torch.zeros(2, 60, 60), noise=1.0)
    found = discover_planted(planted, noise_images(4, size=3, channels=60), "linear", C2, still)
    after, null = mean(found, "after"), mean(found, "null_after")
    assert after is not None
    assert null is not None
    # 2 images × 60 channels of 9 pixels: a standard error of 0.03
    assert abs(after) < 0.12
    assert abs(null) < 0.12
    assert any(note.startswith("few data") for note in found.notes)
    assert verdict(found).kind == "neither"


def test_channels_silent_in_an_image_stay_silent() -> None:
    """A linear map predicts no exact zero; a channel that is silent in f(gx) must not count as a miss."""
    generator = torch.Generator().manual_seed(0)
    discovery = Discovery(6, 2, "linear", still)
    for number, x in enumerate(noise_images(12, channels=6)):
        if number == 6:
            discovery.solve()
        x[number % 6] = 0
        exact = x.roll(1, 0)
        moved = exact + 0.1 * torch.randn(exact.shape, generator=generator) * (exact != 0)
        discovery.start(x)
        (discovery.fit if number < 6 else discovery.score)(1, moved, x)
    # noise of 0.1 costs 0.005; a miss in one of six channels would cost 0.17
    assert mean(discovery.outcome(C2), "after") == pytest.approx(-1, abs=0.02)


def test_the_rating_of_a_penalty_is_its_generalised_cross_validation() -> None:
    """Against every penalty's residuals, computed from the data themselves."""
    generator = torch.Generator().manual_seed(4)
    noise, y = torch.randn(2, 7, 40, generator=generator, dtype=torch.float64)
    x = torch.randn(7, 7, generator=generator, dtype=torch.float64) @ y + 3 * noise
    gram = y @ y.T
    largest = torch.linalg.eigvalsh(gram)[-1]

    def by_hand(penalty: Tensor) -> float:
        hat = torch.linalg.solve(gram + penalty * largest * torch.eye(7), y)
        residual = (x - y) - (x - y) @ y.T @ hat
        return float(residual.square().sum() / 40 / (1 - (y.T @ hat).trace() / 40) ** 2)

    found = ridge(Moments(x @ y.T, gram, float((x * x).sum()), 40), spectrum(gram, 40))
    assert found.gcv == pytest.approx(min(by_hand(penalty) for penalty in PENALTIES))


def test_a_random_network_has_no_hidden_linear_action() -> None:
    """Two random layers with ReLU: the maps gain little, so nobody calls them an action."""
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU()
    )
    answer = verdict(discover_network(layers, noise_images(16), "linear", C4))
    assert answer.kind == "neither"
    assert answer.explained["after"] < 0.3
