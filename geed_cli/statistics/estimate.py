"""The point estimate of a cell and its jackknife, in closed form.

Symbols: v_i the image's value, r_i its mean distance to the other images, M = mean r_i, θ = mean(v) / M.
Leaving image i out gives v̄₍₋ᵢ₎ = (Σv − v_i)/(n − 1) and M₍₋ᵢ₎ = (Σr − 2 r_i)/(m − 2), the exact
U-statistic without i, so row sums are enough. Pseudo-deviations u_i = (n − 1)(θ̄₍₋₎ − θ₍₋ᵢ₎) behave like
v_i − v̄ of a mean: se² = Σu²/(n(n − 1)).

Where units of several images are drawn, a unit's deviation is the sum of its images' (``Rows.by_unit``). Where images
are weighted, an image is left out with its weight (``Weighting``), and in strata deviations are from its own.

Against the mean d̄ of q comparisons of an image with another (``null_shares``) θ = v̄/d̄, and the images that are
compared and the others are two independent sets.

A cosine M can be near 0, where 1/M₍₋ᵢ₎ is far from linear in what an image moves M by. Of ratios on the plain scale
u_i = (v_i − v̄ − θ(M's own deviation))/M, the first order, and what moves M is kept for ``fieller``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geed_cli.statistics.sample import (
    MeanSample,
    NullRatioSample,
    RatioSample,
    Rows,
    Sample,
    mean_of,
    normaliser_of,
    places_of,
    unit_sums,
)
from geed_cli.statistics.scale import Array


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value and how each image moves it.

    Attributes:
        value: θ.
        deviations: one array for each independent set of images, at the images' original positions: u_i of
            the audited images, shape (n,), then of a separate normaliser sample, shape (m,). Images without
            a finite row have deviation 0. Of images in units ũ_c of each unit.
        counts: images, or units, behind each array (those with finite rows).
        streams: which images the positions of each array are of: 0 audited, 1 a separate normaliser sample.
        denominators: how each image moves ln M, in the sets of ``deviations``; of a difference the sum of both. Empty
            where M cannot be near 0, or there is none.
    """

    value: float
    deviations: tuple[Array, ...]
    counts: tuple[int, ...]
    streams: tuple[int, ...] = (0, 1)
    denominators: tuple[Array, ...] = ()

    @property
    def variance(self) -> float:
        """Σ over the sets of Σu²/(n(n − 1)): the jackknife variance of θ."""
        return sum(float(u @ u) / (k * (k - 1)) for u, k in zip(self.deviations, self.counts, strict=True))

    @property
    def standard_error(self) -> float:
        """Square root of the jackknife variance."""
        return float(np.sqrt(self.variance))

    @property
    def acceleration(self) -> float:
        """A sixth of the skewness of θ: Σ_k Σu³/n_k³ / (6 (Σ_k Σu²/n_k²)^{3/2}); 0 where nothing varies.

        The constant a of BCa (Efron 1987), in the form for several independent samples.
        """
        # a skewness has no unit: scaled first, so that its powers neither overflow nor vanish
        unit = max((float(np.abs(u).max(initial=0.0)) for u in self.deviations), default=0.0)
        if unit == 0.0 or not np.isfinite(unit):
            return 0.0
        terms = [(u / unit, k) for u, k in zip(self.deviations, self.counts, strict=True)]
        second = sum(float(u @ u) / k**2 for u, k in terms)
        third = sum(float(u @ (u * u)) / k**3 for u, k in terms)
        return float(third / (6.0 * second**1.5))


def estimate(rows: Rows) -> Estimate:
    """Value and deviations of a cell with at least 3 finite rows in each set and, for a ratio, M > 0."""
    sample = rows.sample
    if isinstance(sample, MeanSample):
        varying = float(np.ptp(sample.values)) > 0.0  # the mean of equal numbers may round to another
        u = rows.by_unit(_deviations_of_mean(sample) * varying)
        return Estimate(mean_of(sample), (u,), (rows.unit_count,))
    if isinstance(sample, NullRatioSample):
        return _against_null(rows, sample)
    if sample.scale.kind == "identity":
        return _of_either_sign(rows, sample)
    value = mean_of(sample) / normaliser_of(sample)
    if sample.shared:
        left_out = _ratio(means_without_one(sample), normalisers_without_one(sample), value)
        return Estimate(value, (rows.by_unit(_deviations(left_out)),), (rows.unit_count,))
    numerator = (sample.values - sample.values.mean()) / sample.row_means.mean()
    left_out = _ratio(sample.values.mean(), normalisers_without_one(sample), value)
    return Estimate(
        value,
        (
            rows.by_unit(numerator),
            _place(_deviations(left_out), rows.norm_kept, rows.norm_count),
        ),
        (len(numerator), len(left_out)),
    )


def _of_either_sign(rows: Rows, sample: RatioSample) -> Estimate:
    """A ratio to an M that can be near 0: deviations to first order, and those of ln M."""
    normaliser = normaliser_of(sample)
    value = mean_of(sample) / normaliser
    numerator = _deviations_of_mean(sample) / normaliser
    relative = _deviations(normalisers_without_one(sample)) / normaliser
    if sample.shared:
        moved = rows.by_unit(numerator - value * relative)
        return Estimate(value, (moved,), (rows.unit_count,), denominators=(rows.by_unit(relative),))
    above, below = rows.by_unit(numerator), _place(relative, rows.norm_kept, rows.norm_count)
    return Estimate(
        value,
        (above, -value * below),
        (len(numerator), len(relative)),
        denominators=(np.zeros_like(above), below),
    )


FEWEST_OTHERS = 3
"""Fewer images that are compared with no other make no set of their own."""
SHARED_COMPARISONS = 2.0 / 3.0
"""Each comparison is of two images, and those of a chain share one with the next. With d = μ + a_i + a_j + ε_ij their
mean has the variance (4 Var a + Var ε)/q, and an image's own sum has 6 Var a + 2 Var ε: two thirds of that are right
where ε is 0, and a third too much where a is."""


def null_shares(rows: Rows, sample: NullRatioSample, count: int) -> Array:
    """How far each compared image moves the mean d̄ of the comparisons, in units in which they are a sample's v_i − v̄.

    √f √(c(c − 1)) t_k/q, t_k the sum of d_j − d̄ over the comparisons that image k is part of, f two thirds: of c
    images, Σ²/(c(c − 1)) is the variance of d̄. Of units, f makes it Σ_{j, j'} s_jj' (d_j − d̄)(d_j' − d̄)/q², s the
    number of units that two comparisons share, and 1 of one with itself; at least two thirds.

    Args:
        rows: where the images stood.
        sample: of finite comparisons.
        count: c, or how many units.

    Returns:
        Shape (n,); 0 where an image has none. A comparison within a unit counts half for each of its images.
    """
    off, pairs = sample.distances - sample.distances.mean(), sample.pairs
    part = SHARED_COMPARISONS
    if rows.places is not None:
        within = rows.places[pairs[:, 0]] == rows.places[pairs[:, 1]]
        off = np.where(within, off / 2.0, off)
    moved = [np.bincount(column, off, minlength=rows.count) for column in pairs.T]
    sums = np.asarray(sum(moved, np.zeros(rows.count)), dtype=np.float64)
    if rows.places is not None:
        whole = float(np.sum(unit_sums(rows.places, sums, rows.draws) ** 2))
        part = min(max(part, 1.0 - float(off[~within] @ off[~within]) / whole), 1.0) if whole else part
    return np.asarray(np.sqrt(part * count * (count - 1)) / len(off) * sums, dtype=np.float64)


def _against_null(rows: Rows, sample: NullRatioSample) -> Estimate:
    """θ = v̄/d̄ with the deviations of the compared images, whose v_i and d_j vary together, and of the others."""
    null, n = float(sample.distances.mean()), len(sample.values)
    value = mean_of(sample) / null
    there, compared = np.zeros((2, rows.count), dtype=bool)
    there[rows.kept] = compared[rows.norm_kept] = True
    values, off = _place(sample.values, rows.kept, rows.count), np.zeros(rows.count)
    if rows.places is not None:  # a unit may have images of both kinds
        units = len(np.unique(rows.places[there | compared]))
        off[there] = _deviations_of_mean(sample) * units / n
        moved = (off - value * null_shares(rows, sample, units)) / null
        return Estimate(value, (unit_sums(rows.places, moved, rows.draws),), (units,))
    if (there & ~compared).sum() < FEWEST_OTHERS:
        compared |= there
    counted = (
        np.ones(n) if sample.weighting is None else sample.weighting.weights * n / sample.weighting.total
    )
    weights = _place(counted, rows.kept, rows.count)
    for some in (there & compared, there & ~compared):
        if some.any():
            mean = np.average(values[some], weights=weights[some])
            off[some] = weights[some] * (values[some] - mean) * some.sum() / n
    shares = null_shares(rows, sample, int(compared.sum()))
    sets = [np.where(compared, off - value * shares, 0.0) / null, np.where(compared, 0.0, off) / null]
    counts = [int(compared.sum()), int((there & ~compared).sum())]
    several = 1 + (counts[1] > 0)
    return Estimate(value, tuple(sets[:several]), tuple(counts[:several]), (0, 0)[:several])


def normaliser_estimate(sample: RatioSample) -> Estimate:
    """M = mean distance between distinct images of a sample of finite rows, with its jackknife."""
    moved = _deviations(normalisers_without_one(sample))
    value, count = normaliser_of(sample), len(moved)
    if sample.units is None:
        return Estimate(
            value, (moved if sample.weighting is None else sample.weighting.within_strata(moved),), (count,)
        )
    places = places_of(sample.units)
    units = int(places.max()) + 1
    return Estimate(value, (unit_sums(places, moved, units) * units / count,), (units,))


def means_without_one(sample: Sample) -> Array:
    """v̄₍₋ᵢ₎ = (Σv − v_i)/(n − 1), shape (n,): the mean without image i."""
    if sample.weighting is not None:
        return sample.weighting.means_without_one(sample.values)
    return np.asarray((sample.values.sum() - sample.values) / (len(sample.values) - 1), dtype=np.float64)


def normalisers_without_one(sample: RatioSample) -> Array:
    """M₍₋ᵢ₎ = (Σr − 2 r_i)/(m − 2), shape (m,): M over the pairs that do not contain image i."""
    r = sample.row_means
    if sample.weighting is not None:
        return sample.weighting.normalisers_without_one(r)
    return np.asarray((r.sum() - 2.0 * r) / (len(r) - 2), dtype=np.float64)


def additive_parts(sample: RatioSample) -> Array:
    """The a_i with Σ_{j≠i} (a_i + a_j)/(m − 1) = r_i: the additive matrix that has these row means.

    a_i = ((m − 1) r_i − m M/2)/(m − 2). Replacing d_ij by a_i + a_j keeps M and its first-order (Hájek)
    variation exactly, and loses only the interaction of pairs, of order 1/m in the standard deviation.
    """
    row_means = sample.row_means
    if sample.weighting is not None:
        return sample.weighting.additive_parts(row_means)
    m = len(row_means)
    return np.asarray(((m - 1) * row_means - m * row_means.mean() / 2.0) / (m - 2), dtype=np.float64)


def _deviations_of_mean(sample: Sample) -> Array:
    """(n − 1)(mean of v̄₍₋₎ − v̄₍₋ᵢ₎): v_i − v̄ where images count alike."""
    if sample.weighting is None:
        return np.asarray(sample.values - sample.values.mean(), dtype=np.float64)
    return _deviations(means_without_one(sample))


def _deviations(left_out: Array) -> Array:
    return np.asarray((len(left_out) - 1) * (left_out.mean() - left_out), dtype=np.float64)


def _ratio(numerator: Array | np.floating, denominator: Array, fallback: float) -> Array:
    """Numerator / denominator; θ where one image carries all of M and the ratio without it is undefined."""
    numerator = np.broadcast_to(numerator, denominator.shape)
    out = np.full_like(denominator, fallback)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out


def _place(deviations: Array, kept: npt.NDArray[np.intp], count: int) -> Array:
    """Deviations at the images' original positions, 0 where an image was left out."""
    out = np.zeros(count)
    out[kept] = deviations
    return out
