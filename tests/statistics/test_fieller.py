"""Ratios whose M can be near 0: Fieller's limits against a test of N − θM that is inverted by bisection."""

import itertools
import math
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from scipy import optimize, stats

from benchmarks import near_zero
from geed_cli.choices import IntervalMethod
from geed_cli.statistics.difference import difference, paired_estimate
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.fieller import fieller_limits
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import smallest_p
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import RatioSample, finite_rows, row_means_of
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import Weighting

PLAIN = Scale.identity()
Cell = tuple[np.ndarray, np.ndarray]
"""v_i, and the cosines of the images, shape (n, n)."""


def cell(seed: int, n: int = 40, centre: float = 0.5) -> Cell:
    """A network whose M is some five standard errors from 0."""
    rng = np.random.default_rng(seed)
    f = centre + rng.normal(size=(n, 8))
    f /= np.linalg.norm(f, axis=1, keepdims=True)
    return -0.7 - 0.2 * rng.random(n) + 0.3 * f[:, 0] ** 2, f @ f.T


def sample(of: Cell, **others: object) -> RatioSample:
    return RatioSample(of[0], row_means_of(of[1]), True, PLAIN, **others)  # type: ignore[arg-type]


def error(left_out: list[float]) -> float:
    """The jackknife's, of values with one of n images left out."""
    n = len(left_out)
    return math.sqrt((n - 1) / n * np.sum((np.array(left_out) - np.mean(left_out)) ** 2))


def off_diagonal_mean(d: np.ndarray) -> float:
    return float((d.sum() - np.trace(d)) / (len(d) * (len(d) - 1)))


def without(of: Cell, i: int) -> tuple[float, float]:
    """N and M of all images but one, from the whole matrix."""
    v, d = (np.delete(of[0], i), np.delete(np.delete(of[1], i, 0), i, 1))
    return float(v.mean()), off_diagonal_mean(d)


def inverted(rejected_by: Callable[[float], float], value: float, t: float) -> tuple[float, float]:
    """The values at which a test statistic that grows away from the estimate is t, by bisection."""

    def end(sign: float) -> float:
        far = sign
        while rejected_by(value + far) < t:
            far *= 2.0
        return float(optimize.brentq(lambda theta: rejected_by(theta) - t, value, value + far, xtol=1e-13))

    return end(-1.0), end(1.0)


def plain(of: Estimate, t: float) -> tuple[float, float]:
    return of.value - t * of.standard_error, of.value + t * of.standard_error


@pytest.mark.parametrize("t", [0.5, 2.0, 2.8])
def test_it_is_the_test_of_a_mean_turned_round(t: float) -> None:
    """|N − θM| over its own jackknife error, each image left out of the whole matrix."""
    of = cell(1)
    made = estimate(finite_rows(sample(of)))
    parts = [without(of, i) for i in range(len(of[0]))]

    def rejected_by(theta: float) -> float:
        off = of[0].mean() - theta * off_diagonal_mean(of[1])
        return abs(off) / error([n - theta * m for n, m in parts])

    low, high = inverted(rejected_by, made.value, t)
    assert fieller_limits(made, plain(made, t)) == pytest.approx((low, high), rel=1e-9)
    assert made.value - low > 1.05 * (high - made.value)  # not symmetric


def test_a_difference_of_two_ratios_forms_no_quotient_either() -> None:
    """|N_B M_A − N_A M_B − δ M_A M_B| over its first-order error, all from sums with one image left out."""
    one, two = cell(2), cell(3, centre=0.7)
    rows = finite_rows(sample(one)), finite_rows(sample(two))
    made = paired_estimate(*rows)
    n = len(one[0])
    whole = np.array([one[0].mean(), off_diagonal_mean(one[1]), two[0].mean(), off_diagonal_mean(two[1])])
    left = np.array([(*without(one, i), *without(two, i)) for i in range(n)])
    moved = (n - 1) * (left.mean(axis=0) - left)

    def rejected_by(delta: float) -> float:
        na, ma, nb, mb = whole
        slopes = np.array([-mb, nb - delta * mb, ma, -na - delta * ma])
        u = moved @ slopes
        return abs(nb * ma - na * mb - delta * ma * mb) / math.sqrt(u @ u / (n * (n - 1)))

    expected = inverted(rejected_by, made.value, 1.9)
    assert fieller_limits(made, plain(made, 1.9)) == pytest.approx(expected, rel=1e-9)


def test_a_separate_normaliser_has_its_own_images() -> None:
    """The variances of N and θM add up."""
    of, (_, others) = cell(4), cell(5, n=60)
    ratio = RatioSample(of[0], row_means_of(others), False, PLAIN)
    made, n = estimate(finite_rows(ratio)), len(of[0])
    m = off_diagonal_mean(others)
    of_m = error([without((np.zeros(60), others), i)[1] for i in range(60)])

    def rejected_by(theta: float) -> float:
        return abs(of[0].mean() - theta * m) / math.hypot(stats.sem(of[0]), theta * of_m)

    assert made.counts == (n, 60)
    expected = inverted(rejected_by, made.value, 2.0)
    assert fieller_limits(made, plain(made, 2.0)) == pytest.approx(expected, rel=1e-9)


def test_images_of_clusters_and_weights_are_left_out_as_they_count() -> None:
    """Units of one image are images, and weights that are all alike are none."""
    of = cell(6)
    expected = interval(sample(of), method="corrected-t")
    for others in ({"units": np.arange(40)}, {"weighting": Weighting(np.full(40, 2.0))}):
        found = interval(sample(of, **others), method="corrected-t")
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    pairs = interval(sample(of, units=np.arange(40) // 2), method="corrected-t")
    assert pairs.value == pytest.approx(expected.value)
    assert pairs.low is not None
    assert pairs.low != expected.low


@pytest.mark.parametrize("method", ["bootstrap-t", "corrected-t", "cautious-t"])
def test_no_finite_interval_is_withheld_and_the_value_stays(method: IntervalMethod) -> None:
    """With more confidence M is no longer that far from 0: no limits, whichever end would still have one."""
    of = sample(cell(1))
    spans = [interval(of, method=method, confidence=c) for c in (0.5, 0.9, 0.95, 0.99, 0.9999999)]
    assert len({span.value for span in spans}) == 1
    there = [(span.low, span.high) for span in spans if span.low is not None]
    assert 2 <= len(there) < len(spans)
    assert all(outer[0] <= inner[0] < inner[1] <= outer[1] for inner, outer in itertools.pairwise(there))
    assert spans[-1].notes == ("interval withheld: M is too near 0 for one at this confidence",)


def test_whether_there_is_a_value_does_not_depend_on_the_confidence() -> None:
    """M is to be clear at 95%: white noise has no value at any confidence."""
    of = sample(cell(0, centre=0.0))
    for confidence in (0.01, 0.5, 0.999):
        found = interval(of, confidence=confidence)
        assert found.value is None
        assert "is not clearly above 0 (its 95% interval begins at" in found.notes[0]


def test_together_with_many_it_may_have_none() -> None:
    """The value and the others' intervals are those of the table."""
    cells = [sample(cell(2)), *(sample(cell(seed, centre=3.0)) for seed in range(10, 30))]
    joint = simultaneous(cells)
    assert interval(cells[0]).width
    assert joint[0].value == interval(cells[0]).value
    assert joint[0].low is None
    assert "too near 0" in joint[0].notes[-1]
    assert all(each.width for each in joint[1:])


def test_the_p_value_does_not_depend_on_the_confidence() -> None:
    """One M of the two is enough to withhold an interval; intervals at lower confidence exclude 0 all the same."""
    near, far = sample(cell(1)), sample(cell(7, centre=3.0))
    one, other = difference(near, far), difference(near, far, confidence=0.9999)
    assert one.low is not None
    assert (other.low, other.high) == (None, None)
    assert other.notes == ("interval withheld: M is too near 0 for one at this confidence",)
    assert one.p_value == other.p_value
    assert one.p_value is not None
    assert one.p_value > smallest_p("bootstrap-t", 2000)
    edge = difference(near, far, confidence=1.0 - 1.01 * one.p_value)
    assert edge.low is not None
    assert edge.low > 0.0


def test_a_difference_turns_its_sign_with_the_networks() -> None:
    """Both denominators count alike."""
    pair = sample(cell(2)), sample(cell(3, centre=0.7))
    one, other = difference(*pair), difference(*pair[::-1])
    assert (one.low, one.high) == pytest.approx((-(other.high or 0.0), -(other.low or 0.0)))


def test_distances_and_other_methods_are_as_they_were() -> None:
    """M of latent.l2 is a mean of distances, and methods that draw M itself have no standard errors to turn round."""
    rng = np.random.default_rng(0)
    l2 = RatioSample(rng.random(40), 1.0 + rng.random(40), True, Scale.log())
    assert estimate(finite_rows(l2)).denominators == ()
    assert paired_estimate(finite_rows(l2), finite_rows(l2)).denominators == ()
    for method in set(get_args(IntervalMethod)) - {"bounded"}:
        assert interval(sample(cell(8, centre=2.0)), method=method).width


@pytest.mark.parametrize("runs", [2000, pytest.param(40_000, marks=pytest.mark.slow)])
def test_fieller_s_theorem_on_normal_means(runs: int) -> None:
    """x̄/ȳ of correlated normal pairs, ȳ some two standard errors from 0: 5% of draws, at most, print a wrong interval.

    The set of θ that the test leaves holds the true one in 95% of draws; where it is no interval, nothing is printed.
    """
    n, rng, wrong, printed = 30, np.random.default_rng(3), 0, 0
    t = float(stats.t.ppf(0.975, n - 1))
    for _ in range(runs):
        x, y = rng.multivariate_normal([1.0, 0.4], [[1.0, 0.5], [0.5, 1.0]], size=n).T
        value = x.mean() / y.mean()
        p = (y - y.mean()) / y.mean()
        made = Estimate(value, ((x - x.mean()) / y.mean() - value * p,), (n,), denominators=(p,))
        low, high = fieller_limits(made, plain(made, t))
        if math.isfinite(low) and math.isfinite(high):
            printed += 1
            wrong += not low <= 2.5 <= high
    assert 0.5 * runs < printed < 0.7 * runs
    assert wrong <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize(
    ("kind", "centre", "n", "runs"),
    [
        ("lognormal", 0.1, 50, 30),
        ("gaussian", 0.2, 50, 30),
        *(
            pytest.param(kind, centre, n, 400, marks=pytest.mark.slow)
            for kind in near_zero.KINDS
            for centre in near_zero.CENTRES[::2]
            for n in (50, 200)
        ),
    ],
)
@pytest.mark.heavy
def test_printed_and_wrong(kind: str, centre: float, n: int, runs: int) -> None:
    """At most 5.5% of all draws, values and differences, where M is near 0 and where it is not."""
    most = 100.0 * stats.binom.ppf(0.9995, runs, 0.055) / runs
    shared, separate = (near_zero.values(kind, centre, n, runs, shared=each) for each in (True, False))
    paired = near_zero.differences(kind, centre, n, runs)
    assert all(wrong <= most for wrong, _ in (*shared[1:], *separate[1:], *paired))
