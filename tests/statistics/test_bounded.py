"""Limits that hold for every distribution in [lo, hi]: a slow second implementation, and coverage where others fail."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geed_cli.statistics.bounded import bounded_limits, bounded_p
from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.difference import difference
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample, RatioSample
from geed_cli.statistics.scale import Scale

UNIT = Scale.bounded(0.0, 1.0)


def mean_of(values: list[float] | np.ndarray, lo: float = 0.0, hi: float = 1.0) -> BoundedMean:
    rows = np.asarray(values, dtype=np.float64)
    return BoundedMean(rows, np.ones(len(rows)), lo, hi)


def capital(rows: list[float], mean: float) -> float:
    """One player for each bet, one row after the other, in plain floats."""
    bets = [(0.5, 1 / mean)]
    bets += [(0.1, min(3 * 2**k / math.sqrt(len(rows)), 1 / mean)) for k in range(5)]
    total = 0.0
    for part, bet in bets:
        won = part
        for row in rows:
            won *= 1 + bet * (row - mean)
        total += won
    return total


@pytest.mark.parametrize("seed", range(4))
def test_limits_agree_with_players_one_by_one(seed: int) -> None:
    """At the lower limit a player who bets on more has 2/α, at the upper one who bets on less; p is 2/capital."""
    rows = np.random.default_rng(seed).beta(1 + seed, 4, size=40)
    low, high = bounded_limits(mean_of(3 * rows - 1, -1.0, 2.0), 0.95)
    low, high = (low + 1) / 3, (high + 1) / 3
    assert capital(rows.tolist(), low) == pytest.approx(40, rel=1e-6)
    assert capital((1 - rows).tolist(), 1 - high) == pytest.approx(40, rel=1e-6)
    for mean in (0.05, 0.3, 0.6):
        most = max(capital(rows.tolist(), mean), capital((1 - rows).tolist(), 1 - mean))
        assert bounded_p(mean_of(rows), mean) == pytest.approx(min(1, 2 / most), rel=1e-6)


def covered(draw: object, truth: float, n: int, runs: int) -> float:
    """The share of runs whose limits hold the true mean."""
    inside = 0
    for run in range(runs):
        made = interval(MeanSample(draw(np.random.default_rng([n, run]), n), UNIT), method="bounded")
        assert made.low is not None
        assert made.high is not None
        inside += made.low <= truth <= made.high
    return inside / runs


CASES = {
    "point mass": (lambda rng, n: np.full_like(rng.random(n), 0.2), 0.2),
    "rare, 0.1%": (lambda rng, n: (rng.random(n) < 0.001) * 1.0, 0.001),
    "rare, 2% beside small values": (lambda rng, n: np.where(rng.random(n) < 0.02, 0.8, 0.01), 0.0258),
    "rare, 5% beside small values": (lambda rng, n: np.where(rng.random(n) < 0.05, 0.6, 0.02), 0.049),
    "beta": (lambda rng, n: rng.beta(0.2, 1.8, size=n), 0.1),
    "half of each": (lambda rng, n: (rng.random(n) < 0.5) * 1.0, 0.5),
}


@pytest.mark.parametrize(
    "case",  # the two that an interval too narrow misses first
    [
        pytest.param(each, marks=[pytest.mark.heavy] * (each[:7] != "rare, 2" and each != "beta"))
        for each in CASES
    ],
)
@pytest.mark.parametrize("n", [pytest.param(30, marks=pytest.mark.slow), 50])
@pytest.mark.parametrize("runs", [150, pytest.param(4000, marks=pytest.mark.slow)])
def test_coverage_is_at_least_nominal(case: str, n: int, runs: int) -> None:
    """Percent of runs at 95%, within the binomial limit of one in a thousand."""
    draw, truth = CASES[case]
    assert covered(draw, truth, n, runs) >= stats.binom.ppf(0.001, runs, 0.95) / runs


@given(rows=st.lists(st.floats(0.0, 1.0), min_size=20, max_size=40))
def test_limits_do_not_depend_on_the_order_and_widen_with_confidence(rows: list[float]) -> None:
    """Nested in the confidence, around the mean, inside [0, 1]."""
    made = [bounded_limits(mean_of(rows), level) for level in (0.5, 0.95, 0.999)]
    assert bounded_limits(mean_of(rows[::-1]), 0.95) == pytest.approx(made[1], abs=1e-10)
    ends = [0.0, *(low for low, _ in reversed(made)), np.mean(rows), *(high for _, high in made), 1.0]
    assert all(one <= other + 1e-10 for one, other in pairwise(ends))


def test_units_of_several_images_bet_with_their_totals() -> None:
    """Ten units of three equal images each say what ten images say."""
    rows = np.random.default_rng(0).random(30)
    once = bounded_limits(mean_of(rows), 0.95)
    thrice = bounded_limits(BoundedMean(3 * rows, np.full(30, 3.0), 0.0, 1.0), 0.95)
    assert thrice == pytest.approx(once)


def test_what_has_no_bound_is_withheld() -> None:
    """A ratio, a divergence without a bound, and their differences: the value, no interval, and why."""
    rows = np.random.default_rng(0).random(30)
    for sample in (RatioSample(rows, rows + 1, True, Scale.log()), MeanSample(rows, Scale.log())):
        for made in (
            interval(sample, method="bounded"),
            difference(MeanSample(rows / 2, UNIT), sample, method="bounded"),
        ):
            assert (made.low, made.high) == (None, None)
            assert "--ci bounded" in made.notes[-1]


def test_rates_of_two_elements_are_exact() -> None:
    """Rows of 0 and 1 have Clopper and Pearson's limits; rows that only happen to be 0 or 1 have not."""
    rows = (np.arange(50) < 5) * 1.0
    expected = stats.binomtest(5, 50).proportion_ci(0.95, "exact")
    made = interval(MeanSample(rows, Scale.rate(1)), method="bounded")
    assert (made.low, made.high) == pytest.approx((expected.low, expected.high))
    several = interval(MeanSample(rows, Scale.rate(3)), method="bounded")
    assert several.low < expected.low
    assert several.high > expected.high


def test_differences_lie_between_the_ranges() -> None:
    """Of cosines a difference lies in [−2, 2]; its p-value and its limits agree."""
    rng = np.random.default_rng(1)
    before, after = rng.uniform(-1, 0, 60), rng.uniform(-0.8, 0.4, 60)
    scale = Scale.bounded(-1.0, 1.0)
    made = difference(MeanSample(before, scale), MeanSample(after, scale), method="bounded")
    expected = bounded_limits(mean_of(after - before, -2.0, 2.0), 0.95)
    assert (made.low, made.high) == pytest.approx(expected)
    at = bounded_limits(mean_of(after - before, -2.0, 2.0), 1.0 - made.p_value)
    assert min(abs(at[0]), abs(at[1])) == pytest.approx(0.0, abs=1e-9)
