"""Limits for claims far beyond 95%, as those that must hold together are: the corrected t with its caution left in.

The same cubic as ``corrected_t``, inverted at ±t, but an end that the skewness moves inwards is moved only halfway, and
degrees of freedom count the whole kurtosis: at one chance in a thousand, the skewness of few images promises too much.
"""

from scipy.special import stdtrit

from geed_cli.statistics.corrected_t import combined_freedom, inverse_cubic
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.scale import Array, Scale

FEWEST_FREEDOM = 3.0


def cautious_t_limits(estimate: Estimate, scale: Scale, confidence: float) -> tuple[float, float]:
    """Limits of a value in the interior of its scale."""
    se = estimate.standard_error
    half = se * float(scale.slope(estimate.value))
    centre = float(scale.forward(estimate.value))
    t = float(stdtrit(whole_freedom(estimate), (1.0 + confidence) / 2.0))
    a = estimate.acceleration
    b = 2.0 * a + se * scale.bend(estimate.value) / 2.0
    up, down = -inverse_cubic(-t, a, b), inverse_cubic(t, a, b)
    return scale.inverse(centre - _cautious(down, t) * half), scale.inverse(centre + _cautious(up, t) * half)


def whole_freedom(estimate: Estimate) -> float:
    """Degrees of freedom of the jackknife variance, from the kurtosis κ of the deviations.

    2 var²/Var(var) of one set is 2n/(κ − 1), n − 1 at most (κ = 3 gives n); the estimate of κ is bounded by n and
    thus low for heavy tails, hence κ(1 + κ/n).
    """
    return combined_freedom(estimate, _freedom)


def _freedom(u: Array, n: int) -> float:
    scaled = u / (float(abs(u).max()) or 1.0)  # fourth powers neither overflow nor vanish
    squares = scaled * scaled
    second = float(squares.sum()) / n
    if second == 0.0:
        return n - 1.0
    kurtosis = float(squares @ squares) / n / second**2
    kurtosis *= 1.0 + kurtosis / n
    return float(min(max(2.0 * n / (max(kurtosis, 2.0) - 1.0), FEWEST_FREEDOM), n - 1.0))


def _cautious(distance: float, t: float) -> float:
    return distance if distance >= t else (distance + t) / 2.0
