"""Standardised paired differences: by hand, whatever the number of images, and intervals that hold the truth."""

import math

import numpy as np
import pytest
from scipy import stats

from geed_cli.statistics.difference import Paired
from geed_cli.statistics.effect import Effect, effect_of
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.sample import MeanSample, finite_rows
from geed_cli.statistics.scale import Scale


def of(differences: np.ndarray) -> Effect | None:
    """The effect of paired rows that differ by these."""
    zero = np.where(np.isfinite(differences), 0.0, np.nan)
    pair = (finite_rows(MeanSample(each, Scale.identity())) for each in (zero, differences))
    estimate = Paired.of(*pair).estimate
    return None if estimate is None else effect_of(estimate, 0.95)


def test_the_mean_over_the_standard_deviation() -> None:
    """Ddof 1, as everywhere; ten times the same images have nearly the same effect, and a narrower interval."""
    drawn = np.random.default_rng(0).normal(0.3, 1.0, 40)
    once, often = of(drawn), of(np.tile(drawn, 10))
    assert once is not None
    assert often is not None
    assert once.value == pytest.approx(drawn.mean() / drawn.std(ddof=1))
    assert often.value == pytest.approx(once.value, rel=0.02)
    assert once.limits is not None
    assert often.limits is not None
    assert (often.limits[1] - often.limits[0]) < 0.4 * (once.limits[1] - once.limits[0])


def test_lost_images_change_nothing() -> None:
    """A row without a value is none of the n."""
    drawn = np.random.default_rng(1).normal(0.3, 1.0, 40)
    whole, holes = of(drawn), of(np.append(drawn, np.nan))
    assert whole is not None
    assert holes is not None
    assert (holes.value, *(holes.limits or ())) == pytest.approx((whole.value, *(whole.limits or ())))


def test_where_there_is_none() -> None:
    """All images differ alike; of two sets of images there is a value alone."""
    assert of(np.full(30, 0.2)) is None
    u = np.random.default_rng(2).normal(size=30)
    two = effect_of(Estimate(0.1, (u, u), (30, 30)), 0.95)
    assert two is not None
    assert two.limits is None
    assert two.value == pytest.approx(0.1 / math.sqrt(30 * 2 * float(u @ u) / (30 * 29)))


@pytest.mark.parametrize("repetitions", [200, pytest.param(4000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("draw", "truth", "level"),
    [
        (lambda rng: rng.normal(0.5, 1.0, 50), 0.5, 0.94),
        (lambda rng: rng.exponential(1.0, 50), 1.0, 0.90),
        (lambda rng: rng.gamma(2.0, 1.0, 50), math.sqrt(2.0), 0.93),
        (lambda rng: rng.normal(0.0, 1.0, 50), 0.0, 0.94),
    ],
)
def test_coverage(draw: object, truth: float, level: float, repetitions: int) -> None:
    """Of 50 images: 96% of normal differences, with and without an effect, 93% of gamma ones, 90% of exponential."""
    held = 0
    for run in range(repetitions):
        found = of(draw(np.random.default_rng([4, run])))  # type: ignore[operator]
        assert found is not None
        assert found.limits is not None
        held += found.limits[0] <= truth <= found.limits[1]
    assert held >= stats.binom.ppf(0.001, repetitions, level)
