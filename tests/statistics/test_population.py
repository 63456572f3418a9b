"""Populations of models: Student's and Welch's intervals by hand and by scipy."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.population import RECIPES, one, two
from geed_cli.statistics.difference import Difference
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.population import (
    Contrast,
    Model,
    paired,
    population,
    population_difference,
    spread_of,
    unpaired,
)
from geed_cli.statistics.sample import Interval, MeanSample, finite_rows
from geed_cli.statistics.scale import Scale


def members(*values: float | None) -> list[Model]:
    """Models without rows: what is known of them is over models alone."""
    return [
        Model(Interval(v, None if v is None else v - 0.1, None if v is None else v + 0.1)) for v in values
    ]


def with_rows(rows: np.ndarray) -> list[Model]:
    """Models with rows, shape (models, images)."""
    samples = [MeanSample(each, Scale.identity()) for each in rows]
    return [
        Model(Interval(float(each.values.mean()), None, None), estimate(finite_rows(each)))
        for each in samples
    ]


def anova(y: np.ndarray) -> tuple[float, float]:
    """Two-way random effects without replication, by loops: variance of the grand mean, and its freedom."""
    k, n = y.shape
    grand = sum(map(sum, y.tolist())) / (k * n)
    models = [sum(row) / n for row in y.tolist()]
    images = [sum(y[j, i] for j in range(k)) / k for i in range(n)]
    ms_models = n * sum((m - grand) ** 2 for m in models) / (k - 1)
    ms_images = k * sum((m - grand) ** 2 for m in images) / (n - 1)
    rest = sum((y[j, i] - models[j] - images[i] + grand) ** 2 for j in range(k) for i in range(n))
    ms_both = rest / ((k - 1) * (n - 1))
    variance = (ms_models + ms_images - ms_both) / (k * n)
    parts = [ms_models / (k * n), ms_images / (k * n), ms_both / (k * n)]
    freedoms = [k - 1, n - 1, (k - 1) * (n - 1)]
    return variance, variance**2 / sum(p * p / f for p, f in zip(parts, freedoms, strict=True))


def crossed(seed: int, k: int, n: int, between: float = 1.0) -> np.ndarray:
    """Rows μ + image + model + both, a model's mean having the standard error 1 over images."""
    rng = np.random.default_rng(seed)
    rows = math.sqrt(n / 2) * (rng.normal(size=n) + rng.normal(size=(k, n)))
    return 5.0 + between * rng.normal(size=(k, 1)) + rows


def test_three_models_by_hand() -> None:
    """1, 2, 3: mean 2, s = 1, half-width t₂ · 1/√3 = 4.3027/1.7321 = 2.4841; each model alone ± 0.1."""
    made = population(members(1.0, 2.0, 3.0))
    assert (made.value, made.deviation, made.count) == (2.0, 1.0, 3)
    assert made.low == pytest.approx(2.0 - 2.4841, abs=1e-4)
    assert made.high == pytest.approx(2.0 + 2.4841, abs=1e-4)
    assert made.within == pytest.approx(0.1)


def test_one_model_has_no_interval_over_models() -> None:
    """The value and the uncertainty over images stay."""
    made = population(members(1.0))
    assert (made.value, made.low, made.deviation) == (1.0, None, None)
    assert made.within == pytest.approx(0.1)
    assert "two needed" in made.notes[0]


def test_models_without_a_value_are_left_out_and_counted() -> None:
    """An undefined member does not enter the mean."""
    made = population(members(1.0, None, 3.0))
    assert (made.value, made.count) == (2.0, 2)
    assert made.notes == ("1 of 3 models without a value left out",)
    assert population(members(None)).value is None


def test_equal_models_have_no_width() -> None:
    """Degenerate, with a note."""
    made = population(members(2.0, 2.0))
    assert (made.low, made.high) == (2.0, 2.0)
    assert "same value" in made.notes[0]


def test_two_populations_by_welch() -> None:
    """Difference, interval and p-value of scipy's Welch test."""
    a, b = np.array([1.0, 1.3, 0.8, 1.1]), np.array([1.4, 2.0, 1.9])
    made = population_difference(members(*a), members(*b))
    theirs = stats.ttest_ind(b, a, equal_var=False)
    assert made.p_value == pytest.approx(theirs.pvalue)
    assert (made.low, made.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert math.isclose(made.value or 0.0, b.mean() - a.mean())


def test_populations_too_small_to_compare() -> None:
    """One model a side: the difference alone; none: undefined."""
    assert population_difference(members(1.0, 2.0), members(3.0)).p_value is None
    assert population_difference(members(1.0, 2.0), members(None)).value is None
    assert population_difference(members(1.0, 1.0), members(2.0, 2.0)).low == 1.0


def test_members_of_too_few_images_leave_no_interval() -> None:
    """Mean, spread and the members' own uncertainty stand; of a difference the value; each reason is said once."""
    few = "interval withheld: 12 images, at least 20 needed"
    some = [replace(each, withheld=few) for each in members(1.0, 2.0, 3.0)]
    made = population(some)
    assert (made.value, made.low, made.high, made.deviation, made.count) == (2.0, None, None, 1.0, 3)
    assert made.notes == (few,)
    for contrast in (unpaired, paired):
        for sides in ((some, members(1.0, 2.0, 3.5)), (members(1.0, 2.0, 3.5), some)):
            found = contrast(*sides)
            assert isinstance(found, Difference)
            assert (found.low, found.p_value, found.notes) == (None, None, (few,))
            assert found.value is not None


def test_limits_do_not_leave_the_range_of_the_measure() -> None:
    """Three flip rates around 5%: the t interval reaches below 0, where no rate can be."""
    rates = [Model(Interval(v, None, None)) for v in (0.0, 0.02, 0.13)]
    found = population(rates, scale=Scale.rate())
    low = population(rates).low
    assert low is not None
    assert low < 0
    assert found.low == 0
    assert found.high == population(rates).high


@pytest.mark.parametrize("seed", range(5))
def test_the_variance_is_that_of_a_two_way_analysis(seed: int) -> None:
    """Mean squares by loops; the degrees of freedom, too, where the images' are n − 1 (normal rows, many of them)."""
    y = crossed(seed, 4, 30)
    spread = spread_of(with_rows(y))
    variance, _ = anova(y)
    assert spread.models + spread.images - spread.both == pytest.approx(variance)
    assert spread.freedom[0] == 3
    assert spread.freedom[2] == 3 * 29
    many = crossed(seed, 4, 4000)
    expected = anova(many)
    found = spread_of(with_rows(many))
    if expected[0] > max(found.models, found.images):
        assert (found.variance, found.whole_freedom) == pytest.approx(expected, rel=0.01)


def test_the_pigeonhole_bootstrap_has_that_variance_and_a_little_more() -> None:
    """Owen (2007): models and images drawn each by themselves; its bias is what both have counted, at most twice."""
    y = crossed(11, 8, 40)
    rng = np.random.default_rng(0)
    means = []
    for _ in range(4000):
        models, images = rng.integers(0, 8, 8), rng.integers(0, 40, 40)
        means.append(y[np.ix_(models, images)].mean())
    spread = spread_of(with_rows(y))
    # a resample of k has (k − 1)/k of the variance
    expected = spread.models * 7 / 8 + spread.images * 39 / 40 + spread.both * 7 / 8 * 39 / 40
    assert float(np.var(means)) == pytest.approx(expected, rel=0.1)
    assert spread.variance < float(np.var(means)) * 8 / 7


def test_never_narrower_than_over_models_alone() -> None:
    """Images only add; two models with equal values are no proof that the third would have it."""
    for seed in range(20):
        y = crossed(seed, 2 + seed % 4, 25)
        made, alone = population(with_rows(y)), population(members(*map(float, y.mean(axis=1))))
        assert made.low is not None
        assert alone.low is not None
        assert made.low <= alone.low + 1e-12


def test_images_that_all_models_share_do_not_average_away() -> None:
    """Forty copies of nearly one model: as sure as that one, not as forty."""
    rng = np.random.default_rng(3)
    common = rng.normal(size=50)
    made = population(with_rows(common + 1e-6 * rng.normal(size=(40, 50))))
    assert made.low is not None
    assert made.high is not None
    half = float(stats.t.ppf(0.975, 49)) * common.std(ddof=1) / math.sqrt(50)
    # the images of this draw have far ones, which cost degrees of freedom
    assert 2 * half <= made.high - made.low < 2.4 * half


def test_paired_runs_are_one_sample_of_differences() -> None:
    """What a seed does to both cancels; of rows that are alike in both, scipy's paired t test over the models."""
    rng = np.random.default_rng(5)
    seeds, shift = rng.normal(size=6), rng.normal(0.3, 0.1, size=6)
    rows = rng.normal(size=30)
    first, other = (with_rows(each[:, None] + rows) for each in (seeds, seeds + shift))
    made = paired(first, other)
    assert isinstance(made, Contrast)
    theirs = stats.ttest_rel(seeds + shift, seeds)
    found = made.at(0.95)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    apart = unpaired(first, other)
    assert isinstance(apart, Contrast)
    assert (apart.at(0.95).p_value or 0.0) > (found.p_value or 1.0)


def test_too_few_pairs() -> None:
    """One pair has no interval, none no value."""
    one_pair = paired(members(1.0, None), members(2.0, 3.0))
    assert isinstance(one_pair, Difference)
    assert (one_pair.value, one_pair.low) == (1.0, None)
    assert "1 of 2 pairs" in one_pair.notes[0]
    none = paired(members(None), members(2.0))
    assert isinstance(none, Difference)
    assert none.value is None


@pytest.mark.parametrize("repetitions", [150, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name",
    [
        "the same, skewed seeds",
        *(
            pytest.param(each, marks=pytest.mark.heavy)
            for each in ("within as large as between", "within twice between")
        ),
    ],
)
def test_coverage_of_the_recipe_s_true_value(name: str, repetitions: int) -> None:
    """At least 92% at k = 5 and 10, where Student's t over models had 83 and 70%; of differences and pairs, too."""
    floor = stats.binom.ppf(0.001, repetitions, 0.93)
    for k in (5, 10):
        found = [one(RECIPES[name], k, np.random.default_rng([9, k, run])) for run in range(repetitions)]
        assert sum(ours for ours, _ in found) >= floor
        assert sum(alone for _, alone in found) < 0.92 * repetitions
    both = [two(RECIPES[name], (4, 4), np.random.default_rng([8, run])) for run in range(repetitions)]
    assert sum(alone for alone, _ in both) >= floor
    assert sum(bool(together) for _, together in both) >= floor
