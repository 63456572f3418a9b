"""benchmarks/rates.py in small: orbits of every overdispersion, paired rates, kinds of images that are rare."""

from itertools import product

import pytest
from scipy import stats

from benchmarks.rates import ORDERS, OVERDISPERSIONS, Kind, Pairs, false_pass, missed, orbits, rare, type_one
from geed_cli.choices import DEFAULT_METHOD

FEW = 60
MANY = pytest.param(2000, marks=pytest.mark.slow)


def at_most(runs: int, share: float) -> float:
    """A share of the runs that true shares of that size exceed once in ten thousand times."""
    return float(stats.binom.ppf(0.9999, runs, share)) / runs


@pytest.mark.parametrize("runs", [FEW, MANY])
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(order, marks=[pytest.mark.slow] * (order not in (ORDERS[0], ORDERS[-1])))
        for order in ORDERS
    ],
)
def test_orbits_are_covered_at_every_overdispersion(order: int, runs: int) -> None:
    """At 50 images, at rates of 1, 20 and 50%."""
    for over, rate in product(OVERDISPERSIONS, (0.01, 0.2, 0.5)):
        assert missed(order, rate, over, 50, runs) <= at_most(runs, 0.05)


def test_orbits_have_the_correlation_that_they_are_drawn_with() -> None:
    """The variance of a row is p(1 − p)(1 + (k − 1)ρ)/k of k elements."""
    import numpy as np

    for over in OVERDISPERSIONS:
        rows = orbits(8, 0.2, over, 40_000, np.random.default_rng(0))
        assert rows.mean() == pytest.approx(0.2, abs=0.01)
        assert rows.var() == pytest.approx(0.16 * (1 + 6 * over) / 7, rel=0.05)


@pytest.mark.parametrize("runs", [FEW, MANY])
@pytest.mark.parametrize(
    ("rate", "overlap", "order", "n"), [(0.02, 0.0, 2, 200), (0.1, 0.5, 4, 50), (0.5, 0.9, 2, 30)]
)
def test_paired_rates(rate: float, overlap: float, order: int, n: int, runs: int) -> None:
    """Equal rates are told apart, and an increase at its limit passes, in at most 5% of runs."""
    worse = Pairs(rate, 1.5 * rate, overlap, order)
    assert type_one(Pairs(rate, rate, overlap, order), n, runs) <= at_most(runs, 0.05)
    assert false_pass(worse, n, runs) <= at_most(runs, 0.025)
    assert false_pass(worse, n, runs, percent=True) <= at_most(runs, 0.025)


@pytest.mark.parametrize("runs", [FEW, MANY])
def test_rare_kinds_need_the_guarantee(runs: int) -> None:
    """2% of images that have 15 times as much: 50 images often have none, which the default cannot know."""
    kind = Kind(0.02, 0.3)
    covered, passed, _ = rare(kind, 50, runs, "bounded")
    assert covered >= 1 - at_most(runs, 0.05)
    assert passed <= at_most(runs, 0.05)
    assert rare(kind, 50, runs, DEFAULT_METHOD)[1] > 0.2
