"""Paired differences: pairing pays, the p-value agrees with the interval, and mismatches are refused."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geed_cli.choices import IntervalMethod
from geed_cli.errors import InputError
from geed_cli.statistics.difference import difference, differences, paired_estimate
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows, row_means_of
from geed_cli.statistics.scale import Scale

ANY_ROWS = tuple(method for method in METHODS if method != "bounded")


def mean(v: np.ndarray) -> MeanSample:
    return MeanSample(v, Scale.log())


def latent_pair(n: int, seed: int, shift: float = 1.0) -> tuple[RatioSample, RatioSample]:
    """Two models that see the same images: embeddings share the image's scale, and so do their deviations."""
    rng = np.random.default_rng(seed)
    s = rng.lognormal(sigma=0.5, size=n)
    z = 1.0 + rng.normal(size=(n, 6))
    cells = []
    for factor in (1.0, shift):
        f = s[:, None] * (z + 0.3 * rng.normal(size=(n, 6)))
        d = np.linalg.norm(f[:, None] - f[None], axis=2)
        v = factor * s**2 * rng.lognormal(sigma=0.1, size=n)
        cells.append(RatioSample(v, row_means_of(d), True, Scale.log()))
    return cells[0], cells[1]


@pytest.mark.parametrize("method", ["corrected-t", "cautious-t"])
def test_symmetric_differences_get_the_paired_t_test(method: IntervalMethod) -> None:
    """Without skewness or tails to correct for: scipy's paired t test, interval and p-value."""
    a = np.random.default_rng(0).lognormal(size=60)
    b = a + 0.2 + np.linspace(-1.0, 1.0, 60)
    ours = difference(mean(a), mean(b), method=method)
    theirs = stats.ttest_rel(b, a)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))


@pytest.mark.parametrize("method", ANY_ROWS)
def test_differences_made_together_are_those_made_alone(method: IntervalMethod) -> None:
    """To rounding, at any confidence, with notes, p-values, and what is undefined, copied, or over other images."""
    a, b = latent_pair(40, 3)
    c, d = latent_pair(25, 4, shift=1.5)
    gone = MeanSample(np.full(40, np.nan), Scale.log())
    pairs = [(a, b), (c, d), (b, a), (mean(a.values), gone), (a, a), (mean(a.values), mean(b.values))]
    for pair, at in zip(pairs, differences(pairs, method=method, resamples=300, seed=5), strict=True):
        for confidence in (0.99, 0.9):
            alone = difference(*pair, method=method, confidence=confidence, resamples=300, seed=5)
            found = at(confidence)
            assert found.notes == alone.notes
            for name in ("value", "low", "high", "p_value"):
                one, other = getattr(found, name), getattr(alone, name)
                assert one == (other if other is None else pytest.approx(other, rel=1e-9)), name


@pytest.mark.parametrize("method", ANY_ROWS)
def test_pairing_cuts_the_width(method: IntervalMethod) -> None:
    """On a pair that shares its images' difficulty the paired width is under half of the unpaired one."""
    a, b = latent_pair(80, 1)
    paired = difference(a, b, method=method)
    unpaired = math.hypot(
        *((i.width or 0.0) for i in (interval(a, method=method), interval(b, method=method)))
    )
    assert paired.low is not None
    assert paired.high is not None
    assert paired.high - paired.low < 0.5 * unpaired


@pytest.mark.parametrize("method", ANY_ROWS)
@pytest.mark.parametrize("seed", range(6))
def test_p_value_agrees_with_the_interval(method: IntervalMethod, seed: int) -> None:
    """P < α exactly where the 1 − α interval excludes 0, at several α."""
    a, b = latent_pair(50, seed, shift=1.03)
    for alpha in (0.5, 0.1, 0.05, 0.01):
        made = difference(a, b, method=method, confidence=1.0 - alpha, resamples=500)
        assert made.low is not None
        assert made.high is not None
        assert made.p_value is not None
        assert (made.p_value <= alpha) == (made.low > 0.0 or made.high < 0.0)


@pytest.mark.parametrize("method", ANY_ROWS)
def test_exchanging_the_models_turns_the_sign(method: IntervalMethod) -> None:
    """A − B is −(B − A): limits change places, the p-value stays."""
    a, b = latent_pair(50, 3, shift=1.1)
    there, back = difference(a, b, method=method), difference(b, a, method=method)
    assert there.value == pytest.approx(-back.value)
    # quantiles interpolate between the same draws from either end; bisection stops at 12 digits
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), rel=1e-6, abs=1e-9)
    assert there.p_value == pytest.approx(back.p_value, rel=1e-6)


def test_deviations_are_those_of_leaving_images_out() -> None:
    """The paired jackknife variance equals leave-one-out of the difference by brute force."""
    rng = np.random.default_rng(0)
    v, w = rng.random(25), rng.random(25)
    brute = np.array([np.delete(w, i).mean() - np.delete(v, i).mean() for i in range(25)])
    made = paired_estimate(finite_rows(mean(v)), finite_rows(mean(w)))
    assert made.variance == pytest.approx(24 / 25 * ((brute - brute.mean()) ** 2).sum())


def test_a_lost_image_still_counts_for_the_other_model() -> None:
    """Values are those that the table shows; the standard error lies near that of complete rows."""
    rng = np.random.default_rng(0)
    a, b = rng.random(60), rng.random(60)
    holed = a.copy()
    holed[:3] = np.nan
    made = difference(mean(holed), mean(b))
    assert made.value == pytest.approx(b.mean() - a[3:].mean())
    assert "3 images" in made.notes[0]
    se = paired_estimate(finite_rows(mean(holed)), finite_rows(mean(b))).standard_error
    assert se == pytest.approx(
        math.sqrt(a[3:].var(ddof=1) / 57 + b.var(ddof=1) / 60), rel=0.15
    )  # covariance of noise


def test_separate_normalisers_are_paired_too() -> None:
    """Both models over the same separate M images: deviations cancel there as well."""
    a, _ = latent_pair(50, 1)
    m = np.random.default_rng(5).random(40) + 1.0
    one = RatioSample(a.values, m, False, Scale.log())
    two = RatioSample(a.values * 1.5, m * 1.5, False, Scale.log())
    made = paired_estimate(finite_rows(one), finite_rows(two))
    assert len(made.deviations) == 2
    assert (
        made.standard_error < 1e-12 * estimate(finite_rows(one)).standard_error + 1e-12
    )  # equal but for rounding


def test_same_model_twice_is_no_difference() -> None:
    """The same rows, digit for digit: 0, no width, p = 1, with a note."""
    a, _ = latent_pair(30, 0)
    made = difference(a, a)
    assert (made.value, made.low, made.high, made.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert "same rows" in made.notes[0]


def test_a_constant_shift_shows_nothing_of_other_images() -> None:
    """Every image worse by the same amount: withheld, but of bounded rows what none of 30 showed is left open."""
    v = np.arange(30.0) / 100
    made = difference(MeanSample(v, Scale.identity()), MeanSample(v + 0.5, Scale.identity()))
    assert (made.value, made.low, made.p_value) == (pytest.approx(0.5), None, None)
    assert "withheld" in made.notes[0]
    between = Scale.bounded(0.0, 1.0)
    made = difference(MeanSample(v, between), MeanSample(v + 0.5, between))
    missed = stats.binomtest(0, 30).proportion_ci(0.95, "exact").high
    assert (made.low, made.high) == pytest.approx((0.5 - 1.5 * missed, 0.5 + 0.5 * missed))


def test_an_undefined_side_leaves_no_difference() -> None:
    """A constant model has no value to compare."""
    a, _ = latent_pair(30, 0)
    made = difference(a, RatioSample(np.zeros(30), np.zeros(30), True, Scale.log()))
    assert made.value is None
    assert "M = 0" in made.notes[-1]


def test_too_few_images_give_a_value_alone() -> None:
    """Below 20 images the difference is shown without interval and p-value."""
    made = difference(mean(np.arange(1.0, 11.0)), mean(np.arange(2.0, 12.0)))
    assert (made.value, made.low, made.p_value) == (1.0, None, None)


def test_different_images_are_refused() -> None:
    """Cells over 30 and 40 images cannot be paired."""
    with pytest.raises(InputError, match="30 and 40"):
        difference(mean(np.ones(30)), mean(np.ones(40)))


@pytest.mark.heavy
def test_no_difference_is_found_at_the_nominal_rate() -> None:
    """Two models of equal merit: the 5% test rejects in 5% of 600 runs, within binomial limits."""
    rejected = sum((difference(*latent_pair(50, seed)).p_value or 0.0) < 0.05 for seed in range(600))
    low, high = stats.binom.ppf([0.0005, 0.9995], 600, 0.05)
    assert low <= rejected <= high


ANY = st.one_of(st.floats(), st.floats(-2.0, 2.0), st.sampled_from([0.0, 1.0]))


@given(
    rows=st.lists(st.tuples(ANY, ANY.map(abs), ANY, ANY.map(abs)), min_size=15, max_size=30),
    method=st.sampled_from(METHODS),
)
def test_any_rows_give_a_defined_difference(rows: list[tuple[float, ...]], method: IntervalMethod) -> None:
    """Never NaN, never a warning, limits around the value, 0 ≤ p ≤ 1."""
    columns = np.array(rows).reshape(-1, 4).T
    a = RatioSample(columns[0], columns[1], True, Scale.log())
    b = RatioSample(columns[2], columns[3], True, Scale.log())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = difference(a, b, method=method, resamples=100)
    assert all(math.isfinite(x) for x in (made.value, made.low, made.high, made.p_value) if x is not None)
    if made.low is not None:
        assert made.low <= made.value <= made.high
        assert 0.0 <= made.p_value <= 1.0


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_rates_that_are_the_same_in_every_image_have_exact_limits(rate: float) -> None:
    """No image of 20 differs, so less than 16.8% of all do: Clopper and Pearson's limit at 95%."""
    rows = MeanSample(np.full(20, rate), Scale.rate())
    found = difference(rows, rows)
    missed = stats.binomtest(0, 20).proportion_ci(0.95, "exact").high
    assert found.value == 0
    assert (found.low, found.high) == pytest.approx((-missed, missed))
    assert found.p_value == 1


def test_a_mean_that_rounds_is_no_spread() -> None:
    """The mean of a hundred sevenths is not the float 1/7."""
    rows = finite_rows(MeanSample(np.full(100, 1 / 7), Scale.rate()))
    assert estimate(rows).variance == 0
