"""The pivots of the studentized bootstrap on the natural scale.

Each resample gives T* = (ψ(θ*) − ψ(θ̂))/se*, se* its own linearised standard error in closed form. With the additive
parts a_i of the distances, θ* moves with image i as (v_i − 2θ* a_i)/M*, so five weighted moments give every se*.
"""

from collections.abc import Iterator

import numpy as np

from geed_cli.statistics.bootstrap import compared_values, weight_blocks, weighted_mean, weighted_normaliser
from geed_cli.statistics.estimate import Estimate, additive_parts
from geed_cli.statistics.sample import MeanSample, NullRatioSample, RatioSample, Rows
from geed_cli.statistics.scale import Array

Drawn = tuple[Array, Array]


def cell_pivots(rows: Rows, estimate: Estimate, resamples: int, seed: int) -> Array:
    """T* of a cell whose value lies in the interior of its scale.

    Resamples whose value lies on a bound or whose images are all equal have no T* and are left out.
    """
    scale = rows.sample.scale
    values, errors = _values_and_errors(rows, resamples, seed)
    use = (values > scale.lo) & (values < scale.hi) & (errors > 0)
    values, errors = values[use], errors[use]
    return (scale.forward(values) - float(scale.forward(estimate.value))) / (scale.slope(values) * errors)


def _values_and_errors(rows: Rows, resamples: int, seed: int) -> Drawn:
    """θ* and se* of each resample, shape (resamples,) each."""
    sample = rows.sample
    if isinstance(sample, NullRatioSample):
        return _joined(_against_null(w, rows, sample) for w in weight_blocks(rows.count, resamples, seed))
    blocks = (w[:, rows.kept] for w in weight_blocks(rows.count, resamples, seed))
    if isinstance(sample, MeanSample):
        return _joined(_mean(w, sample.values) for w in blocks)
    if sample.shared:
        return _joined(_shared(w, sample) for w in blocks)
    mean, mean_error = _joined(_mean(w, sample.values) for w in blocks)
    others = weight_blocks(rows.norm_count, resamples, seed, stream=1)
    normaliser, normaliser_error = _joined(_normaliser(w[:, rows.norm_kept], sample) for w in others)
    value = mean / normaliser
    return value, np.sqrt(mean_error**2 + (value * normaliser_error) ** 2) / normaliser


def _mean(w: Array, v: Array) -> Drawn:
    return weighted_mean(w, v), _error(w, _covariance(w, v, v))


def _normaliser(w: Array, sample: RatioSample) -> Drawn:
    a = additive_parts(sample.row_means)
    return weighted_normaliser(w, sample), 2.0 * _error(w, _covariance(w, a, a))


def _shared(w: Array, sample: RatioSample) -> Drawn:
    """θ* and se* of a ratio whose numerator and M share their images."""
    v, a = sample.values, additive_parts(sample.row_means)
    normaliser = weighted_normaliser(w, sample)
    theta = weighted_mean(w, v) / normaliser
    spread = _covariance(w, v, v) - 4.0 * theta * _covariance(w, v, a) + 4.0 * theta**2 * _covariance(w, a, a)
    return theta, _error(w, spread) / normaliser


def _against_null(w: Array, rows: Rows, sample: NullRatioSample) -> Drawn:
    """θ* and se* of a mean over the null of some of its images: each moves it by v_i − v̄ − θ* (z_i − z̄) N/N_c.

    N_c is how often compared images are drawn; v or z is left out of an image that has none.
    """
    v, z = np.zeros((2, rows.count))
    v[rows.kept], z[rows.norm_kept] = sample.values, compared_values(rows, sample)
    has_v, has_z = np.zeros((2, rows.count))
    has_v[rows.kept] = has_z[rows.norm_kept] = 1.0
    mean, null = (
        weighted_mean(w[:, rows.kept], sample.values),
        weighted_mean(w[:, rows.norm_kept], z[rows.norm_kept]),
    )
    theta = mean / null
    off = has_v * (v - mean[:, None])
    off -= has_z * (z - null[:, None]) * (theta * (w @ has_v) / (w @ has_z))[:, None]
    return theta, _error(w[:, rows.kept], (w * off * off).sum(axis=1) / (w @ has_v)) / null


def _covariance(w: Array, x: Array, y: Array) -> Array:
    """Σw x y/N − (Σw x/N)(Σw y/N) about the sample means, for each row of weights."""
    x, y = x - x.mean(), y - y.mean()
    return weighted_mean(w, x * y) - weighted_mean(w, x) * weighted_mean(w, y)


def _error(w: Array, variance: Array) -> Array:
    """Standard error of a mean of N draws: √(variance/(N − 1)); NaN where N < 2 or rounding went below 0."""
    room = w.sum(axis=1) - 1.0
    error = np.divide(variance, room, out=np.full_like(variance, np.nan), where=room > 0)
    return np.asarray(np.sqrt(error), dtype=np.float64)


def _joined(parts: Iterator[Drawn]) -> Drawn:
    values, errors = zip(*parts, strict=True)
    return np.concatenate(values), np.concatenate(errors)


def linear_pivots(estimate: Estimate, resamples: int, seed: int) -> Array:
    """T* of a linearised statistic: the resampled mean of its deviations over their own standard error.

    Independent sets of images add their means and their variances. Shape (resamples,) less the resamples
    without spread.
    """
    shift, variance = np.zeros(resamples), np.zeros(resamples)
    for stream, (u, n) in enumerate(zip(estimate.deviations, estimate.counts, strict=True)):
        blocks = weight_blocks(len(u), resamples, seed, stream=stream)
        scaled = u * (len(u) / n)  # images without a row count as deviation 0 among all
        drawn, error = _joined(_mean(w, scaled) for w in blocks)
        shift += drawn
        variance += error**2
    use = variance > 0
    return np.asarray(shift[use] / np.sqrt(variance[use]), dtype=np.float64)
