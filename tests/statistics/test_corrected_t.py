"""The default interval's two corrections: where they vanish, which way they go, and that nothing jumps."""

import math

import numpy as np
import pytest
from scipy import stats

from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.jackknife_t import corrected_t_limits, effective_freedom
from geed_cli.statistics.scale import Scale

PLAIN = Scale.identity()


def of(rows: np.ndarray) -> Estimate:
    """The estimate of a mean of these rows."""
    return Estimate(float(rows.mean()), (rows - rows.mean(),), (len(rows),))


def test_light_symmetric_rows_get_students_interval() -> None:
    """No skewness and no tails to correct for: mean ± t_{n−1} s/√n."""
    v = np.linspace(-1.0, 1.0, 30)
    low, high = corrected_t_limits(of(v), PLAIN, 0.95)
    assert (low, high) == pytest.approx(
        stats.t.interval(0.95, 29, loc=0.0, scale=v.std(ddof=1) / math.sqrt(30))
    )


def test_freedom_of_heavy_symmetric_rows() -> None:
    """Fourteen 0s, twelve ±1 and four ±3: κ = 4.375 by hand, and 1/ν = 1/29 + 2(κ′ − 3)/30."""
    v = np.repeat([0.0, 1.0, -1.0, 3.0, -3.0], [14, 6, 6, 2, 2])  # m2 = 48/30, m4 = 336/30
    kurtosis = (336 / 30) / (48 / 30) ** 2  # 4.375
    excess = kurtosis * (1 + 2 * kurtosis / 30) - 3
    assert effective_freedom(of(v)) == pytest.approx(1 / (1 / 29 + 2 * excess / 30))


def test_two_values_have_no_tails_beyond_their_skewness() -> None:
    """κ = 1 + γ² for rows with two values (Pearson's bound): the mean tells all about the variance."""
    v = np.repeat([0.0, 1.0], [160, 40])  # κ′ = 3.36 is above 3, κ′ − γ² = 1.11 is not
    assert effective_freedom(of(v)) == pytest.approx(199.0)


def test_one_far_image_leaves_three_degrees_of_freedom() -> None:
    """The bound holds for the heaviest tails that n rows can have, on both sides at once."""
    v = np.zeros(40)
    v[0], v[1] = 1.0, -1.0
    assert effective_freedom(of(v)) == pytest.approx(3.0)


def test_skewness_moves_both_ends_the_same_way() -> None:
    """Rows skewed to the right: the value is likelier too low, so both limits lie higher; mirrored rows mirror."""
    v = np.random.default_rng(3).exponential(size=60)
    estimate = of(v)
    low, high = corrected_t_limits(estimate, PLAIN, 0.95)
    reach = stats.t.ppf(0.975, effective_freedom(estimate)) * estimate.standard_error
    assert low > estimate.value - reach
    assert high > estimate.value + reach
    assert corrected_t_limits(of(-v), PLAIN, 0.95) == pytest.approx((-high, -low))


def test_limits_are_continuous_in_the_skewness() -> None:
    """Where an end turns from moving inwards to moving outwards there is no step."""
    z = np.linspace(-1.5, 1.5, 50)
    bends = np.linspace(-0.3, 0.3, 601)  # through 0, where the two ends change their parts
    ends = np.array([corrected_t_limits(of(z + bend * (z * z - 0.78)), PLAIN, 0.95) for bend in bends])
    assert (
        np.abs(np.diff(ends, axis=0)).max() < 0.005
    )  # limits move at most 2 per unit of bend; a step is larger


@pytest.mark.parametrize("scale", [PLAIN, Scale.log()])
def test_more_confidence_is_never_a_shorter_interval(scale: Scale) -> None:
    """Limits move outwards with the confidence and never past the value, also for one far image in twenty."""
    for v in (np.random.default_rng(5).lognormal(sigma=1.5, size=40), np.repeat([1.0, 50.0], [19, 1])):
        low, high = np.array([corrected_t_limits(of(v), scale, c) for c in np.linspace(0.02, 0.999, 200)]).T
        assert (np.diff(low) <= 1e-12).all()
        assert (np.diff(high) >= -1e-12).all()
        assert (low <= v.mean() + 1e-12).all()  # exp(ln v) is v up to rounding
        assert (high >= v.mean() - 1e-12).all()
