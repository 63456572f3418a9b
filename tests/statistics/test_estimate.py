"""The closed-form jackknife against leaving every image out by hand."""

import numpy as np
import pytest

from geed_cli.statistics.estimate import additive_parts, estimate, normalisers_without_one
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows, row_means_of
from geed_cli.statistics.scale import Scale


def distances(n: int, seed: int = 0) -> np.ndarray:
    f = np.random.default_rng(seed).lognormal(size=(n, 4))
    return np.linalg.norm(f[:, None] - f[None], axis=2)


def pair_mean(d: np.ndarray) -> float:
    return float(d[np.triu_indices(len(d), 1)].mean())


def test_normaliser_without_an_image() -> None:
    """M₍₋ᵢ₎ from row means equals the mean over the pairs that are left."""
    d = distances(25)
    brute = [pair_mean(np.delete(np.delete(d, i, 0), i, 1)) for i in range(25)]
    ratio = RatioSample(np.ones(25), row_means_of(d), True, Scale.log())
    assert normalisers_without_one(ratio) == pytest.approx(np.array(brute), rel=1e-12)  # rounding


def test_shared_ratio_jackknife() -> None:
    """Value, variance and deviations of mean(v)/M equal leave-one-out by brute force."""
    d, v = distances(25), np.random.default_rng(1).random(25)
    brute = np.array(
        [np.delete(v, i).mean() / pair_mean(np.delete(np.delete(d, i, 0), i, 1)) for i in range(25)]
    )
    result = estimate(finite_rows(RatioSample(v, row_means_of(d), True, Scale.log())))
    assert result.value == pytest.approx(v.mean() / pair_mean(d))
    assert result.variance == pytest.approx(24 / 25 * ((brute - brute.mean()) ** 2).sum(), rel=1e-10)
    assert result.deviations[0] == pytest.approx(24 * (brute.mean() - brute), abs=1e-10)


def test_separate_normaliser_adds_its_own_variance() -> None:
    """Two independent samples: the jackknife variances of each add up."""
    d, v = distances(30), np.random.default_rng(1).random(25)
    result = estimate(finite_rows(RatioSample(v, row_means_of(d), False, Scale.log())))
    m = np.array([pair_mean(np.delete(np.delete(d, i, 0), i, 1)) for i in range(30)])
    by_values = v.var(ddof=1) / 25 / pair_mean(d) ** 2
    by_normaliser = 29 / 30 * ((v.mean() / m - (v.mean() / m).mean()) ** 2).sum()
    assert result.variance == pytest.approx(by_values + by_normaliser, rel=1e-10)


def test_mean_has_the_textbook_standard_error() -> None:
    """The jackknife of a mean is s/√n."""
    v = np.random.default_rng(1).random(25)
    result = estimate(finite_rows(MeanSample(v, Scale.identity())))
    assert result.standard_error == pytest.approx(v.std(ddof=1) / 5.0)


def test_additive_parts_keep_the_row_means() -> None:
    """The additive matrix a_i + a_j has the row means that it was made from."""
    r = row_means_of(distances(25))
    a = additive_parts(RatioSample(np.ones(25), r, True, Scale.log()))
    assert row_means_of(a[:, None] + a[None, :]) == pytest.approx(r, rel=1e-12)


def test_acceleration_is_that_of_the_jackknife() -> None:
    """Σu³ / (6 (Σu²)^1.5), the constant of BCa, for a mean."""
    v = np.random.default_rng(1).exponential(size=40)
    u = v - v.mean()
    result = estimate(finite_rows(MeanSample(v, Scale.identity())))
    assert result.acceleration == pytest.approx((u**3).sum() / (6 * (u**2).sum() ** 1.5))
