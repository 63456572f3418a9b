"""Claims over whole tables: Holm's correction and simultaneous intervals, against worked examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geed_cli.errors import InputError
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.multiple import holm, joint_confidence, simultaneous
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows
from geed_cli.statistics.scale import Scale


def cells(values: np.ndarray) -> list[MeanSample]:
    """One cell a column."""
    return [MeanSample(v, Scale.identity()) for v in values.T]


def estimates(values: np.ndarray) -> list[Estimate]:
    return [estimate(finite_rows(c)) for c in cells(values)]


def test_holm_by_hand() -> None:
    """0.01, 0.04, 0.03, 0.005: 0.005·4, 0.01·3, 0.03·2, and 0.04·1 raised to the step before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_holm_caps_and_skips() -> None:
    """Adjusted values stop at 1, and a cell without a p-value does not count."""
    assert holm([0.6, None, 0.7]) == (1.0, None, 1.0)
    assert holm([]) == ()
    assert holm([None, 0.04]) == (None, 0.04)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_holm_lies_between_none_and_bonferroni(p: list[float]) -> None:
    """Never below the raw p-value, never above m p, and in the same order."""
    adjusted = np.array(holm(p))
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= np.minimum(1.0, len(p) * np.array(p)) + 1e-15).all()  # one rounding
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_equal_cells_cost_nothing() -> None:
    """Ten copies of one cell: the ordinary confidence, within Monte Carlo error."""
    v = np.random.default_rng(0).normal(size=(100, 1))
    # the 95% quantile of 20000 draws: standard error sqrt(.05*.95/20000) = .0015 in level
    assert joint_confidence(estimates(np.repeat(v, 10, axis=1)), resamples=20_000) == pytest.approx(
        0.95, abs=0.006
    )


@pytest.mark.heavy
def test_independent_cells_cost_sidaks_correction() -> None:
    """Ten independent cells: 0.95^(1/10) each, within Monte Carlo error."""
    v = np.random.default_rng(0).normal(size=(4000, 10))
    level = joint_confidence(estimates(v), resamples=10_000)
    assert 1.0 - level == pytest.approx(1.0 - 0.95**0.1, rel=0.15)


def test_two_correlated_cells_by_numerical_integration() -> None:
    """Correlation 0.8: q solves P(|Z₁| ≤ q, |Z₂| ≤ q) = 0.95 of the bivariate normal."""
    z = np.linalg.qr(np.random.default_rng(0).normal(size=(500, 3)))[0]
    u = z[:, 1] - z[:, 1].mean(), z[:, 2] - z[:, 2].mean()
    values = np.stack([u[0], 0.8 * u[0] + 0.6 * u[1]], axis=1)
    rho = np.corrcoef(values.T)[0, 1]
    level = joint_confidence(estimates(values), resamples=40_000)
    q = stats.norm.ppf((1.0 + level) / 2.0)
    inside = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([q, q], lower_limit=[-q, -q])
    assert inside == pytest.approx(0.95, abs=0.005)  # 4.5 Monte Carlo errors of 40000 draws


def test_simultaneous_intervals_contain_the_ordinary_ones() -> None:
    """Wider than alone; withheld, undefined and still cells are answered as alone."""
    rng = np.random.default_rng(0)
    family = [
        *cells(rng.lognormal(size=(60, 3))),
        RatioSample(np.zeros(60), np.zeros(60), True, Scale.log()),
        MeanSample(np.zeros(60), Scale.log()),
    ]
    together = simultaneous(family)
    for alone, joint in zip([interval(s) for s in family], together, strict=True):
        assert alone.value == joint.value
        if alone.width:
            assert joint.low < alone.low
            assert joint.high > alone.high
    assert together[3].value is None
    assert together[4].width is None


def test_a_rate_of_zero_pays_its_share() -> None:
    """A cell without events has no variation to correlate and counts as independent."""
    v = np.random.default_rng(0).normal(size=60)
    family = [MeanSample(v, Scale.identity()), MeanSample(np.zeros(60), Scale.rate())]
    alone, joint = interval(family[1]), simultaneous(family)[1]
    assert joint.high > alone.high


@pytest.mark.heavy
@pytest.mark.parametrize("families", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_family_wise_error_over_correlated_cells(families: int) -> None:
    """24 cells of 50 images in 4 correlated blocks: all true means inside in 95% of the families."""
    held = 0
    for seed in range(families):
        rng = np.random.default_rng(seed)
        common = np.repeat(rng.normal(size=(50, 4)), 6, axis=1)
        together = simultaneous(cells(0.7 * common + rng.normal(size=(50, 24))), resamples=1000, seed=seed)
        held += all(i.low <= 0.0 <= i.high for i in together)
    low, high = stats.binom.ppf([0.0005, 0.9995], families, 0.95)
    assert low <= held <= high


def test_cells_over_different_images_are_refused() -> None:
    """A family needs one set of images."""
    with pytest.raises(InputError, match="30 and 40"):
        simultaneous([MeanSample(np.arange(30.0), Scale.log()), MeanSample(np.arange(40.0), Scale.log())])


def test_a_separate_normaliser_joins_the_family() -> None:
    """Cells with and without a second set of images hold together; the shared part alone is correlated."""
    rng = np.random.default_rng(0)
    v, m = rng.random(60) + 1.0, rng.random(80) + 1.0
    both = [RatioSample(v, m, False, Scale.log()), MeanSample(v, Scale.log())]
    level = joint_confidence([estimate(finite_rows(s)) for s in both])
    assert 0.95 < level <= 0.95**0.5
