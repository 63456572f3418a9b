"""The jackknife-t interval: ψ(θ) ± t · se on the natural scale ψ, mapped back.

se is the closed-form jackknife standard error times ψ′(θ), t the quantile of Student's distribution. Needs
row means alone, no resampling and no seed, and does not depend on the order of the images.
"""

from scipy.special import stdtrit

from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.scale import Scale


def jackknife_t_limits(estimate: Estimate, scale: Scale, confidence: float) -> tuple[float, float]:
    """Limits of a value in the interior of its scale.

    The degrees of freedom are n − 1, of the smallest set where there are two.
    """
    t = float(stdtrit(min(estimate.counts) - 1, (1.0 + confidence) / 2.0))
    half = t * estimate.standard_error * float(scale.slope(estimate.value))
    centre = float(scale.forward(estimate.value))
    return scale.inverse(centre - half), scale.inverse(centre + half)
