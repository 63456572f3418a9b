"""How large a paired difference is beside what it varies by from image to image.

d = Δ/s, s the standard deviation of the images' own differences (Cohen's d for paired samples, d_z): unlike a p-value
it does not grow with the number of images. Image i moves it by u_i/s − d(u_i²/s² − 1)/2, u_i what it moves Δ by, which
gives its interval as that of a mean.
"""

import math
from dataclasses import dataclass

import numpy as np

from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.jackknife_t import corrected_t_limits
from geed_cli.statistics.methods import Limits
from geed_cli.statistics.scale import Scale


@dataclass(frozen=True)
class Effect:
    """A standardised difference and its limits; None of a difference over two sets of images."""

    value: float
    limits: Limits | None


def effect_of(estimate: Estimate, confidence: float) -> Effect | None:
    """The effect size of a paired difference; None where every image has the same one."""
    n = estimate.counts[0]
    deviation = math.sqrt(n * estimate.variance)
    if not deviation > 0.0 or not math.isfinite(deviation):
        return None
    d = estimate.value / deviation
    if len(estimate.deviations) > 1:
        return Effect(d, None)
    u = estimate.deviations[0] / deviation
    moves = (
        np.where(u == 0.0, 0.0, u - d * (u * u - 1.0) / 2.0) if len(u) > n else u - d * (u * u - 1.0) / 2.0
    )
    low, high = corrected_t_limits(Estimate(d, (moves,), (n,)), Scale.identity(), confidence)
    return Effect(d, (low, high)) if math.isfinite(high - low) else Effect(d, None)
