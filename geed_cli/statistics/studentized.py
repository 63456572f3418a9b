"""The pivots of the studentized bootstrap on the natural scale.

Each resample gives T* = (ψ(θ*) − ψ(θ̂))/se*, se* its own linearised standard error in closed form. With the additive
parts a_i of the distances, θ* moves with image i as (v_i − 2θ* a_i)/M*, so a few weighted moments give every se*. Where
units of several images are drawn, all of it is of sums over a unit's images.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geed_cli.statistics.bootstrap import compared_values, weight_blocks, weighted_normaliser
from geed_cli.statistics.estimate import Estimate, additive_parts
from geed_cli.statistics.sample import MeanSample, NullRatioSample, RatioSample, Rows, unit_sums
from geed_cli.statistics.scale import Array

Drawn = tuple[Array, Array]
Part = tuple[Array | float, Array]
"""b of each resample, and S of each unit."""


def cell_pivots(rows: Rows, estimate: Estimate, resamples: int, seed: int) -> Array:
    """T* of a cell whose value lies in the interior of its scale.

    Resamples whose value lies on a bound or whose images are all equal have no T* and are left out. Images that do not
    count alike are drawn as the deviations that they make.
    """
    if rows.sample.weighting is not None:
        return linear_pivots(estimate, resamples, seed)
    scale = rows.sample.scale
    values, errors = _values_and_errors(rows, resamples, seed)
    use = (values > scale.lo) & (values < scale.hi) & (errors > 0)
    values, errors = values[use], errors[use]
    return (scale.forward(values) - float(scale.forward(estimate.value))) / (scale.slope(values) * errors)


@dataclass(frozen=True, eq=False)
class _Units:
    """The independent draws behind kept images: how many of these each has, shape (draws,), and sums over them."""

    places: npt.NDArray[np.intp]
    sizes: Array

    @classmethod
    def of(cls, rows: Rows) -> "_Units":
        places = (np.arange(rows.count) if rows.places is None else rows.places)[rows.kept]
        return cls(places, np.bincount(places, minlength=rows.draws).astype(np.float64))

    def sums(self, values: Array) -> Array:
        """Of the kept images' values, over each unit."""
        return np.asarray(np.bincount(self.places, values, minlength=len(self.sizes)), dtype=np.float64)

    def error(self, w: Array, parts: Sequence[Part]) -> Array:
        """Standard error of a mean over images whose units move its sum by Σ_k b_k S_k, b of each resample.

        √(Σ_c w_c (Σ_k b_k S_kc)² / N² · K/(K − 1)) of N images in K drawn units; NaN where K < 2 or rounding went
        below 0.
        """
        drawn = w @ (self.sizes > 0)
        second = sum(
            (b * d * (w @ (s * t)) for b, s in parts for d, t in parts),
            np.zeros(len(w)),
        )
        among = (w @ self.sizes) ** 2 * (drawn - 1.0)
        return _root(second * drawn, among)


def _values_and_errors(rows: Rows, resamples: int, seed: int) -> Drawn:
    """θ* and se* of each resample, shape (resamples,) each."""
    sample, units = rows.sample, _Units.of(rows)
    blocks = weight_blocks(rows.draws, resamples, seed)
    if isinstance(sample, NullRatioSample):
        return _joined(_against_null(w, rows, sample, units) for w in blocks)
    if isinstance(sample, MeanSample):
        return _joined(_mean(w, units, sample.values) for w in blocks)
    if sample.shared:
        return _joined(_shared(w, rows, sample, units) for w in blocks)
    mean, mean_error = _joined(_mean(w, units, sample.values) for w in blocks)
    others = weight_blocks(rows.norm_count, resamples, seed, stream=1)
    normaliser, normaliser_error = _joined(_normaliser(w[:, rows.norm_kept], sample) for w in others)
    value = mean / normaliser
    return value, np.sqrt(mean_error**2 + (value * normaliser_error) ** 2) / normaliser


def _mean(w: Array, units: _Units, v: Array) -> Drawn:
    """The mean of the drawn images, and its error."""
    off = units.sums(v - v.mean())
    moved = _divide(w @ off, w @ units.sizes)
    return v.mean() + moved, units.error(w, [(1.0, off), (-moved, units.sizes)])


def _normaliser(w: Array, sample: RatioSample) -> Drawn:
    m = len(sample.row_means)
    each = _Units(np.arange(m), np.ones(m))
    return weighted_normaliser(w, sample), 2.0 * _mean(w, each, additive_parts(sample))[1]


def _shared(w: Array, rows: Rows, sample: RatioSample, units: _Units) -> Drawn:
    """θ* and se* of a ratio whose numerator and M share their images."""
    v, a = (units.sums(x - x.mean()) for x in (sample.values, additive_parts(sample)))
    drawn = w @ units.sizes
    image_weights = (w if rows.places is None else w[:, rows.places])[:, rows.kept]
    normaliser = weighted_normaliser(image_weights, sample)
    moved, moved_a = _divide(w @ v, drawn), _divide(w @ a, drawn)
    theta = _divide(sample.values.mean() + moved, normaliser)
    parts: list[Part] = [(1.0, v), (-2.0 * theta, a), (2.0 * theta * moved_a - moved, units.sizes)]
    return theta, _divide(units.error(w, parts), normaliser)


def _against_null(w: Array, rows: Rows, sample: NullRatioSample, units: _Units) -> Drawn:
    """θ* and se* of a mean over the null of some of its images: each moves it by v_i − v̄ − θ* (z_i − z̄) N/N_c.

    N_c is how often compared images are drawn; v or z is left out of an image that has none.
    """
    v, z = np.zeros((2, rows.count))
    has_v, has_z = np.zeros((2, rows.count))
    v[rows.kept] = sample.values - sample.values.mean()
    has_v[rows.kept] = has_z[rows.norm_kept] = 1.0
    z[rows.norm_kept] = compared_values(rows, sample) - sample.distances.mean()
    places = np.arange(rows.count) if rows.places is None else rows.places
    v, z, n, c = (unit_sums(places, x, rows.draws) for x in (v, z, has_v, has_z))
    moved, moved_z = _divide(w @ v, w @ n), _divide(w @ z, w @ c)
    null = sample.distances.mean() + moved_z
    theta = (sample.values.mean() + moved) / null
    share = theta * _divide(w @ n, w @ c)
    parts: list[Part] = [(1.0, v), (-moved, n), (-share, z), (share * moved_z, c)]
    return theta, units.error(w, parts) / null


def _root(numerator: Array, denominator: Array) -> Array:
    """√(numerator/denominator), NaN where the denominator is not above 0 or rounding took the numerator below it."""
    return np.asarray(np.sqrt(_divide(numerator, denominator)), dtype=np.float64)


def _divide(numerator: Array, denominator: Array) -> Array:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)


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
        each = _Units(np.arange(len(u)), np.ones(len(u)))
        scaled = u * (len(u) / n)  # images without a row count as deviation 0 among all
        drawn, error = _joined(
            _mean(w, each, scaled) for w in weight_blocks(len(u), resamples, seed, stream=stream)
        )
        shift += drawn
        variance += error**2
    use = variance > 0
    return np.asarray(shift[use] / np.sqrt(variance[use]), dtype=np.float64)
