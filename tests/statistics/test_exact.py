"""Exact limits of rates: scipy's Clopper-Pearson and McNemar, a simulated Gaffke bound, coverage without draws."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.difference import difference
from geed_cli.statistics.exact import exact_limits, exact_p
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale

BINARY = Scale.rate(1)


def mean_of(values: list[float] | np.ndarray, lo: float = 0.0, hi: float = 1.0) -> BoundedMean:
    rows = np.asarray(values, dtype=np.float64)
    return BoundedMean(rows, np.ones(len(rows)), lo, hi, rate=True)


def events(count: int, n: int) -> np.ndarray:
    return (np.arange(n) < count).astype(np.float64)


@pytest.mark.parametrize(("count", "n"), [(0, 50), (1, 20), (3, 50), (25, 50), (50, 50), (17, 1000)])
@pytest.mark.parametrize("confidence", [0.95, 0.9999])
def test_rows_of_0_and_1_have_clopper_and_pearsons_limits(count: int, n: int, confidence: float) -> None:
    """Of a cell, by the default method."""
    expected = stats.binomtest(count, n).proportion_ci(confidence, "exact")
    made = interval(MeanSample(events(count, n), BINARY), confidence=confidence)
    assert (made.low, made.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("count", "n"), [(0, 50), (3, 50), (25, 50), (17, 1000), (1, 20000), (19999, 20000)])
def test_the_integral_is_the_beta_distribution(count: int, n: int) -> None:
    """A row of 1 − 10⁻⁹ takes the general way, which has to agree with the closed one."""
    almost = events(count, n)
    almost[-1] = 1e-9
    low, high = exact_limits(mean_of(almost), 0.95)
    expected = stats.binomtest(count, n).proportion_ci(0.95, "exact")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-8)


@pytest.mark.parametrize(
    ("worse", "better", "same"), [(9, 2, 39), (1, 0, 60), (5, 0, 25), (3, 40, 157), (7, 7, 6), (60, 30, 910)]
)
def test_paired_rates_have_the_exact_mcnemar_test(worse: int, better: int, same: int) -> None:
    """The p-value of no difference is that of a fair coin over the images in which the two differ."""
    before = np.concatenate([np.zeros(worse), np.ones(better), np.zeros(same)])
    after = np.concatenate([np.ones(worse), np.zeros(better), np.zeros(same)])
    made = difference(MeanSample(before, BINARY), MeanSample(after, BINARY))
    assert made.p_value == pytest.approx(stats.binomtest(worse, worse + better).pvalue, rel=1e-9, abs=1e-12)
    assert made.low is not None
    assert (made.low > 0 or made.high < 0) == (made.p_value < 0.05)


def test_equal_rows_leave_open_what_was_missed() -> None:
    """Of n rows of v: up to v + (1 − v)(1 − (α/2)^{1/n}), down to v (α/2)^{1/n}."""
    low, high = exact_limits(mean_of(np.full(50, 0.3)), 0.95)
    missed = 1 - 0.025 ** (1 / 50)
    assert (low, high) == pytest.approx((0.3 - 0.3 * missed, 0.3 + 0.7 * missed), abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_limits_are_quantiles_of_dirichlet_means(seed: int) -> None:
    """40,000 draws of the weights, the rows and one more at the bound: the limits' own tails within 4.5 errors."""
    rng = np.random.default_rng(seed)
    rows = rng.binomial(7, rng.beta(0.4, 1.6, size=30)) / 7
    low, high = exact_limits(mean_of(rows), 0.9)
    weights = rng.dirichlet(np.ones(31), size=40_000)
    above, below = weights @ np.append(rows, 1.0), weights @ np.append(rows, 0.0)
    error = 4.5 * math.sqrt(0.05 * 0.95 / 40_000)
    assert np.mean(above > high) == pytest.approx(0.05, abs=error)
    assert np.mean(below < low) == pytest.approx(0.05, abs=error)


ROWS = st.lists(st.sampled_from([k / 4 for k in range(5)]), min_size=20, max_size=40)


@given(rows=ROWS)
def test_limits_do_not_depend_on_the_order_and_widen_with_confidence(
    rows: list[float],
) -> None:
    """Nested in the confidence, around the mean, inside [0, 1]; turned round for 1 − v."""
    shuffled = sorted(rows)
    made = [exact_limits(mean_of(rows), level) for level in (0.5, 0.95, 0.999)]
    assert exact_limits(mean_of(shuffled), 0.95) == pytest.approx(made[1], abs=1e-12)
    ends = [0.0, *(low for low, _ in reversed(made)), np.mean(rows), *(high for _, high in made), 1.0]
    assert all(one <= other + 1e-12 for one, other in pairwise(ends))
    turned = exact_limits(mean_of(1.0 - np.array(rows)), 0.95)
    assert (1.0 - turned[1], 1.0 - turned[0]) == pytest.approx(made[1], abs=1e-12)


@given(
    rows=st.lists(st.sampled_from([-1.0, 0.0, 0.0, 0.5, 1.0]), min_size=20, max_size=40),
    null=st.floats(-0.9, 0.9),
)
def test_p_value_and_limits_agree(rows: list[float], null: float) -> None:
    """A value lies outside the 1 − α limits exactly where its p-value is below α."""
    mean = mean_of(rows, -1.0, 1.0)
    p = exact_p(mean, null)
    if not 1e-9 < p < 1.0:
        return
    for alpha, outside in ((p * 1.001, True), (p * 0.999, False)):
        low, high = exact_limits(mean, 1.0 - alpha)
        assert (null < low or null > high) == outside


def sums(order: int, rate: float, overdispersion: float, n: int) -> np.ndarray:
    """The distribution of the number of flips in n orbits: the n-fold convolution of the beta-binomial."""
    trials = order - 1
    if overdispersion == 0.0:
        one = stats.binom.pmf(np.arange(trials + 1), trials, rate)
    elif overdispersion == 1.0:
        one = np.zeros(trials + 1)
        one[[0, -1]] = 1 - rate, rate
    else:
        spread = 1 / overdispersion - 1
        one = stats.betabinom.pmf(np.arange(trials + 1), trials, rate * spread, (1 - rate) * spread)
    return np.clip(
        np.fft.irfft(np.fft.rfft(one, 2 * n * trials) ** n, 2 * n * trials)[: n * trials + 1], 0, 1
    )


@pytest.mark.parametrize("n", [30, 50, 200, 1000])
def test_rates_of_two_elements_are_covered_at_every_rate(n: int) -> None:
    """No simulation: the probabilities of all counts, at 400 rates from 0.05 to 50%; never below the nominal 95%."""
    counts = np.arange(n + 1)
    made = [interval(MeanSample(events(int(k), n), BINARY)) for k in counts]
    limits = np.array([(each.low, each.high) for each in made])
    for rate in np.geomspace(0.0005, 0.5, 400):
        inside = (limits[:, 0] <= rate) & (rate <= limits[:, 1])
        assert stats.binom.pmf(counts, n, rate)[inside].sum() >= 0.95
