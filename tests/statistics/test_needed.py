"""How many images: by hand, in agreement with the forecast of every report, and ranges that hold the truth."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.plan import FACTOR, holds, plans, truth
from geed_cli.statistics.difference import Difference
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.needed import (
    End,
    half_width,
    images_for_power,
    images_for_width,
    images_without_events,
    rate_spread_limits,
    spread_limits,
)
from geed_cli.statistics.sample import MeanSample, finite_rows
from geed_cli.statistics.scale import Scale

STILL = (1.0, 1.0)


def test_half_the_width_takes_four_times_the_images() -> None:
    """And a spread between 0.8 and 1.5 of the pilot's as much less and more."""
    found = images_for_width((0.1, 0.3), 0.1, 60, (0.8, 1.5), 0.2)
    assert (found.images, found.low, found.high) == (240, 192, 360)
    assert images_for_width((0.1, 0.3), 10.0, 60, STILL, 0.2).images == 20


def test_what_few_images_add_to_a_width_is_in_the_range_alone() -> None:
    """A pilot's interval of 0.2 that would be 0.18 of many images: 60 (0.18/0.1)² = 195 at the least."""
    found = images_for_width((0.1, 0.3), 0.1, 60, STILL, 0.18)
    assert (found.images, found.low, found.high) == (240, 195, 240)


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.02, -0.01, 0.05), (-0.03, -0.09, 0.01), (0.5, -0.1, 0.9)]
)
def test_at_power_one_half_it_is_the_forecast_of_reports(value: float, low: float, high: float) -> None:
    """n(h/d)², by two functions that share nothing."""
    reach = value - low if value > 0 else high - value
    end = End(abs(value), reach, (high - low) / 4, 0.95)
    found = images_for_power([end], 50, 0.5, STILL, ())
    assert found.images == images_to_decide(Difference(value, low, high, None), 50)
    assert found.images == math.ceil(50 * (reach / abs(value)) ** 2)


def test_power_of_a_one_sided_z_test() -> None:
    """The textbook's n = ((z_0.975 + z_0.8) σ/δ)², 7.849 (σ/δ)²: 196.2 for σ/δ = 5."""
    error = 1.0 / math.sqrt(50)
    end = End(0.2, 1.959964 * error, error, 0.95)
    assert images_for_power([end], 50, 0.8, STILL, ()).images == 197


def test_two_ends_need_more_than_either() -> None:
    """Of an estimate in the middle both have to be passed with (1 + 0.8)/2: ((1.96 + 1.2816) σ/δ)² = 262.7."""
    error = 1.0 / math.sqrt(50)
    end = End(0.2, 1.959964 * error, error, 0.95)
    assert images_for_power([end, end], 50, 0.8, STILL, ()).images == 263


def test_an_estimate_that_may_be_beyond_has_no_most() -> None:
    """The interval of the distance reaches the limit: nobody knows of a number that does; beyond it, of none."""
    end = End(0.1, 0.2, 0.1, 0.95)
    found = images_for_power([end], 50, 0.8, STILL, (0.2, -0.2))
    assert found.images is not None
    assert found.low is not None
    assert found.low < found.images
    assert found.high is None
    beyond = images_for_power([end.moved(-0.15)], 50, 0.8, STILL, (0.2, -0.2))
    assert beyond.images is None
    assert beyond.low is not None


def test_the_spread_of_a_rate_follows_from_the_rate() -> None:
    """P(1 − p) over its interval, whose largest value is 1/4."""
    assert rate_spread_limits(0.1, (0.05, 0.2)) == pytest.approx((0.0475 / 0.09, 0.16 / 0.09))
    assert rate_spread_limits(0.4, (0.3, 0.6)) == pytest.approx((0.21 / 0.24, 0.25 / 0.24))
    assert rate_spread_limits(0.1, (0.0, 0.2)) == pytest.approx((0.01, 0.16 / 0.09))


def test_an_end_without_an_error_passes_or_does_not() -> None:
    """Where nothing varies the chance is 0 or 1."""
    end = End(0.1, 0.2, 0.0, 0.95)
    assert [end.chance(grown) for grown in (1.0, 2.0)] == [0.0, 1.0]


def test_what_was_never_seen_shrinks_as_one_over_n() -> None:
    """0 of 50: the limit 0.071 is 0.0071 of ten times as many, and the first event changes that."""
    found = images_without_events(50, 10.0)
    assert (found.images, found.low, found.high) == (500, 500, None)
    exact = [1 - 0.025 ** (1 / n) for n in (50, 500)]
    assert exact[0] / exact[1] == pytest.approx(10, rel=0.05)


def test_images_without_a_row_are_none_of_the_spread() -> None:
    """Two rows lost: the same limits as without these images."""
    values = np.random.default_rng(0).gamma(2.0, 1.0, 40)
    whole = estimate(finite_rows(MeanSample(values, Scale.log())))
    holes = estimate(finite_rows(MeanSample(np.concatenate([values, [np.nan, np.nan]]), Scale.log())))
    assert spread_limits(holes) == pytest.approx(spread_limits(whole))
    assert spread_limits(Estimate(1.0, (np.array([1.0, -1.0] * 20),), (40,))) == (1.0, 1.0)
    assert half_width(0.5, 0.95) == pytest.approx(0.979982)


@pytest.mark.parametrize("pilots", [60, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "kind",
    [
        "normal",
        "flips, rate 10%",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("gamma, shape 4", "exponential")),
    ],
)
@pytest.mark.heavy
def test_ranges_hold_the_number(kind: str, pilots: int) -> None:
    """In at least 90% of pilots of 50 images, of a width, a limit at power 80%, and a margin."""
    aim = truth(kind, FACTOR * 50, max(300, pilots), 3)
    found = [plans(kind, 50, aim, 1000 + run) for run in range(pilots)]
    for name in ("width", "limit", "margin"):
        hits = [holds(each[name], FACTOR * 50) for each in found if name in each]
        assert sum(hits) >= stats.binom.ppf(0.001, len(hits), 0.9)
