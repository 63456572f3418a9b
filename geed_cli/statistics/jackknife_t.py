"""The jackknife-t intervals: Student's t adjusted for skewness and heavy tails.

With a the acceleration (a sixth of the skewness of θ) and T = (ψ(θ̂) − ψ(θ))/se on the natural scale ψ, Hall's cubic
g(T) = T + bT² + b²T³/3 + a, b = 2a + se_θ ψ″/(2ψ′), is symmetric to second order (Hall 1992; the ψ″ term is what the
scale has already done). The limits are where it is ±t, with constants that were chosen by simulation
(docs/statistics.md). Needs no resampling, no seed, and no order of the images.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import stdtrit

from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.scale import Array, Scale

SKEWNESS_FACTOR = 2.0  # the skewness of few images is low, for the far images are the missing ones
OUTWARD_DAMPING = 0.75  # of the first-order move, which overshoots the more the larger it is
TUNED_LEVEL = 0.975  # one-sided: the limits of 95% and less are where the method was tuned
FEWEST_FREEDOM = 3.0  # below, t says little but that nothing is known


def corrected_t_limits(estimate: Estimate, scale: Scale, confidence: float) -> tuple[float, float]:
    """Limits of a value in the interior of its scale."""
    se = estimate.standard_error
    half = se * float(scale.slope(estimate.value))
    centre = float(scale.forward(estimate.value))
    freedom = effective_freedom(estimate)
    t = float(stdtrit(freedom, (1.0 + confidence) / 2.0))
    tuned = min(t, float(stdtrit(freedom, TUNED_LEVEL)))
    a = SKEWNESS_FACTOR * estimate.acceleration
    b = 2.0 * a + se * scale.bend(estimate.value) / 2.0
    # g(−T; a, b) = −g(T; −a, −b)
    down, up = _distance(t, tuned, a, b), _distance(t, tuned, -a, -b)
    return scale.inverse(centre - down * half), scale.inverse(centre + up * half)


def cautious_t_limits(estimate: Estimate, scale: Scale, confidence: float) -> tuple[float, float]:
    """Limits for claims far beyond 95%, as those that must hold together are: the correction with its caution left in.

    An end that the skewness moves inwards is moved only halfway, and degrees of freedom count the whole kurtosis: at
    one chance in a thousand, the skewness of few images promises too much.
    """
    se = estimate.standard_error
    half = se * float(scale.slope(estimate.value))
    centre = float(scale.forward(estimate.value))
    t = float(stdtrit(whole_freedom(estimate), (1.0 + confidence) / 2.0))
    a = estimate.acceleration
    b = 2.0 * a + se * scale.bend(estimate.value) / 2.0

    def cautious(distance: float) -> float:
        return distance if distance >= t else (distance + t) / 2.0

    up, down = -inverse_cubic(-t, a, b), inverse_cubic(t, a, b)
    return scale.inverse(centre - cautious(down) * half), scale.inverse(centre + cautious(up) * half)


def effective_freedom(estimate: Estimate) -> float:
    """Degrees of freedom of the jackknife variance, from the skewness γ and kurtosis κ of the deviations.

    Of one set 1/ν = 1/(n − 1) + 2 max(κ′ − 3 − γ², 0)/n, at least 3: κ − 1 − γ² is n times the squared relative
    error of the variance that is left when its regression on the mean is taken out (g takes care of that), and 2
    where rows are normal. κ′ = κ(1 + 2κ/n), since the estimate of κ is bounded by n and thus low for heavy
    tails. Two sets combine as Satterthwaite's 1/ν = Σ_k (share of variance)²/ν_k.
    """
    return combined_freedom(estimate, _freedom)


def whole_freedom(estimate: Estimate) -> float:
    """Degrees of freedom of the jackknife variance, from the kurtosis κ of the deviations.

    2 var²/Var(var) of one set is 2n/(κ − 1), n − 1 at most (κ = 3 gives n); the estimate of κ is bounded by n and
    thus low for heavy tails, hence κ(1 + κ/n).
    """
    return combined_freedom(estimate, _whole_freedom)


def combined_freedom(estimate: Estimate, of_one: Callable[[Array, int], float]) -> float:
    """Satterthwaite's ν of the sets of an estimate: 1/ν = Σ_k (share of variance)²/ν_k, ν_k from ``of_one``."""
    unit = max(float(np.abs(u).max(initial=0.0)) for u in estimate.deviations) or 1.0  # squares do not vanish
    sets = [(u / unit, n) for u, n in zip(estimate.deviations, estimate.counts, strict=True)]
    parts = [float(u @ u) / (n * (n - 1)) for u, n in sets]
    total = sum(parts) or 1.0
    inverse = sum((part / total) ** 2 / of_one(u, n) for part, (u, n) in zip(parts, sets, strict=True))
    return 1.0 / inverse if inverse else min(n - 1.0 for _, n in sets)


def _moments(u: Array, n: int) -> tuple[float, float] | None:
    """Skewness and kurtosis of the deviations; None where nothing varies."""
    scaled = u / (float(np.abs(u).max()) or 1.0)  # fourth powers neither overflow nor vanish
    squares = scaled * scaled
    second = float(squares.sum()) / n
    if second == 0.0:
        return None
    return float(squares @ scaled) / n / second**1.5, float(squares @ squares) / n / second**2


def _freedom(u: Array, n: int) -> float:
    """ν of one set, from the kurtosis that the skewness leaves."""
    moments = _moments(u, n)
    if moments is None:
        return n - 1.0
    skewness, kurtosis = moments
    excess = kurtosis * (1.0 + 2.0 * kurtosis / n) - 3.0 - skewness**2
    return float(max(1.0 / (1.0 / (n - 1.0) + 2.0 * max(excess, 0.0) / n), FEWEST_FREEDOM))


def _whole_freedom(u: Array, n: int) -> float:
    """ν of one set, from the whole kurtosis."""
    moments = _moments(u, n)
    if moments is None:
        return n - 1.0
    kurtosis = moments[1] * (1.0 + moments[1] / n)
    return float(min(max(2.0 * n / (max(kurtosis, 2.0) - 1.0), FEWEST_FREEDOM), n - 1.0))


def _distance(t: float, tuned: float, a: float, b: float) -> float:
    """How far the lower limit lies below ψ(θ̂), in standard errors.

    An end that the skewness moves inwards is the T with g(T) = t, where g is flat enough to be trusted, but not
    beyond ψ(θ̂), and never moved by more than at ``tuned``: farther out, the skewness of few images promises too
    much. One that it moves outwards is not, for g⁻¹ soon diverges there: it gets the first order of
    g⁻¹(t) = t − a − bt² + …, damped.
    """
    outwards = -(a + b * t * t)
    if outwards > 0.0:
        return t + OUTWARD_DAMPING * outwards
    return t - tuned + min(max(inverse_cubic(tuned, a, b), 0.0), tuned)


def inverse_cubic(y: float, a: float, b: float) -> float:
    """The T with T + bT² + b²T³/3 + a = y: ((1 + 3b(y − a))^{1/3} − 1)/b."""
    y -= a
    if abs(b * y) < 1e-6:  # the limit b → 0; the quotient would lose half of its digits below this
        return y - b * y * y
    return float((np.cbrt(1.0 + 3.0 * b * y) - 1.0) / b)
