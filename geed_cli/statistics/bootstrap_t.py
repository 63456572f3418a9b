"""The bootstrap-t interval, the default: quantiles of resampled t statistics on the natural scale, widened for tails.

Resamples are of the deviations u_i of an estimate, so that means, ratios, differences, clusters and weights are one
case: θ* = θ̂ + Σ over the sets of the mean of the drawn u, se* the standard error of that mean in the resample, and
T* = (ψ(θ*) − ψ(θ̂))/(ψ′(θ*) se*) (Efron 1979; Hall 1988). Deviations are drawn in the order of their size, so that the
limits depend neither on the order of the images nor on which of two models comes first.

What few images do not show, their resamples do not either: with heavy tails the spread of the drawn u is itself badly
known. Quantiles are therefore widened by t_ν/t_ν₀, where ν is the freedom of the variance that the kurtosis of u leaves
(``jackknife_t.effective_freedom``) and ν₀ = n − 1 the freedom of equal rows. 2000 resamples have no quantile at one
chance in a thousand: beyond 95% the limits of 95% are stretched by a power of t_ν(confidence)/t_ν(95%) that is at least
1, so that a joint interval holds the single one. The power is 5/4, and up to 3/10 more at the end that skewness points
to: there lie the images that the sample has too few of, most of all where it is less skewed than what it is drawn from.
docs/statistics.md has the coverage.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import stdtrit

from geed_cli.statistics.bootstrap import percentile_limits, weight_blocks
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.jackknife_t import combined_freedom, effective_freedom
from geed_cli.statistics.scale import Array, Scale

DRAWN_LEVEL = 0.95
"""The confidence up to which limits are quantiles; 2000 resamples have 50 beyond each of them."""
STRETCH = 1.25
"""With 1, 24 gamma cells (shape 1/2) of 50 images hold together in 92% of cases, and lognormal ones in 86%."""
SKEWED_STRETCH = 0.3
"""More at the skewed end: without it 24 lognormal cells hold together in 92%, and those of Pareto rows in 88%."""
SKEWED = 1.0 / 40.0
"""The acceleration from which all of it counts, that of rows of skewness 1.06 at n = 50: more does not show in samples
that lack their far images, and normal rows reach a third of it by chance."""

Moments = tuple[Array, Array]
"""Of each resample, the mean of the drawn deviations, and the variance of that mean; summed over the sets."""


class BootstrapT:
    """The limits of an estimate, whose value lies in the interior of its scale, at any confidence.

    Args:
        estimate: with a variance above 0.
        scale: its natural scale.
        drawn: its moments in each resample.
    """

    def __init__(self, estimate: Estimate, scale: Scale, drawn: Moments) -> None:
        self._scale = scale
        self._centre = float(scale.forward(estimate.value))
        self._error = estimate.standard_error * float(scale.slope(estimate.value))
        self._freedom = effective_freedom(estimate)
        self._plain = combined_freedom(estimate, lambda _, n: n - 1.0)
        share = float(np.clip(estimate.acceleration / SKEWED, -1.0, 1.0))
        self._powers = tuple(STRETCH + SKEWED_STRETCH * max(side * share, 0.0) for side in (-1.0, 1.0))
        self._pivots = np.sort(_pivots(estimate, scale, drawn))

    def __call__(self, confidence: float) -> tuple[float, float]:
        """Low and high."""
        drawn = min(confidence, DRAWN_LEVEL)
        low, high = percentile_limits(self._pivots, drawn)
        width = _t(self._freedom, drawn) / _t(self._plain, drawn)
        beyond = _t(self._freedom, confidence) / _t(self._freedom, drawn)
        down, up = (width * beyond**power * self._error for power in self._powers)
        ends = self._centre - high * down, self._centre - low * up
        return self._scale.inverse(ends[0]), self._scale.inverse(ends[1])


def drawn_moments(estimates: Sequence[Estimate], resamples: int, seed: int) -> list[Moments]:
    """The moments of each estimate; resamples of one number of deviations are drawn once for all of them."""
    sets: dict[tuple[int, int], list[tuple[int, Array]]] = {}
    for place, each in enumerate(estimates):
        for stream, (deviations, count) in enumerate(zip(each.deviations, each.counts, strict=True)):
            u = _in_order(deviations, count)
            sets.setdefault((stream, len(u)), []).append((place, u))
    found = [(np.zeros(resamples), np.zeros(resamples)) for _ in estimates]
    for (stream, n), members in sets.items():
        u = members[0][1] if len(members) == 1 else np.stack([each for _, each in members], axis=1)
        mean, square = _drawn(u, u * u, weight_blocks(n, resamples, seed, stream))
        of_mean = np.maximum(square - mean * mean, 0.0) / (n - 1)
        for column, (place, _) in enumerate(members):
            moved, variance = found[place]
            moved += mean if len(members) == 1 else mean[:, column]
            variance += of_mean if len(members) == 1 else of_mean[:, column]
    return found


def _drawn(u: Array, squares: Array, weights: Iterator[Array]) -> tuple[Array, Array]:
    """The mean of what each resample draws of both; weights of many images are drawn anew for whoever asks."""
    parts = [(w @ u, w @ squares) for w in weights]
    first, second = (np.concatenate(each) / len(u) for each in zip(*parts, strict=True))
    return first, second


def _pivots(estimate: Estimate, scale: Scale, drawn: Moments) -> Array:
    """T* of each resample whose value lies in the interior of the scale and whose drawn deviations vary."""
    moved, variance = drawn
    values = estimate.value + moved
    use = (values > scale.lo) & (values < scale.hi) & (variance > 0.0)
    values, errors = values[use], np.sqrt(variance[use])
    off = scale.forward(values) - float(scale.forward(estimate.value))
    return np.asarray(off / (scale.slope(values) * errors), dtype=np.float64)


def _in_order(deviations: Array, count: int) -> Array:
    """Deviations by their size, whose mean is the estimate's; without those of images that have no row."""
    u = deviations[np.lexsort((deviations, np.abs(deviations)))]
    absent = len(u) - count
    if not u[:absent].any():
        return u[absent:]
    return np.asarray(u * (len(u) / count), dtype=np.float64)  # of pairs, whose sides lost different images


def _t(freedom: float, confidence: float) -> float:
    return float(stdtrit(freedom, (1.0 + confidence) / 2.0))
