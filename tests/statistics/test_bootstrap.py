"""Resamples: distinct-pair weights, pairing, and the substitute for a missing distance matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.statistics.bootstrap import percentile_limits, replicates, weight_blocks, weighted_normaliser
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows, row_means_of
from geed_cli.statistics.scale import Scale


def distances(n: int, seed: int = 0) -> np.ndarray:
    f = np.random.default_rng(seed).normal(size=(n, 4))
    return np.linalg.norm(f[:, None] - f[None], axis=2)


def test_duplicates_are_not_pairs() -> None:
    """Drawn images 0, 0, 1 of three: the pairs are (0, 1) twice, not the duplicate at distance 0."""
    d = np.array([[0.0, 5.0, 7.0], [5.0, 0.0, 9.0], [7.0, 9.0, 0.0]])
    sample = RatioSample(np.ones(3), row_means_of(d), True, Scale.log(), d)
    assert weighted_normaliser(np.array([[2.0, 1.0, 0.0]]), sample) == pytest.approx([5.0])
    assert weighted_normaliser(np.array([[1.0, 1.0, 1.0]]), sample) == pytest.approx([7.0])


def test_weights_depend_on_seed_size_and_stream_alone() -> None:
    """Every row sums to n; other seeds and streams differ; more resamples begin with the fewer."""
    w = np.concatenate(list(weight_blocks(50, 300, 7)))
    assert w.shape == (300, 50)
    assert (w.sum(axis=1) == 50).all()
    assert (np.concatenate(list(weight_blocks(50, 100, 7))) == w[:100]).all()
    assert (np.concatenate(list(weight_blocks(50, 300, 8))) != w).any()
    assert (np.concatenate(list(weight_blocks(50, 300, 7, stream=1))) != w).any()


def test_large_samples_come_in_blocks() -> None:
    """Beyond the block size the weights arrive in several blocks and still sum to n."""
    blocks = list(weight_blocks(400_000, 5, 0))
    assert [len(b) for b in blocks] == [2, 2, 1]
    assert all((b.sum(axis=1) == 400_000).all() for b in blocks)


def test_cells_of_a_run_share_their_resamples() -> None:
    """Replicates of a sum are the sums of replicates, also where one cell lost an image."""
    rng = np.random.default_rng(0)
    a, b = rng.random(40), rng.random(40)
    drawn = [replicates(finite_rows(MeanSample(v, Scale.identity())), 200, 1) for v in (a, b, a + b)]
    assert drawn[0] + drawn[1] == pytest.approx(drawn[2])
    holed = a.copy()
    holed[5] = np.nan
    lost = replicates(finite_rows(MeanSample(holed, Scale.identity())), 200, 1)
    assert np.corrcoef(lost, drawn[0])[0, 1] > 0.95


@pytest.mark.parametrize("n", [30, 100])
def test_row_means_stand_in_for_distances(n: int) -> None:
    """The additive substitute gives M* draw by draw but for the pair term, and its spread."""
    d = distances(n)
    full = RatioSample(np.ones(n), row_means_of(d), True, Scale.log(), d)
    saved = RatioSample(np.ones(n), row_means_of(d), True, Scale.log())
    w = np.concatenate(list(weight_blocks(n, 4000, 0)))
    exact, additive = weighted_normaliser(w, full), weighted_normaliser(w, saved)
    assert (
        np.corrcoef(exact, additive)[0, 1] ** 2 > 1.0 - 4.0 / n
    )  # the pair term's share of the variance is O(1/n)
    assert additive.std() == pytest.approx(exact.std(), rel=2.0 / n + 0.02)
    assert additive.mean() == pytest.approx(exact.mean(), rel=1.0 / n)


def test_distinct_pair_weights_are_unbiased() -> None:
    """The mean of M* is M; counting duplicates at distance 0 gives M (1 − 1/n)² instead."""
    d = distances(30)
    sample = RatioSample(np.ones(30), row_means_of(d), True, Scale.log(), d)
    w = np.concatenate(list(weight_blocks(30, 20_000, 0)))
    drawn = weighted_normaliser(w, sample)
    m = row_means_of(d).mean()
    assert drawn.mean() == pytest.approx(m, abs=4 * drawn.std() / np.sqrt(20_000))  # 4 Monte Carlo errors
    naive = np.einsum("bi,ij,bj->b", w, d, w).mean() / 30**2
    assert naive == pytest.approx(m * (1 - 1 / 30) ** 2, rel=0.005)


def test_percentile_limits_are_quantiles_of_the_runs_resamples() -> None:
    """The interval reads the resamples of the seed it was given, not others."""
    sample = MeanSample(np.random.default_rng(0).random(40), Scale.identity())
    made = interval(sample, method="percentile", resamples=500, seed=3)
    drawn = replicates(finite_rows(sample), 500, 3)
    assert (made.low, made.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=60),
    st.floats(1e-12, 1.0, exclude_max=True),
)
def test_limits_of_ordered_replicates_are_numpy_s_digit_for_digit(
    values: list[float], confidence: float
) -> None:
    """Whatever they are, and as close to 1 as p-values go."""
    tail = (1.0 - confidence) / 2.0
    expected = tuple(np.quantile(values, [tail, 1.0 - tail]))
    assert percentile_limits(np.sort(values), confidence) == expected


def test_limits_of_replicates_that_are_not_numbers_are_none() -> None:
    """As numpy's; and of none at all."""
    assert np.isnan(percentile_limits(np.sort(np.array([1.0, np.nan, 0.0])), 0.95)).all()
    assert np.isnan(percentile_limits(np.array([]), 0.95)).all()


def test_studentized_errors_see_the_common_part_of_numerator_and_normaliser() -> None:
    """Where v follows the image's own distances, studentized limits are as narrow as the default's."""
    d = distances(200)
    r = row_means_of(d)
    sample = RatioSample(r + 0.02 * np.random.default_rng(0).random(200), r, True, Scale.log(), d)
    studentized, usual = (interval(sample, method=m) for m in ("studentized", "corrected-t"))
    assert studentized.width == pytest.approx(usual.width, rel=0.1)  # 5 Monte Carlo errors of both ends
