"""The calibration error against loops by hand, and how often its limits hold the truth."""

import math

import numpy as np
import pytest

from geed_cli.choices import IntervalOptions
from geed_cli.statistics.calibration import Calibration
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import Weighting

OPTIONS = IntervalOptions()


def drawn(n: int, seed: int, gap: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities to four decimals, and answers that are right that much less often."""
    rng = np.random.default_rng(seed)
    p = np.round(rng.uniform(0.3, 1, n), 4)
    return p, (rng.uniform(size=n) < p - gap).astype(float)


def by_loop(p: np.ndarray, right: np.ndarray, bins: int, weights: np.ndarray | None = None) -> float:
    """Σ w_b |p̄_b − a_b| over even parts of the sorted pictures, with no ties."""
    w = np.ones(len(p)) if weights is None else weights
    total, order = 0.0, sorted(range(len(p)), key=lambda i: p[i])
    for b in range(bins):
        of = order[math.ceil(len(p) * b / bins) : math.ceil(len(p) * (b + 1) / bins)]
        mean = sum(w[i] * p[i] for i in of) / sum(w[i] for i in of)
        total += sum(w[i] for i in of) * abs(mean - sum(w[i] * right[i] for i in of) / sum(w[i] for i in of))
    return total / sum(w)


@pytest.mark.parametrize(("n", "bins"), [(10, 1), (79, 1), (80, 2), (207, 5), (599, 14), (2000, 15)])
def test_the_value_is_the_sum_over_bins(n: int, bins: int) -> None:
    """One for every 40, 1 to 15; weighted, too."""
    rng = np.random.default_rng(n)
    p, right = rng.permutation(np.linspace(0.3, 1, n)), rng.integers(0, 2, n).astype(float)
    assert Calibration(p, right).error(OPTIONS).value == pytest.approx(by_loop(p, right, bins))
    weights = rng.uniform(1, 2, n)
    weighted = Calibration(p, right, weighting=Weighting(weights)).error(OPTIONS)
    assert weighted.value == pytest.approx(by_loop(p, right, bins, weights))


def test_two_bins_by_hand() -> None:
    """40 at 0.6 of which 30 are right, 40 at 0.9 of which 30 are: (0.15 + 0.15)/2; limits of each at 97.5%."""
    p = np.repeat([0.9, 0.6], 40)
    right = np.tile(np.repeat([1.0, 0.0], [30, 10]), 2)
    found = Calibration(p, right).error(OPTIONS)
    assert found.value == pytest.approx(0.15)
    low, high = 0.0, 0.0
    for level in (0.9, 0.6):
        each = interval(MeanSample((p - right)[p == level], Scale("rate", -1, 1)), confidence=0.975)
        assert each.low is not None
        assert each.high is not None
        low += 0.5 * (0 if each.low <= 0 <= each.high else min(abs(each.low), abs(each.high)))
        high += 0.5 * max(abs(each.low), abs(each.high))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert low < 0.15 < high


def test_order_and_ties_decide_nothing() -> None:
    """Most probabilities alike: bins that would be cut within them are one."""
    rng = np.random.default_rng(0)
    p = np.concatenate([np.full(90, 0.99), np.linspace(0.3, 0.9, 30)])
    right = (rng.uniform(size=120) < 0.7).astype(float)
    found = Calibration(p, right).error(OPTIONS)
    assert found.value == pytest.approx(
        (90 * abs(0.99 - right[:90].mean()) + 30 * abs(p[90:].mean() - right[90:].mean())) / 120
    )
    order = rng.permutation(120)
    again = Calibration(p[order], right[order]).error(OPTIONS)
    assert (again.value, again.low, again.high) == pytest.approx((found.value, found.low, found.high))
    sure = Calibration(np.ones(50), np.ones(50)).error(OPTIONS)
    assert (sure.value, sure.low) == (0.0, 0.0)
    assert sure.high is not None
    assert 0 < sure.high < 0.2


def test_too_few_have_no_limits() -> None:
    """Below 20 pictures, or clusters, whose bins are counted by them."""
    p, right = drawn(19, 0)
    few = Calibration(p, right).error(OPTIONS)
    assert (few.low, few.high) == (None, None)
    assert few.notes == ("interval withheld: 19 images, at least 20 needed",)
    p, right = drawn(190, 0)
    assert Calibration(p, right, np.arange(190) // 10).error(OPTIONS).low is None
    pairs = Calibration(p, right, np.arange(190) // 2).error(OPTIONS)
    assert pairs.low is not None
    assert pairs.value == pytest.approx(by_loop(p, right, 2), abs=0.01)  # p has ties


@pytest.mark.heavy
@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_limits_hold_the_truth(gap: float) -> None:
    """Of 100 draws of 120 pictures, whose bins all have that gap, at least 95 hold it; they are wide: nearly all do."""
    held = 0
    for seed in range(100):
        found = Calibration(*drawn(120, seed, gap)).error(OPTIONS)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= gap <= found.high
    assert held >= 95
