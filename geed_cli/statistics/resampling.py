"""Limits read off bootstrap replicates: percentile and BCa.

Both are unchanged by a monotone change of scale (BCa but for its acceleration), so they need no natural
scale. BCa corrects the percentiles for the median bias z₀ and the acceleration a (Efron 1987, DiCiccio and
Efron 1996).
"""

import math

import numpy as np
from scipy.special import ndtr, ndtri

from geed_cli.statistics.scale import Array

NO_LIMITS = (math.nan, math.nan)
"""Where no replicate is finite; the caller withholds the interval."""


def percentile_limits(replicates: Array, confidence: float) -> tuple[float, float]:
    """The α/2 and 1 − α/2 quantiles of the replicates, α = 1 − confidence."""
    if len(replicates) == 0:
        return NO_LIMITS
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(replicates, [tail, 1.0 - tail])
    return float(low), float(high)


def bca_limits(
    replicates: Array, value: float, acceleration: float, confidence: float
) -> tuple[float, float]:
    """Bias-corrected and accelerated limits.

    The quantiles Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))) of the replicates, z the normal quantile of the tail and
    z₀ = Φ⁻¹(share of replicates below the value, ties counted half).
    """
    if len(replicates) == 0:
        return NO_LIMITS
    below = float(np.mean(replicates < value) + np.mean(replicates <= value)) / 2.0
    half_step = 0.5 / len(replicates)  # keeps z₀ finite where no replicate lies on one side
    z0 = ndtri(min(max(below, half_step), 1.0 - half_step))
    z = ndtri((1.0 - confidence) / 2.0)
    tails = [_corrected(z0, z, acceleration), _corrected(z0, -z, acceleration)]
    low, high = np.quantile(replicates, sorted(tails))
    return float(low), float(high)


def _corrected(z0: float, z: float, acceleration: float) -> float:
    """The corrected tail probability; beyond the pole of the formula it is the end that the pole lies at."""
    stretch = 1.0 - acceleration * (z0 + z)
    if stretch <= 0.0:
        return 1.0 if z0 + z > 0 else 0.0
    return float(ndtr(z0 + (z0 + z) / stretch))
