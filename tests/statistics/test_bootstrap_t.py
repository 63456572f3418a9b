"""The default interval against resamples written out one by one, and what it does not depend on."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks import rows as rows_benchmark
from geed_cli.statistics.bootstrap import weight_blocks
from geed_cli.statistics.bootstrap_t import BootstrapT, SharedDraws
from geed_cli.statistics.difference import difference
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.jackknife_t import effective_freedom
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows, row_means_of
from geed_cli.statistics.scale import Scale

PLAIN, LOG = Scale.identity(), Scale.log()


def rows(n: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, size=n)


def made(v: np.ndarray, scale: Scale = LOG, confidence: float = 0.95) -> tuple[float, float]:
    found = interval(MeanSample(v, scale), confidence=confidence)
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


@pytest.mark.parametrize("scale", [PLAIN, LOG, Scale.bounded(0.0, 20.0)])
def test_it_is_what_resampling_image_by_image_gives(scale: Scale) -> None:
    """T* of each resample by its own images' mean and standard error; quantiles; one factor for the tails."""
    v = rows()
    n, u = len(v), v - v.mean()
    ordered = v[np.argsort(np.abs(u))]
    pivots = []
    for weights in np.concatenate(list(weight_blocks(n, 2000, 0))):
        drawn = np.repeat(ordered, weights.astype(int))
        error = drawn.std(ddof=0) / math.sqrt(n - 1)
        off = float(scale.forward(drawn.mean())) - float(scale.forward(v.mean()))
        pivots.append(off / (float(scale.slope(drawn.mean())) * error))
    freedom = effective_freedom(estimate(finite_rows(MeanSample(v, scale))))
    width = stats.t.ppf(0.975, freedom) / stats.t.ppf(0.975, n - 1)
    half = stats.sem(v) * float(scale.slope(v.mean())) * width
    low, high = np.quantile(pivots, [0.025, 0.975])
    centre = float(scale.forward(v.mean()))
    expected = scale.inverse(centre - high * half), scale.inverse(centre - low * half)
    assert made(v, scale) == pytest.approx(expected, rel=1e-9)


def test_normal_rows_have_student_s_interval() -> None:
    """Up to the error of 2000 resamples, some two hundredths of the width in each end."""
    v = np.random.default_rng(3).normal(5.0, 1.0, 200)
    student = stats.t.interval(0.95, 199, v.mean(), stats.sem(v))
    assert made(v, PLAIN) == pytest.approx(student, abs=0.05 * (student[1] - student[0]))


def test_beyond_95_percent_the_limits_are_stretched() -> None:
    """By Student's t to the power 5/4 about the value on its scale, more at the skewed end."""
    v = rows() ** 1.5
    made_of = estimate(finite_rows(MeanSample(v, LOG)))
    freedom, u = effective_freedom(made_of), v - v.mean()
    skewness = np.mean(u**3) / np.mean(u**2) ** 1.5
    assert skewness / (6 * math.sqrt(len(v))) > 1 / 40  # all of it
    ratio = stats.t.ppf(0.9995, freedom) / stats.t.ppf(0.975, freedom)
    off, far = (np.log(made(v, confidence=c)) - math.log(v.mean()) for c in (0.95, 0.999))
    assert far == pytest.approx(off * ratio ** np.array([1.25, 1.55]))


def test_the_stretch_follows_the_skewness() -> None:
    """Half of it where the skewness is half as large; turned round with the rows; none of it where they are even."""
    z = np.random.default_rng(1).normal(size=60)
    z = (z - z.mean()) / z.std()

    def powers(v: np.ndarray) -> np.ndarray:
        made_of = estimate(finite_rows(MeanSample(v, PLAIN)))
        freedom = effective_freedom(made_of)
        ratio = stats.t.ppf(0.9995, freedom) / stats.t.ppf(0.975, freedom)
        off, far = (np.array(made(v, PLAIN, c)) - v.mean() for c in (0.95, 0.999))
        return np.log(far / off) / math.log(ratio)

    even = np.concatenate([z, -z])
    assert powers(even) == pytest.approx([1.25, 1.25])
    for bend in (0.05, 0.5):
        v = even + bend * even**2
        u = v - v.mean()
        part = min(np.mean(u**3) / np.mean(u**2) ** 1.5 / (6 * math.sqrt(120)) * 40, 1.0)
        assert powers(v) == pytest.approx([1.25, 1.25 + 0.3 * part])
        assert powers(-v) == pytest.approx([1.25 + 0.3 * part, 1.25])


@given(
    st.lists(st.floats(0.01, 100.0), min_size=20, max_size=40), st.floats(0.5, 0.9999), st.floats(0.5, 0.9999)
)
def test_more_confidence_is_wider(values: list[float], one: float, other: float) -> None:
    """Whatever the rows."""
    v = np.array(values)
    if np.ptp(v) == 0:
        return
    low, high = sorted((one, other))
    inner, outer = made(v, confidence=low), made(v, confidence=high)
    assert outer[0] <= inner[0] <= inner[1] <= outer[1]


def test_the_order_of_the_images_does_not_matter() -> None:
    """To rounding, of rows no two of which are equally far from the mean."""
    assert made(rows()[::-1]) == pytest.approx(made(rows()))


def test_a_difference_turns_its_sign_with_the_models() -> None:
    """Digit for digit but for rounding, and its p-value is the same."""
    a, b = rows(), rows(seed=1)
    one, other = (
        difference(MeanSample(a, LOG), MeanSample(b, LOG)),
        difference(MeanSample(b, LOG), MeanSample(a, LOG)),
    )
    assert one.low is not None
    assert other.high is not None
    assert one.low == pytest.approx(-other.high)
    assert one.p_value == pytest.approx(other.p_value)


def test_images_without_a_row_are_not_drawn() -> None:
    """A mean over 25 of 40 images has the interval of those 25."""
    v = rows(25)
    some = np.full(40, np.nan)
    some[5:30] = v
    assert made(some) == pytest.approx(made(v))


def test_a_ratio_is_drawn_as_its_deviations() -> None:
    """The jackknife's u_i of mean/M, whose sum is the ratio's first-order movement."""
    f = np.random.default_rng(5).normal(size=(40, 4)) + 1.0
    d = np.linalg.norm(f[:, None] - f[None], axis=2)
    sample = RatioSample(rows(), row_means_of(d), True, LOG)
    made_of = estimate(finite_rows(sample))
    alone = Estimate(made_of.value, made_of.deviations, made_of.counts)
    found = interval(sample)
    limits = BootstrapT(alone, LOG, SharedDraws(2000, 0))
    assert (found.low, found.high) == pytest.approx(limits(0.95))


@pytest.mark.slow
@pytest.mark.parametrize(("draw", "mean"), [("normal", 3.0), ("gamma", 0.5), ("lognormal", math.exp(0.5))])
def test_coverage_of_fifty_images(draw: str, mean: float) -> None:
    """2000 runs: 95% less at most 2 points, four standard errors."""
    chance, held = np.random.default_rng(7), 0
    for _ in range(2000):
        v = {"normal": chance.normal(3.0, 1.0, 50), "gamma": chance.gamma(0.5, size=50)}.get(draw)
        low, high = made(chance.lognormal(size=50) if v is None else v)
        held += low <= mean <= high
    assert held / 2000 >= 0.93


@pytest.mark.parametrize(
    ("shape", "runs", "least"),
    [
        ("lognormal, σ = 1", 400, 0.93),
        pytest.param("lognormal, σ = 1", 12_000, 0.93, marks=pytest.mark.slow),
        pytest.param("Pareto, tail 3", 12_000, 0.90, marks=pytest.mark.slow),
        pytest.param("difference, further where hard", 12_000, 0.93, marks=pytest.mark.slow),
        pytest.param("normal", 12_000, 0.95, marks=pytest.mark.slow),
    ],
)
def test_twenty_four_cells_together(shape: str, runs: int, least: float) -> None:
    """Independent cells of 50 images at the joint level: misses of one are no more than such a family allows."""
    (found,) = rows_benchmark.coverage(rows_benchmark.SHAPES[shape], 50, runs, 0, ("bootstrap-t",))
    missed = round(runs * (1.0 - found.together ** (1 / 24)))
    assert missed <= stats.binom.ppf(0.999, runs, 1.0 - least ** (1 / 24))


def test_fifty_skewed_images_few_runs() -> None:
    """200 runs of exponential rows: at least 180 hold the mean, which a level of 95% misses once in 10⁴."""
    chance = np.random.default_rng(8)
    ends = [made(chance.exponential(size=50)) for _ in range(200)]
    assert sum(low <= 1.0 <= high for low, high in ends) >= 180
