"""Fieller's limits of a ratio N/M whose M can be near 0, and of the difference of two such ratios (Fieller 1954).

θ is rejected where N − θM is further from 0 than its own standard error allows; that is a mean without a quotient, so
M may be as uncertain as it likes. With u how images move θ̂ and p how they move ln M, an image moves (N − θM)/M by
u − δp, δ = θ − θ̂, so the limits are the δ with δ² = t² Var(u − δp). Of θ_B − θ_A = (N_B M_A − N_A M_B)/(M_A M_B), the
denominator is the product, and p the sum of the two.

Where t² Var(p) reaches 1, M is not t standard errors from 0, and no finite interval exists.
"""

import math

from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.scale import Array

NOWHERE = (math.nan, math.nan)


def fieller_limits(estimate: Estimate, limits: tuple[float, float]) -> tuple[float, float]:
    """Fieller's limits as many standard errors away as plain ones are; not finite where there are none.

    Args:
        estimate: with ``denominators``, and a variance above 0.
        limits: low and high on the plain scale, as if M were known.
    """
    value, error = estimate.value, estimate.standard_error
    low, high = ((end - value) / error for end in limits)
    return value + _end(estimate, low), value + _end(estimate, high)


def _end(estimate: Estimate, t: float) -> float:
    """The δ with δ = t √Var(u − δp): (1 − t²Var p) δ² + 2t² Cov(u, p) δ − t² Var u = 0."""
    variance = estimate.variance
    shared = _covariance(estimate, estimate.deviations)
    clear = 1.0 - t * t * _covariance(estimate, estimate.denominators)
    if not clear > 0.0:
        return math.nan
    return t * (math.sqrt(t * t * shared * shared + clear * variance) - t * shared) / clear


def _covariance(estimate: Estimate, moved: tuple[Array, ...]) -> float:
    """Of what images move with the denominator: Σ over the sets of Σ u p/(n(n − 1))."""
    sets = zip(moved, estimate.denominators, estimate.counts, strict=True)
    return sum(float(u @ p) / (n * (n - 1)) for u, p, n in sets)
