"""Images that belong together, as crops of a picture do: whatever is drawn is their unit, and not the image."""

from itertools import pairwise

import numpy as np
import pytest

from geed_cli.choices import IntervalMethod
from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import image_weights, replicates, weighted_normaliser
from geed_cli.statistics.difference import difference
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import (
    MeanSample,
    NullRatioSample,
    RatioSample,
    Sample,
    finite_rows,
    row_means_of,
)
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.studentized import cell_pivots, linear_pivots
from geed_cli.statistics.weighting import Weighting

SIZES = [1, 2, 5, 3] * 6
UNITS = np.repeat(np.arange(len(SIZES)), SIZES)
"""24 units of 1 to 5 images each, 66 images."""


def features(seed: int = 0, units: Array = UNITS) -> Array:
    """Of images that are near to the others of their unit."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(units.max() + 1, 6))
    return np.asarray(1.0 + centres[units] + 0.3 * rng.normal(size=(len(units), 6)))


def values(seed: int = 1, units: Array = UNITS) -> Array:
    rng = np.random.default_rng(seed)
    return np.asarray(
        np.exp(0.5 * rng.normal(size=units.max() + 1)[units] + 0.2 * rng.normal(size=len(units)))
    )


def distances(f: Array) -> Array:
    return np.asarray(np.linalg.norm(f[:, None] - f[None], axis=2))


def ratio(units: Array | None, *, whole: bool = True) -> RatioSample:
    d = distances(features())
    return RatioSample(values(), row_means_of(d), True, Scale.log(), d if whole else None, units)


def null_ratio(units: Array | None) -> NullRatioSample:
    f = features() / np.linalg.norm(features(), axis=1, keepdims=True)
    compared = np.random.default_rng(5).permutation(len(UNITS))[:30]
    pairs = np.array([(now, before) for before, now in pairwise(compared)])
    d = 1.0 - (f[pairs[:, 0]] * f[pairs[:, 1]]).sum(axis=1)
    return NullRatioSample(values(), pairs, d, Scale.log(), units)


def test_units_of_one_image_change_nothing() -> None:
    """Each image a unit of its own, in any numbering that keeps the order: the same estimate, draws and limits."""
    each = np.arange(len(UNITS)) * 7 + 3
    for alone, declared in [
        (MeanSample(values(), Scale.log()), MeanSample(values(), Scale.log(), each)),
        (ratio(None), ratio(each)),
        (ratio(None, whole=False), ratio(each, whole=False)),
    ]:
        first, second = (estimate(finite_rows(sample)) for sample in (alone, declared))
        assert first.deviations[0] == pytest.approx(second.deviations[0], rel=1e-12)  # rounding
        assert first.counts == second.counts
        for method in (each for each in METHODS if each != "bounded"):
            made = [interval(sample, method=method, resamples=200) for sample in (alone, declared)]
            assert (made[0].low, made[0].high) == pytest.approx((made[1].low, made[1].high), rel=1e-9)


def test_a_mean_has_the_cluster_robust_standard_error() -> None:
    """√(C/(C − 1) Σ_c (Σ_{i ∈ c} (v_i − v̄))²)/n, by a loop; and 0.96545928 by statsmodels 0.15.

    There it is of OLS on a constant with cov_type="cluster".
    """
    v, units = np.array([1.0, 2.0, 4.0, 3.0, 7.0, 2.0, 2.5]), np.array([0, 0, 1, 1, 1, 2, 3])
    found = estimate(finite_rows(MeanSample(v, Scale.identity(), units)))
    sums = [sum(v[i] - v.mean() for i in range(7) if units[i] == c) for c in range(4)]
    assert found.standard_error == pytest.approx(np.sqrt(4 / 3 * sum(s * s for s in sums)) / 7)
    assert found.standard_error == pytest.approx(0.96545928, abs=1e-8)
    assert found.counts == (4,)


def without(sample: RatioSample, kept: Array) -> float:
    """The ratio of some of the images, from all of their distances."""
    assert sample.distances is not None
    d = sample.distances[np.ix_(kept, kept)]
    return float(sample.values[kept].mean() / d[~np.eye(len(d), dtype=bool)].mean())


def test_a_ratio_varies_as_the_jackknife_over_units_says() -> None:
    """Leaving out one unit after the other, with M over all pairs that are left.

    The closed form neglects the pairs within a unit, of relative order 1/C, and unequal sizes: within 10% for 24 units.
    """
    sample = ratio(UNITS)
    found = estimate(finite_rows(sample))
    left = np.array([without(sample, np.flatnonzero(c != UNITS)) for c in range(24)])
    assert found.standard_error == pytest.approx(
        np.sqrt(23 / 24 * np.sum((left - left.mean()) ** 2)), rel=0.1
    )
    assert np.corrcoef(found.deviations[0], left.mean() - left)[0, 1] > 0.99
    assert found.value == estimate(finite_rows(ratio(None))).value
    saved = estimate(finite_rows(ratio(UNITS, whole=False)))
    assert saved.standard_error == pytest.approx(found.standard_error, rel=1e-9)  # rounding


def naive_resample(sample: RatioSample, drawn: Array) -> float:
    """The ratio of drawn units, image by image: copies of one image, and of one unit with another, are no pairs."""
    assert sample.distances is not None
    copies = [(i, copy) for copy, c in enumerate(drawn) for i in np.flatnonzero(c == UNITS)]
    pairs = [
        sample.distances[i, j]
        for i, copy in copies
        for j, other in copies
        if i != j and (copy == other or UNITS[i] != UNITS[j])
    ]
    return float(np.mean([sample.values[i] for i, _ in copies]) / np.mean(pairs))


def test_the_bootstrap_draws_units() -> None:
    """Each resample's ratio against a loop over its drawn units, whose copies are counted one by one."""
    sample = ratio(UNITS)
    rows = finite_rows(sample)
    found = replicates(rows, 100, 0)
    weights = np.concatenate(list(image_weights(rows, 100, 0)))
    assert (weights.sum(axis=1) != len(UNITS)).any()  # units are of several sizes
    for b in range(5):
        first = [np.flatnonzero(c == UNITS)[0] for c in range(24)]
        drawn = np.repeat(np.arange(24), weights[b, first].astype(int))
        assert len(drawn) == 24
        assert found[b] == pytest.approx(naive_resample(sample, drawn), rel=1e-12)  # rounding


def test_the_spread_of_the_bootstrap_is_the_standard_error() -> None:
    """2000 draws tell a standard deviation to 1.6%; the rest is the pairs within a unit, and the ratio's bend."""
    for sample in (
        ratio(UNITS),
        ratio(UNITS, whole=False),
        MeanSample(values(), Scale.log(), UNITS),
        null_ratio(UNITS),
    ):
        rows = finite_rows(sample)
        assert replicates(rows, 2000, 0).std() == pytest.approx(estimate(rows).standard_error, rel=0.12)


@pytest.mark.parametrize(
    "sample", [MeanSample(values(), Scale.log(), UNITS), ratio(UNITS), null_ratio(UNITS)]
)
def test_pivots_have_the_standard_error_of_their_resample(sample: Sample) -> None:
    """With cubes of few units in them T* is skew, and still about as wide as Student's t with 23 degrees of freedom."""
    rows = finite_rows(sample)
    pivots = cell_pivots(rows, estimate(rows), 2000, 0)
    assert 0.8 < np.subtract(*np.quantile(pivots, [0.84, 0.16])) / 2.0 < 1.3
    linear = linear_pivots(estimate(rows), 2000, 0)
    assert 0.8 < np.subtract(*np.quantile(linear, [0.84, 0.16])) / 2.0 < 1.3


def test_the_error_of_a_drawn_mean_by_hand() -> None:
    """Units (1, 2) and (4), drawn once and twice: mean 11/4, whose unit sums are off by −2.5, 1.25 and 1.25.

    √(3/2 · (6.25 + 2 · 1.5625))/4 = 0.9375, so that T* = (11/4 − 4)/0.9375 = −4/3.
    """
    sample = MeanSample(np.array([1.0, 2.0, 4.0, 9.0]), Scale.identity(), np.array([0, 0, 1, 2]))
    rows = finite_rows(sample)
    weights = np.concatenate(list(image_weights(rows, 300, 0)))
    chosen = np.flatnonzero((weights == [1, 1, 2, 0]).all(axis=1))
    alone = (weights[:, 1:] > 0).sum(axis=1) == 1  # one unit drawn three times has no error, and is left out
    pivots = cell_pivots(rows, estimate(rows), 300, 0)
    assert len(chosen) > 0
    assert len(pivots) == 300 - alone.sum()
    assert pivots[chosen[0] - alone[: chosen[0]].sum()] == pytest.approx(-4.0 / 3.0)


def test_joint_claims_and_differences_are_over_units() -> None:
    """Wider than over images where the images of a unit are alike, and the p-value goes with the interval."""
    other = MeanSample(values() * (1.0 + 0.1 * values(9)), Scale.log(), UNITS)
    apart = MeanSample(other.values, Scale.log())
    clustered = difference(MeanSample(values(), Scale.log(), UNITS), other)
    alone = difference(MeanSample(values(), Scale.log()), apart)
    assert clustered.value == alone.value
    assert clustered.high - clustered.low > 1.3 * (alone.high - alone.low)
    together = simultaneous([MeanSample(values(), Scale.log(), UNITS), ratio(UNITS), null_ratio(UNITS)])
    single = interval(ratio(UNITS))
    assert together[1].low < single.low < single.high < together[1].high


def test_fewer_than_20_units_have_no_interval() -> None:
    """However many images they are."""
    sample = MeanSample(values(), Scale.log(), np.minimum(UNITS, 18))
    assert interval(sample).notes == ("interval withheld: 19 clusters, at least 20 needed",)
    assert interval(MeanSample(values(), Scale.log(), np.minimum(UNITS, 19))).low is not None
    one = MeanSample(values(), Scale.log(), np.zeros(len(UNITS)))
    assert interval(one).notes == ("interval withheld: 1 cluster, at least 20 needed",)


def test_images_without_a_value_leave_their_unit() -> None:
    """A unit that lost all of its images is none; one that lost some counts with the rest."""
    v = values()
    v[UNITS == 2] = np.nan
    v[UNITS == 6] = np.where(np.arange(5) < 2, np.nan, v[UNITS == 6])
    rows = finite_rows(MeanSample(v, Scale.log(), UNITS))
    kept = np.isfinite(v)
    found, again = estimate(rows), estimate(finite_rows(MeanSample(v[kept], Scale.log(), UNITS[kept])))
    assert (rows.unit_count, rows.draws) == (23, 24)
    assert found.standard_error == pytest.approx(again.standard_error, rel=1e-12)  # rounding
    assert len(found.deviations[0]) == 24


def test_units_that_agree_say_nothing_of_others() -> None:
    """The same images in every unit: withheld, or what none of 25 units showed is left open."""
    values, units = np.tile([0.1, 0.7], 25), np.repeat(np.arange(25), 2)
    found = interval(MeanSample(values, Scale.log(), units))
    assert found.notes == ("interval withheld: all 25 clusters have the same mean",)
    found = interval(MeanSample(values, Scale.bounded(0.0, 1.0), units))
    missed = 1.0 - 0.025 ** (1 / 25)
    assert (found.low, found.high) == pytest.approx((0.4 - 0.4 * missed, 0.4 + 0.6 * missed))


@pytest.mark.parametrize("method", ["corrected-t", "bounded"])
def test_rates_of_units_are_of_their_totals(method: IntervalMethod) -> None:
    """Units of two equal images say what their images once do; a total of two is no row of 0 or 1."""
    flips = (np.arange(40) % 5 == 0).astype(np.float64)
    once = interval(MeanSample(flips, Scale.rate(2)), method=method)
    twice = interval(
        MeanSample(np.repeat(flips, 2), Scale.rate(1), np.repeat(np.arange(40), 2)), method=method
    )
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), rel=1e-9)


def test_control_images_of_few_units_have_no_null() -> None:
    """Twelve comparisons are of thirteen units or more; 30 compared images of 12 units are not enough."""
    whole = null_ratio(UNITS)
    assert interval(whole).low is not None
    compared = np.unique(whole.pairs)
    units = np.arange(len(UNITS)) + 100
    units[compared] = np.arange(len(compared)) % 12
    few = NullRatioSample(whole.values, whole.pairs, whole.distances, whole.scale, units)
    assert interval(few).notes == ("interval withheld: control images of 12 clusters, at least 13 needed",)


def test_a_null_of_units_varies_as_pairs_that_share_a_unit_do() -> None:
    """Where v does not vary: every two comparisons count for each unit that they share, by a loop."""
    sample = null_ratio(UNITS)
    still = NullRatioSample(np.ones(len(UNITS)), sample.pairs, sample.distances, sample.scale, UNITS)
    found = estimate(finite_rows(still))
    off = sample.distances - sample.distances.mean()
    ends = [set(UNITS[pair]) for pair in sample.pairs]
    shared = float(off @ off) + sum(
        off[j] * off[k] * len(ends[j] & ends[k]) for j in range(len(off)) for k in range(len(off)) if j != k
    )
    expected = np.sqrt(shared) / len(off) * found.value / sample.distances.mean()
    assert found.standard_error == pytest.approx(expected, rel=1e-9)


def test_units_and_a_normaliser_of_its_own_are_refused() -> None:
    """Other images of a unit could be in both samples."""
    with pytest.raises(InputError, match="normaliser of its own images"):
        RatioSample(np.ones(20), np.ones(20), False, Scale.log(), units=np.arange(20))
    with pytest.raises(InputError, match="one whole number for each image"):
        MeanSample(np.ones(20), Scale.log(), np.arange(19))


def test_a_difference_needs_one_division_into_units() -> None:
    """Rows of other units cannot be paired."""
    with pytest.raises(InputError, match="other clusters"):
        difference(MeanSample(values(), Scale.log(), UNITS), MeanSample(values(), Scale.log()))


def test_exact_and_additive_normalisers_agree_on_additive_distances() -> None:
    """With d_ij = a_i + a_j nothing is lost: the same M* from distances and from their row means."""
    a = values(3)
    d = a[:, None] + a
    np.fill_diagonal(d, 0.0)
    exact = RatioSample(values(), row_means_of(d), True, Scale.log(), d, UNITS)
    rows = finite_rows(exact)
    saved = finite_rows(RatioSample(values(), row_means_of(d), True, Scale.log(), None, UNITS))
    for w in image_weights(rows, 50, 0):
        assert weighted_normaliser(w, rows.sample) == pytest.approx(
            weighted_normaliser(w, saved.sample), rel=1e-10
        )


@pytest.mark.parametrize("method", ["corrected-t", "bounded"])
def test_weights_of_whole_numbers_are_sizes_of_units(method: IntervalMethod) -> None:
    """An image that counts three times is a unit of three equal images."""
    flips, times = (np.arange(40) % 5 == 0).astype(np.float64), np.arange(40) % 3 + 1
    weighted = MeanSample(flips, Scale.rate(3), weighting=Weighting(times.astype(np.float64)))
    repeated = MeanSample(np.repeat(flips, times), Scale.rate(3), np.repeat(np.arange(40), times))
    made, expected = (interval(sample, method=method) for sample in (weighted, repeated))
    assert (made.value, made.low, made.high) == pytest.approx((expected.value, expected.low, expected.high))
