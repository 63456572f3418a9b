"""The corrected jackknife-t interval: Student's t adjusted for skewness and heavy tails.

With a the acceleration (a sixth of the skewness of θ) and T = (ψ(θ̂) − ψ(θ))/se on the natural scale ψ,
Hall's cubic g(T) = T + bT² + b²T³/3 + a, b = 2a + se_θ ψ″/(2ψ′), is symmetric to second order (Hall 1992;
the ψ″ term is what the scale has already done). It is inverted at ±t. Needs no resampling, no seed, and no
order of the images.
"""

import numpy as np
from scipy.special import stdtrit

from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.scale import Array, Scale


def corrected_t_limits(estimate: Estimate, scale: Scale, confidence: float) -> tuple[float, float]:
    """Limits of a value in the interior of its scale.

    An end that the skewness moves outwards is moved in full; one that it moves inwards only halfway, since
    the skewness of few images is known too poorly to give width away. A rate gets ``score_limits``.
    """
    if scale.kind == "rate":
        return score_limits(estimate, confidence)
    se = estimate.standard_error
    half = se * float(scale.slope(estimate.value))
    centre = float(scale.forward(estimate.value))
    t = float(stdtrit(effective_freedom(estimate), (1.0 + confidence) / 2.0))
    a = estimate.acceleration
    b = 2.0 * a + se * scale.bend(estimate.value) / 2.0
    up, down = -_inverse_cubic(-t, a, b), _inverse_cubic(t, a, b)
    return scale.inverse(centre - _cautious(down, t) * half), scale.inverse(centre + _cautious(up, t) * half)


def score_limits(estimate: Estimate, confidence: float) -> tuple[float, float]:
    """Wilson's limits of a rate p: the rates q with (p − q)² ≤ t² q(1 − q)/n_e, n_e = p(1 − p)/se².

    The variance of events follows from their rate, and so does its skewness; n_e is n − 1 for single events
    an image and more where an image's row is the mean of several.
    """
    p, t = estimate.value, float(stdtrit(min(estimate.counts) - 1, (1.0 + confidence) / 2.0))
    c = t * t * estimate.variance / (p * (1.0 - p))  # t²/n_e
    half = float(np.sqrt(c * p * (1.0 - p) + c * c / 4.0))
    return (p + c / 2.0 - half) / (1.0 + c), (p + c / 2.0 + half) / (1.0 + c)


def effective_freedom(estimate: Estimate) -> float:
    """Degrees of freedom of the jackknife variance, from the kurtosis of the deviations.

    2 var²/Var(var) of one set is 2n/(κ − 1), n − 1 at most (κ = 3 gives n); the estimate of κ is bounded by
    n and thus low for heavy tails, hence κ(1 + κ/n). Two sets combine as Satterthwaite's 1/ν = Σ_k (share
    of variance)²/ν_k.
    """
    total = estimate.variance
    inverse = 0.0
    for u, n in zip(estimate.deviations, estimate.counts, strict=True):
        inverse += (float(u @ u) / (n * (n - 1)) / total) ** 2 / _freedom(u, n)
    return 1.0 / inverse


def _freedom(u: Array, n: int) -> float:
    scaled = u / (float(np.abs(u).max()) or 1.0)  # fourth powers neither overflow nor vanish
    squares = scaled * scaled
    second = float(squares.sum()) / n
    if second == 0.0:
        return n - 1.0
    kurtosis = float(squares @ squares) / n / second**2
    kurtosis *= 1.0 + kurtosis / n
    return float(min(max(2.0 * n / (max(kurtosis, 2.0) - 1.0), 3.0), n - 1.0))


def _inverse_cubic(y: float, a: float, b: float) -> float:
    """The T with T + bT² + b²T³/3 + a = y: ((1 + 3b(y − a))^{1/3} − 1)/b."""
    y -= a
    if abs(b * y) < 1e-6:  # the limit b → 0; the quotient would lose half of its digits below this
        return y - b * y * y
    return float((np.cbrt(1.0 + 3.0 * b * y) - 1.0) / b)


def _cautious(distance: float, t: float) -> float:
    return distance if distance >= t else (distance + t) / 2.0
