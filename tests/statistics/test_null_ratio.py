"""Means over images over the mean of a few comparisons between them: layers against their null."""

import math
from itertools import pairwise

import numpy as np
import pytest

from geed_cli.statistics.bootstrap import replicates
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import MeanSample, NullRatioSample, RatioSample, finite_rows
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.studentized import cell_pivots

ANY_ROWS = tuple(method for method in METHODS if method != "bounded")

LOG = Scale.log()


def chained(values: Array, features: Array, places: Array) -> NullRatioSample:
    """Each of some images is compared with the one before it: 1 − ⟨f, f'⟩."""
    pairs = np.array([(now, before) for before, now in pairwise(places)])
    distances = 1.0 - (features[pairs[:, 0]] * features[pairs[:, 1]]).sum(axis=1)
    return NullRatioSample(values, pairs, distances, LOG)


def drawn(kind: str, n: int, rng: np.random.Generator) -> Array:
    """Unit vectors: about one direction, with a spread of their own each, in five clusters, or nearly independent."""
    noise = rng.normal(size=(n, 12)) / math.sqrt(12)
    directions = np.eye(12)[:5]
    if kind == "clustered":
        vectors = directions[rng.choice(5, size=n, p=[0.4, 0.3, 0.15, 0.1, 0.05])] + 0.3 * noise
    elif kind == "heavy":
        vectors = directions[0] + noise * np.exp(rng.normal(size=(n, 1)))
    else:
        vectors = (0.05 if kind == "independent" else 1.4) * directions[0] + noise
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def values_of(features: Array, towards: Array, rng: np.random.Generator) -> Array:
    """Lognormal; an image that others are near to deviates less, as an empty picture does."""
    return np.asarray(np.exp(-features @ towards + 0.5 * rng.normal(size=len(features))))


def simulated(kind: str, n: int, rng: np.random.Generator, towards: Array) -> NullRatioSample:
    """N images, of which 16 are compared."""
    features = drawn(kind, n, rng)
    return chained(
        values_of(features, towards, rng), features, np.sort(rng.choice(n, size=16, replace=False))
    )


def truth(kind: str, towards: Array) -> float:
    """E v / (1 − |E f|²), from many images."""
    rng = np.random.default_rng(99)
    features = drawn(kind, 200_000, rng)
    return float(values_of(features, towards, rng).mean() / (1.0 - np.sum(features.mean(axis=0) ** 2)))


def mean_direction(kind: str) -> Array:
    return np.asarray(drawn(kind, 100_000, np.random.default_rng(98)).mean(axis=0))


def test_the_value_is_a_ratio_of_two_means() -> None:
    """(1 + 2 + 6)/3 over (0.5 + 1)/2 = 4, by hand; images without a value, and comparisons, are left out."""
    sample = NullRatioSample(
        np.array([1.0, 2.0, 6.0, np.nan]),
        np.array([(1, 0), (2, 1), (3, 2)]),
        np.array([0.5, 1, np.nan]),
        LOG,
    )
    found = interval(sample)
    assert found.value == pytest.approx(4.0)
    assert (found.low, found.high) == (None, None)
    assert found.notes == (
        "1 image without a finite value left out",
        "interval withheld: 3 images, at least 20 needed",
    )


@pytest.mark.parametrize(
    ("distances", "reason"), [([], "compared with another"), ([0.0, 1e-16], "no further away")]
)
def test_without_a_null_there_is_no_value(distances: list[float], reason: str) -> None:
    """No comparison, or one map for every image."""
    pairs = np.array([(i + 1, i) for i in range(len(distances))], dtype=np.intp)
    found = interval(NullRatioSample(np.ones(30), pairs, np.array(distances), LOG))
    assert found.value is None
    assert reason in found.notes[-1]


def test_the_null_alone_varies() -> None:
    """Equal values: se = θ/d̄ √(2/3 Σt²)/q, t_k the sum of d − d̄ over the comparisons of image k; by a loop."""
    rng = np.random.default_rng(0)
    distances, places = rng.uniform(0.5, 1.5, size=15), np.arange(0, 32, 2)
    pairs = [(int(now), int(before)) for before, now in pairwise(places)]
    found = estimate(finite_rows(NullRatioSample(np.full(40, 3.0), np.array(pairs), distances, LOG)))
    squares = 0.0
    for image in places:
        t = sum(d - distances.mean() for pair, d in zip(pairs, distances, strict=True) if image in pair)
        squares += t * t
    expected = 3.0 / distances.mean() ** 2 * math.sqrt(2 / 3 * squares) / 15
    assert found.standard_error == pytest.approx(expected, rel=1e-12)


def test_the_values_alone_vary() -> None:
    """Every image compared, at one distance: the interval of the mean, divided by it."""
    values = np.random.default_rng(1).lognormal(size=30)
    pairs = np.array([(i + 1, i) for i in range(29)])
    for method in ANY_ROWS:
        found = interval(NullRatioSample(values, pairs, np.full(29, 0.8), LOG), method=method)
        mean = interval(MeanSample(values, LOG), method=method)
        assert (found.value, found.low, found.high) == pytest.approx(
            (mean.value / 0.8, mean.low / 0.8, mean.high / 0.8), rel=1e-9
        )


@pytest.mark.parametrize("kind", ["normal", "clustered", "independent"])
def test_the_standard_error_is_the_spread_of_values(kind: str) -> None:
    """Of 500 samples: right where comparisons add up of their images, up to a sixth more where they do not."""
    rng, towards = np.random.default_rng(2), mean_direction(kind)
    found = [estimate(finite_rows(simulated(kind, 60, rng, towards))) for _ in range(500)]
    spread = np.std([each.value for each in found])
    estimated = math.sqrt(np.mean([each.variance for each in found]))
    assert 0.88 * spread < estimated < 1.3 * spread


def test_resamples_vary_as_the_estimate_says() -> None:
    """The bootstrap's spread is the standard error, and its pivots have theirs."""
    sample = simulated("normal", 60, np.random.default_rng(3), mean_direction("normal"))
    rows = finite_rows(sample)
    found = estimate(rows)
    assert np.nanstd(replicates(rows, 2000, 0)) == pytest.approx(found.standard_error, rel=0.15)
    pivots = cell_pivots(rows, found, 2000, 0)
    assert np.quantile(np.abs(pivots), 0.68) == pytest.approx(1.0, abs=0.2)


def test_methods_agree_in_size() -> None:
    """Each method's limits lie about the value, and none is twice as wide as another."""
    sample = simulated("normal", 100, np.random.default_rng(4), mean_direction("normal"))
    found = [interval(sample, method=method, seed=1) for method in ANY_ROWS]
    widths = [each.width for each in found]
    assert all(each.low < each.value < each.high for each in found)
    assert max(widths) < 2 * min(widths)


def test_order_and_unit_of_images_do_not_matter() -> None:
    """Images in another order, both ends of comparisons exchanged; distances ten times as large."""
    rng = np.random.default_rng(5)
    sample = simulated("normal", 40, rng, mean_direction("normal"))
    order = rng.permutation(40)
    place = np.argsort(order)
    moved = NullRatioSample(
        10 * sample.values[order], place[sample.pairs[:, ::-1]], 10 * sample.distances, LOG
    )
    assert interval(moved).low == pytest.approx(interval(sample).low, rel=1e-12)
    assert interval(moved).high == pytest.approx(interval(sample).high, rel=1e-12)


def test_all_of_a_table_hold_together() -> None:
    """Cells of every kind in one family: nobody's interval is narrower than alone, equal cells cost nothing."""
    rng = np.random.default_rng(6)
    null = simulated("normal", 40, rng, mean_direction("normal"))
    distances = np.abs(rng.normal(size=(30, 30)))
    ratio = RatioSample(
        rng.lognormal(size=40), np.zeros(30), shared=False, scale=LOG, distances=distances + distances.T
    )
    ratio = RatioSample(ratio.values, ratio.distances.sum(axis=1) / 29, shared=False, scale=LOG)
    cells = [null, ratio, MeanSample(rng.lognormal(size=40), LOG)]
    together = simultaneous(cells)
    assert all(each.width > interval(cell).width for each, cell in zip(together, cells, strict=True))
    twice = simultaneous([null, null])
    assert [each.width for each in twice] == pytest.approx([interval(null).width] * 2, rel=0.02)


def coverage(kind: str, n: int, repeats: int) -> float:
    """How many of the 95% intervals hold the true value."""
    rng, towards = np.random.default_rng(7), mean_direction(kind)
    value = truth(kind, towards)
    found = [interval(simulated(kind, n, rng, towards)) for _ in range(repeats)]
    return sum(each.low <= value <= each.high for each in found) / repeats


def test_coverage_in_small() -> None:
    """400 samples of 50 images: 95% within two and a half standard errors of the simulation and what 16 images lack."""
    assert coverage("normal", 50, 400) > 0.90


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "clustered", "heavy", "independent"])
@pytest.mark.parametrize("n", [20, 50, 200])
def test_coverage(kind: str, n: int) -> None:
    """As docs/statistics.md has it: 92 to 97.5%, of 16 compared images."""
    assert 0.915 < coverage(kind, n, 4000) < 0.98
