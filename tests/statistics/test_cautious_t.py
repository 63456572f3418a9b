"""The cautious interval for claims that hold together: never narrower inwards than half of what the skewness says."""

import numpy as np
import pytest

from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.jackknife_t import cautious_t_limits, corrected_t_limits, whole_freedom
from geed_cli.statistics.sample import MeanSample, finite_rows
from geed_cli.statistics.scale import Scale


def estimate_of(rows: np.ndarray) -> Estimate:
    return estimate(finite_rows(MeanSample(rows, Scale.identity())))


def test_symmetric_rows_get_students_t() -> None:
    """Rows and their mirror image have no skewness: mean ± t s/√n with the tabled t, ν = n − 1 for κ ≤ 3."""
    rows = np.repeat([-1.0, 1.0], 25)
    low, high = cautious_t_limits(estimate_of(rows), Scale.identity(), 0.95)
    expected = 2.009575 * rows.std(ddof=1) / np.sqrt(50)  # t of 49 degrees of freedom
    assert [low, high] == pytest.approx([-expected, expected], rel=1e-5)


@pytest.mark.parametrize("confidence", [0.99, 0.999])
def test_it_gives_less_width_away_than_the_default_far_out(confidence: float) -> None:
    """The inner end of skewed rows lies farther from the value at every joint level."""
    rows = np.exp(np.random.default_rng(0).normal(size=60))
    found = estimate_of(rows)
    cautious, plain = (
        limits(found, Scale.identity(), confidence) for limits in (cautious_t_limits, corrected_t_limits)
    )
    assert cautious[0] < plain[0] < found.value


def test_heavy_tails_leave_few_degrees_of_freedom() -> None:
    """ν falls with the kurtosis, from n − 1 to 3."""
    light = whole_freedom(estimate_of(np.repeat([-1.0, 1.0], 30)))
    heavy = whole_freedom(estimate_of(np.append(np.zeros(59), 1.0)))
    assert light == pytest.approx(59)
    assert heavy == pytest.approx(3)
