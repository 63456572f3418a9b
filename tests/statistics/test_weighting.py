"""Weighted images against sums written out, leaving out by hand, and the textbook's stratified variance."""

import numpy as np
import pytest

from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import image_weights, replicates
from geed_cli.statistics.estimate import additive_parts, estimate, normaliser_estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import (
    MeanSample,
    NullRatioSample,
    RatioSample,
    finite_rows,
    normaliser_of,
    row_means_of,
)
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import Weighting, balanced

N = 24
PLAIN, LOG = Scale.identity(), Scale.log()


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, distances and weights of N images."""
    chance = np.random.default_rng(seed)
    f = chance.lognormal(size=(N, 4))
    return chance.random(N) + 0.1, np.linalg.norm(f[:, None] - f[None], axis=2), chance.uniform(0.5, 3.0, N)


def pairs_mean(d: np.ndarray, w: np.ndarray) -> float:
    """The weighted mean over ordered pairs of different images, written out."""
    total = share = 0.0
    for i in range(len(d)):
        for j in range(len(d)):
            if i != j:
                total, share = total + w[i] * w[j] * d[i, j], share + w[i] * w[j]
    return total / share


def ratio(v: np.ndarray, d: np.ndarray, weighting: Weighting, *, kept: bool = False) -> RatioSample:
    rows = row_means_of(d, weighting)
    return RatioSample(v, rows, True, LOG, d if kept else None, weighting=weighting)


def test_value_and_deviations_equal_leaving_out_by_hand() -> None:
    """Of the ratio: each image is left out with its weight and its pairs."""
    v, d, w = made()
    found = estimate(finite_rows(ratio(v, d, Weighting(w))))
    assert found.value == pytest.approx((w @ v / w.sum()) / pairs_mean(d, w))
    others = [np.delete(np.arange(N), i) for i in range(N)]
    left = np.array([(w[o] @ v[o] / w[o].sum()) / pairs_mean(d[np.ix_(o, o)], w[o]) for o in others])
    assert found.deviations[0] == pytest.approx((N - 1) * (left.mean() - left), abs=1e-10)
    mean = estimate(finite_rows(MeanSample(v, PLAIN, weighting=Weighting(w))))
    left = np.array([w[o] @ v[o] / w[o].sum() for o in others])
    assert mean.deviations[0] == pytest.approx((N - 1) * (left.mean() - left), abs=1e-12)


def test_equal_weights_change_nothing() -> None:
    """Of any size: value, limits, resamples and additive parts are those of images that count alike."""
    v, d, _ = made()
    equal = Weighting(np.full(N, 0.3))
    plain = RatioSample(v, row_means_of(d), True, LOG)
    mine = ratio(v, d, equal)
    assert mine.row_means == pytest.approx(plain.row_means)
    assert additive_parts(mine) == pytest.approx(additive_parts(plain))
    assert replicates(finite_rows(mine), 100, 0) == pytest.approx(replicates(finite_rows(plain), 100, 0))
    for method in ("corrected-t", "bca"):
        found, expected = (interval(each, method=method, resamples=200) for each in (mine, plain))
        assert (found.value, found.low, found.high) == pytest.approx(
            (expected.value, expected.low, expected.high)
        )
    pairs, distances = np.array([(i, i - 1) for i in range(1, 16)]), v[:15] + 1.0
    null, alike = (NullRatioSample(v, pairs, distances, LOG, weighting=each) for each in (None, equal))
    assert estimate(finite_rows(alike)).variance == pytest.approx(estimate(finite_rows(null)).variance)


def test_a_class_counts_as_much_as_any_other() -> None:
    """Balanced: the mean of the classes' means, with the variance of stratified samples."""
    v = made()[0]
    classes = np.repeat([5, 1, 9], [4, 8, 12])
    weighting = balanced(classes)
    parts = [v[classes == k] for k in (1, 5, 9)]
    found = estimate(finite_rows(MeanSample(v, PLAIN, weighting=weighting)))
    assert weighting.weights.mean() == pytest.approx(1.0)
    assert found.value == pytest.approx(np.mean([part.mean() for part in parts]))
    stratified = sum(part.var(ddof=1) / len(part) for part in parts) / 9
    # each image is left out with its weight, so that a class of four moves by a little more
    assert found.variance == pytest.approx(stratified, rel=0.1)
    assert found.variance > stratified


def test_classes_of_one_image_are_one_stratum() -> None:
    """Their differences count as chance; a single one counts against the mean of all."""
    u = np.arange(6.0) - 2.5
    strata = np.array([0, 0, 1, 2, 3, 3])
    moved = Weighting(np.ones(6), strata).within_strata(u)
    stretch = np.sqrt(2 * 5 / 6)
    assert moved == pytest.approx(stretch * np.array([-0.5, 0.5, -0.5, 0.5, -0.5, 0.5]))
    alone = Weighting(np.ones(6), np.array([0, 0, 0, 0, 0, 7])).within_strata(u)
    assert alone[-1] == u[-1]


def test_additive_parts_and_the_normaliser() -> None:
    """a_i + a_j has the weighted row means that it was made from, and so their M."""
    _, d, w = made()
    sample = ratio(np.ones(N), d, Weighting(w))
    a = additive_parts(sample)
    again = row_means_of(a[:, None] + a[None], Weighting(w))
    assert again == pytest.approx(sample.row_means, rel=1e-12)
    assert normaliser_of(sample) == pytest.approx(pairs_mean(d, w)) == normaliser_estimate(sample).value


@pytest.mark.parametrize("kept", [True, False])
def test_resamples_count_an_image_as_often_as_its_weight_says(kept: bool) -> None:
    """θ* of each draw, written out; with distances, and with the additive matrix in their place."""
    v, d, w = made()
    sample = ratio(v, d, Weighting(w), kept=kept)
    rows = finite_rows(sample)
    a = additive_parts(sample)
    used = d if kept else a[:, None] + a[None]
    drawn = np.concatenate(list(image_weights(rows, 100, 3)))
    for counts, found in zip(drawn[:5], replicates(rows, 100, 3), strict=False):
        counted = counts * w
        assert found == pytest.approx((counted @ v / counted.sum()) / pairs_mean(used, counted))


def test_resamples_of_strata_have_their_variance() -> None:
    """2000 draws within classes of 2, 4 and 18: the spread of the mean is the stratified standard error."""
    v = made()[0]
    weighting = balanced(np.repeat([0, 1, 2], [2, 4, 18]))
    rows = finite_rows(MeanSample(v, PLAIN, weighting=weighting))
    parts = np.split(v, [2, 6])
    expected = np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)) / 3
    assert replicates(rows, 4000, 0).std() == pytest.approx(expected, rel=0.05)  # 4 of its standard errors


def test_units_are_left_out_with_their_weights() -> None:
    """Clusters of three: each cluster's deviation is the sum of its images', to first order of leaving it out."""
    v, _, w = made()
    units = np.arange(N) // 3
    rows = finite_rows(MeanSample(v, PLAIN, units, Weighting(w)))
    found = estimate(rows)
    clusters = [np.flatnonzero(units == c) for c in range(8)]
    mean = w @ v / w.sum()
    moved = np.array([(w[c] * (v[c] - mean)).sum() / w.sum() for c in clusters])
    assert found.variance == pytest.approx(8 / 7 * (moved**2).sum(), rel=0.1)
    sums = np.array([w[c].sum() for c in clusters])
    assert rows.effective_count == pytest.approx(w.sum() ** 2 / (sums**2).sum())


def test_too_few_images_that_count() -> None:
    """Forty images of which a few have nearly all of the weight have no interval."""
    v = np.random.default_rng(0).random(40)
    found = interval(MeanSample(v, PLAIN, weighting=Weighting(np.where(np.arange(40) < 4, 100.0, 1.0))))
    assert found.low is None
    assert found.notes == (
        "interval withheld: with their weights the images tell no more than 4.75 that count alike, at least 20 needed",
    )


@pytest.mark.parametrize("wrong", [[1.0, 0.0], [1.0, -1.0], [1.0, np.nan], [np.inf, 1.0], [[1.0, 1.0]]])
def test_weights_are_positive_numbers(wrong: list[float]) -> None:
    """0 is none: an image that does not count is no image of the run."""
    with pytest.raises(InputError, match="not all positive"):
        Weighting(np.array(wrong))


def test_as_many_weights_as_images() -> None:
    """A sample refuses weights of other images."""
    with pytest.raises(InputError, match="2 weights for 3 images"):
        MeanSample(np.ones(3), PLAIN, weighting=Weighting(np.ones(2)))
    with pytest.raises(InputError, match="normaliser of its own"):
        RatioSample(np.ones(3), np.ones(4), False, LOG, weighting=Weighting(np.ones(3)))
