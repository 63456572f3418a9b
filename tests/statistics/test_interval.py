"""Intervals of one cell: known answers, invariances, and a defined answer for every degenerate input."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geed_cli.choices import IntervalMethod
from geed_cli.errors import InputError
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.sample import Interval, MeanSample, RatioSample, row_means_of
from geed_cli.statistics.scale import Scale

ANY_ROWS = tuple(method for method in METHODS if method != "bounded")


def latent(n: int, seed: int = 0, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Per-image values and a distance matrix of n Gaussian embeddings."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(n, k))
    v = np.abs(rng.normal(size=n)) * np.linalg.norm(f, axis=1)
    return v, np.linalg.norm(f[:, None] - f[None], axis=2)


def ratio(v: np.ndarray, d: np.ndarray, *, keep: bool = True, shared: bool = True) -> RatioSample:
    return RatioSample(v, row_means_of(d), shared, Scale.log(), d if keep else None)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_mean_agrees_with_scipys_bootstrap(method: IntervalMethod) -> None:
    """The limits of scipy.stats.bootstrap, within the Monte Carlo error of 40000 resamples."""
    v = np.random.default_rng(1).lognormal(size=60)
    ours = interval(MeanSample(v, Scale.log()), method=method, resamples=40_000, seed=3)
    theirs = stats.bootstrap(
        (v,), np.mean, n_resamples=40_000, method={"bca": "BCa"}.get(method, method), rng=4, batch=5000
    ).confidence_interval
    # the 2.5% quantile of B draws has standard error sqrt(.025*.975/B)/density = .014 sd here; 5 of them
    tolerance = 5 * 0.014 * v.std() / math.sqrt(60)
    assert ours.low == pytest.approx(theirs.low, abs=tolerance)
    assert ours.high == pytest.approx(theirs.high, abs=tolerance)


@pytest.mark.parametrize("method", ANY_ROWS)
@pytest.mark.parametrize("keep", [True, False])
def test_latent_ratio_has_no_unit(method: IntervalMethod, keep: bool) -> None:
    """Multiplying all embeddings by a constant multiplies v and d alike and leaves the interval."""
    v, d = latent(40)
    a = interval(ratio(v, d, keep=keep), method=method, seed=5)
    b = interval(ratio(1e3 * v, 1e3 * d, keep=keep), method=method, seed=5)
    assert (b.value, b.low, b.high) == pytest.approx((a.value, a.low, a.high), rel=1e-9)  # rounding only


@pytest.mark.parametrize("method", METHODS)
def test_order_of_the_images(method: IntervalMethod) -> None:
    """The jackknife methods do not depend on the order; the bootstrap does by Monte Carlo error alone."""
    v, d = latent(50)
    p = np.random.default_rng(9).permutation(50)
    a = interval(ratio(v, d), method=method, seed=5)
    b = interval(ratio(v[p], d[np.ix_(p, p)]), method=method, seed=5)
    tolerance = 1e-9 if method.endswith("-t") else 0.15 * (a.width or 0.0)  # 7 Monte Carlo errors at 2000
    assert (b.low, b.high) == pytest.approx((a.low, a.high), abs=tolerance)
    assert a == interval(ratio(v, d), method=method, seed=5)


@pytest.mark.parametrize("method", ANY_ROWS)
@pytest.mark.parametrize("shared", [True, False])
def test_row_means_are_enough(method: IntervalMethod, shared: bool) -> None:
    """Saved row means give nearly the interval that the whole distance matrix gives."""
    v, d = latent(100)
    with_d = interval(ratio(v, d, shared=shared), method=method, seed=1)
    without = interval(ratio(v, d, keep=False, shared=shared), method=method, seed=1)
    assert with_d.width is not None
    # the neglected pair term adds order 1/n to the variance of M*, which is the smaller part of the whole
    assert without.low == pytest.approx(with_d.low, abs=0.03 * with_d.width)
    assert without.high == pytest.approx(with_d.high, abs=0.03 * with_d.width)


def test_too_few_images_withhold_the_interval() -> None:
    """19 images: the value stands, the interval does not, and the note counts them."""
    answer = interval(MeanSample(np.arange(19.0), Scale.identity()))
    assert (answer.value, answer.low, answer.high) == (9.0, None, None)
    assert "19 images" in answer.notes[0]


def test_too_few_normaliser_images_withhold_the_interval() -> None:
    """The rule holds for a separate normaliser sample too."""
    v, _ = latent(30)
    answer = interval(RatioSample(v, np.ones(10), False, Scale.log()))
    assert answer.value == pytest.approx(v.mean())
    assert answer.low is None
    assert "10 normaliser images" in answer.notes[0]


@pytest.mark.parametrize("method", METHODS)
def test_equal_values_say_nothing_of_what_they_do_not_show(method: IntervalMethod) -> None:
    """A group-averaged network, every row 0: withheld of a ratio, a rate's bound times the range where there is one."""
    _, d = latent(30)
    answer = interval(ratio(np.zeros(30), d), method=method)
    assert (answer.value, answer.low) == (0.0, None)
    assert answer.notes
    flat = interval(MeanSample(np.full(30, -1.0), Scale.bounded(-1.0, 1.0)), method=method)
    missed = stats.binomtest(0, 30).proportion_ci(0.95, "exact").high
    assert (flat.value, flat.low) == (-1.0, -1.0)
    assert flat.high == pytest.approx(-1.0 + 2.0 * missed) or (
        method == "bounded" and flat.high > 2 * missed - 1
    )
    assert "same value" in flat.notes[0]


def test_no_flip_in_n_images_is_not_proof_of_none() -> None:
    """0 of 50: upper limit 1 − 0.025^(1/50) = 0.0711, the Clopper-Pearson limit."""
    answer = interval(MeanSample(np.zeros(50), Scale.rate()))
    assert (answer.value, answer.low) == (0.0, 0.0)
    assert answer.high == pytest.approx(stats.binomtest(0, 50).proportion_ci(0.95).high)


def test_constant_model_is_undefined() -> None:
    """M = 0: the value is None, never 0 and never infinite."""
    answer = interval(RatioSample(np.zeros(30), np.zeros(30), True, Scale.log()))
    assert answer == Interval(None, None, None, answer.notes)
    assert "M = 0" in answer.notes[0]


def test_cosine_normaliser_near_zero_is_undefined() -> None:
    """White-noise features have mean cosine near 0: no ratio is reported."""
    rng = np.random.default_rng(0)
    f = rng.normal(size=(60, 200))
    f /= np.linalg.norm(f, axis=1, keepdims=True)
    answer = interval(RatioSample(-rng.random(60), row_means_of(f @ f.T), True, Scale.identity()))
    assert answer.value is None
    assert "above 0" in answer.notes[0]


def test_a_mean_distance_above_zero_is_enough_for_a_ratio_of_distances() -> None:
    """Distances cannot be negative: M > 0 defines latent.l2, however uncertain M is, at any number of images."""
    distances = np.zeros((3, 3))
    distances[0, 1] = distances[1, 0] = 3.0
    answer = interval(RatioSample(np.array([1.0, 2.0, 3.0]), row_means_of(distances), True, Scale.log()))
    assert answer.value == pytest.approx(2.0)


def test_rows_without_a_value_are_left_out_and_counted() -> None:
    """NaN rows are dropped: the interval is that of the others, and says how many were lost."""
    v = np.random.default_rng(2).random(40)
    holed = np.concatenate([v[:7], [np.nan], v[7:], [np.inf]])
    answer = interval(MeanSample(holed, Scale.bounded(0, 1)))
    expected = interval(MeanSample(v, Scale.bounded(0, 1)))
    assert (answer.low, answer.high) == pytest.approx((expected.low, expected.high))
    assert answer.notes == ("2 images without a finite value left out",)


@pytest.mark.parametrize("method", ANY_ROWS)
def test_one_broken_embedding_costs_one_image(method: IntervalMethod) -> None:
    """A NaN row and column in d drops that image from numerator and M, and no other."""
    v, d = latent(40)
    d[3, :] = d[:, 3] = np.nan
    answer = interval(RatioSample(v, np.zeros(40), True, Scale.log(), d), method=method)
    keep = np.arange(40) != 3
    assert answer.value == pytest.approx(v[keep].mean() / row_means_of(d[np.ix_(keep, keep)]).mean())
    assert answer.low is not None
    assert answer.notes == ("1 image without a finite value left out",)


def test_all_rows_broken() -> None:
    """Nothing finite: None with the reason."""
    answer = interval(MeanSample(np.full(30, np.nan), Scale.identity()))
    assert answer.value is None
    assert "no image has a finite value" in answer.notes[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"method": "bac"}, "use bca"), ({"confidence": 95.0}, "0.95"), ({"resamples": 3}, "at least 100")],
)
def test_options_out_of_range_are_refused(options: dict[str, object], words: str) -> None:
    """Unknown method, confidence in percent, hardly any resamples."""
    with pytest.raises(InputError, match=words):
        interval(MeanSample(np.arange(30.0), Scale.identity()), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_rounding_beyond_a_bound_is_no_trouble(method: IntervalMethod) -> None:
    """Cosines of −1 up to rounding, on both sides of the bound, are all −1: what none of 40 showed is left open."""
    v = -1.0 + 1e-16 * np.random.default_rng(0).integers(-4, 2, size=40)
    answer, clean = (
        interval(MeanSample(rows, Scale.bounded(-1.0, 1.0)), method=method) for rows in (v, np.full(40, -1.0))
    )
    assert (answer.value, answer.low) == pytest.approx((-1.0, -1.0), abs=1e-12)
    assert answer.high == pytest.approx(clean.high)


SCALES = st.sampled_from([Scale.log(), Scale.bounded(-1.0, 1.0), Scale.rate(), Scale.identity()])
ANY = st.one_of(st.floats(), st.floats(-2.0, 2.0), st.sampled_from([0.0, 1.0, -1.0]))
ROWS = st.one_of(st.lists(ANY, max_size=40), st.lists(ANY.filter(math.isfinite), min_size=20, max_size=25))


def _sane(answer: Interval) -> None:
    numbers = [x for x in (answer.value, answer.low, answer.high) if x is not None]
    assert all(math.isfinite(x) for x in numbers)
    assert answer.notes or answer.low is not None
    if answer.low is not None:
        assert answer.value is not None
        assert answer.high is not None
        assert answer.low <= answer.value <= answer.high


@given(rows=ROWS, scale=SCALES, method=st.sampled_from(METHODS))
def test_any_rows_give_a_defined_mean(rows: list[float], scale: Scale, method: IntervalMethod) -> None:
    """Never NaN, never a warning, low ≤ value ≤ high; whatever is missing is explained."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _sane(interval(MeanSample(np.array(rows), scale), method=method, resamples=100))


@given(
    pairs=st.lists(st.tuples(ANY, ANY.map(abs)), min_size=15, max_size=40),
    shared=st.booleans(),
    method=st.sampled_from(METHODS),
)
def test_any_rows_give_a_defined_ratio(
    pairs: list[tuple[float, float]], shared: bool, method: IntervalMethod
) -> None:
    """The same for ratios from saved rows."""
    v, r = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _sane(interval(RatioSample(v, r, shared, Scale.log()), method=method, resamples=100))


@given(seed=st.integers(0, 10**6), method=st.sampled_from(ANY_ROWS), heavy=st.floats(0.0, 3.0))
def test_plausible_ratios_have_intervals(seed: int, method: IntervalMethod, heavy: float) -> None:
    """Heavy tails or not, 20 images of a real latent cell have a finite interval around a positive value."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(20, 3))
    d = np.linalg.norm(f[:, None] - f[None], axis=2)
    answer = interval(ratio(np.exp(heavy * rng.normal(size=20)), d), method=method, resamples=200, seed=seed)
    _sane(answer)
    assert answer.low is not None
    assert answer.low > 0.0
