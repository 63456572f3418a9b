"""Two one-sided tests: by hand, without a ratio, and rarely wrong at the margin itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.equivalence import KINDS, SHARE, shares
from geed_cli.choices import IntervalOptions
from geed_cli.statistics.difference import Paired, difference, smallest_level
from geed_cli.statistics.enough import images_to_be_within
from geed_cli.statistics.equivalence import Margin, moved, paired_sides, parse_margin
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows
from geed_cli.statistics.scale import Scale

OPTIONS = IntervalOptions()
PLAIN = Scale.identity()


def rows(seed: int, n: int = 60) -> tuple[MeanSample, MeanSample]:
    """A reference about 0.1, and another that differs by about 0.002 with noise."""
    generator = np.random.default_rng(seed)
    first = generator.gamma(4.0, 0.025, n)
    return MeanSample(first, PLAIN), MeanSample(first + generator.normal(0.002, 0.01, n), PLAIN)


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("5%", Margin(0.05, relative=True)),
        (".5 %", Margin(0.005, relative=True)),
        (0.01, Margin(0.01, relative=False)),
        ("0.01", None),
        (-0.01, None),
        (True, None),
        ("-5%", None),
        (float("nan"), None),
    ],
)
def test_what_a_margin_is(text: object, margin: Margin | None) -> None:
    """A number is an amount, a text a percentage."""
    assert parse_margin(text) == margin


@pytest.mark.parametrize("seed", range(4))
def test_an_amount_is_held_by_the_interval_of_the_difference(seed: int) -> None:
    """Within ±δ exactly where the 1 − p interval of the plain difference is: its ends by themselves, as an oracle."""
    reference, other = rows(seed)
    sides = paired_sides(reference, other, Margin(0.006, relative=False), 0.0, OPTIONS)
    assert sides is not None
    for confidence in (0.5, 0.8, 0.95, 0.999):
        span = difference(reference, other, confidence=confidence)
        assert span.low is not None
        assert span.high is not None
        assert sides.within(confidence) == (span.low >= -0.006 and span.high <= 0.006)
    assert sides.within(1 - 1.001 * sides.p_value)
    assert not sides.within(1 - 0.999 * sides.p_value)


def test_a_percentage_of_normal_rows_is_two_t_tests() -> None:
    """Against scipy's paired t test of b − (1 ± p) a, with the jackknife-t corrections too small to matter."""
    generator = np.random.default_rng(5)
    first = generator.normal(1.0, 0.1, 4000)
    other = first + generator.normal(0.0, 0.3, 4000)
    options = replace(OPTIONS, method="corrected-t")  # bootstrap-t doubts chances of one in a thousand
    sides = paired_sides(
        MeanSample(first, PLAIN), MeanSample(other, PLAIN), Margin(0.02, relative=True), 0.0, options
    )
    assert sides is not None
    upper = stats.ttest_rel(other, 1.02 * first, alternative="less").pvalue
    lower = stats.ttest_rel(other, 0.98 * first, alternative="greater").pvalue
    assert sides.p_value == pytest.approx(2 * max(upper, lower), rel=0.1)


def test_percent_of_a_cosine_is_of_its_distance_from_minus_one() -> None:
    """−0.9 moved by 10% of its distance is −0.89; of raw / M, both of the distance and of M."""
    sample = MeanSample(np.full(30, -0.9), Scale.bounded(-1, 1))
    assert moved(sample, 0.1, -1.0).values == pytest.approx(np.full(30, -0.89))
    assert moved(sample, -0.1, -1.0).values == pytest.approx(np.full(30, -0.91))
    ratio = RatioSample(np.full(30, -0.9), np.full(30, 0.5), True, PLAIN)
    value = interval(moved(ratio, 0.1, -1.0)).value
    assert value == pytest.approx(-1.8 + 0.1 * (-1.8 + 1 / 0.5))


def test_the_reference_s_own_uncertainty_counts() -> None:
    """5% of a badly known reference is a badly known margin: less sure than its amount would be."""
    generator = np.random.default_rng(2)
    first = MeanSample(np.exp(generator.normal(0, 1.5, 60)), PLAIN)
    other = MeanSample(first.values + generator.normal(0, 0.02, 60), PLAIN)
    share, amount = 0.05, 0.05 * float(first.values.mean())
    relative = paired_sides(first, other, Margin(share, relative=True), 0.0, OPTIONS)
    absolute = paired_sides(first, other, Margin(amount, relative=False), 0.0, OPTIONS)
    assert relative is not None
    assert absolute is not None
    assert relative.p_value > absolute.p_value


def test_too_few_images_say_nothing() -> None:
    """Below 20 there is no interval, and so no test."""
    few = [MeanSample(each.values[:19], PLAIN) for each in rows(0)]
    assert paired_sides(few[0], few[1], Margin(0.5, relative=True), 0.0, OPTIONS) is None


def test_equal_differences_leave_open_what_was_not_shown() -> None:
    """All 25 images moved by 0.001: withheld without a bound; with one the margin has to hold what none showed."""
    first, margin = np.linspace(0.1, 0.4, 25), Margin(0.01, relative=False)
    plain = MeanSample(first, PLAIN), MeanSample(first + 0.001, PLAIN)
    assert paired_sides(*plain, margin, 0.0, OPTIONS) is None
    between = Scale.bounded(0.0, 0.5)
    sides = paired_sides(
        MeanSample(first, between),
        MeanSample(first + 0.001, between),
        Margin(0.1, relative=False),
        0.0,
        OPTIONS,
    )
    assert sides is not None
    assert sides.p_value == pytest.approx(2.0 * ((0.5 - 0.1) / (0.5 - 0.001)) ** 25, rel=1e-6)


def test_the_forecast_is_of_the_side_that_takes_longer() -> None:
    """At so many images, at this spread, the farther end reaches the margin: widths shrink as 1/√n."""
    reference, other = rows(1)
    sides = paired_sides(reference, other, Margin(0.003, relative=False), 0.0, OPTIONS)
    assert sides is not None
    both = sides.differences(0.95)
    assert both is not None
    needed = images_to_be_within(*both, 60)
    paired = Paired.of(finite_rows(reference), finite_rows(other))
    assert paired.estimate is not None
    low, high = paired.limits("corrected-t")(0.95) or (0.0, 0.0)
    value = paired.estimate.value
    byhand = 60 * max((high - value) / (0.003 - value), (value - low) / (0.003 + value)) ** 2
    assert needed == pytest.approx(byhand, abs=1)
    beyond = paired_sides(reference, other, Margin(1e-6, relative=False), 0.0, OPTIONS)
    assert beyond is not None
    assert images_to_be_within(*(beyond.differences(0.95) or both), 60) is None


@pytest.mark.parametrize("runs", [100, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["gamma", "lognormal", "cosine, of the distance from -1", "latent ratio"])
def test_false_claims_at_the_margin(name: str, runs: int) -> None:
    """At most 5% where the true difference is the margin, above and below; and said of most equals of 200 images."""
    kind = KINDS[name]
    for by in (SHARE, -SHARE):
        assert runs * shares(kind, 50, by, range(runs)) <= stats.binom.ppf(0.999, runs, 0.05)
    if name == "gamma":
        assert shares(kind, 200, 0.0, range(20)) > 0.8


@pytest.mark.parametrize("text", [0.05, pytest.param(0.2, marks=pytest.mark.heavy), 2.5, "10%", "80%"])
@pytest.mark.parametrize("events", [1, pytest.param(4, marks=pytest.mark.heavy)])
def test_the_p_value_of_rates_needs_no_search(text: object, events: int) -> None:
    """It is the smallest α that a search finds, also where the margin is as wide as the range."""
    generator = np.random.default_rng(events)
    scale = Scale.rate(events)
    first = generator.binomial(events, 0.3, 25) / events
    second = np.where(generator.random(25) < 0.8, first, generator.binomial(events, 0.4, 25) / events)
    margin = parse_margin(text)
    assert margin is not None
    sides = paired_sides(MeanSample(first, scale), MeanSample(second, scale), margin, 0.0, OPTIONS)
    assert sides is not None
    assert sides.closed is not None
    searched = smallest_level(lambda alpha: sides.within(1.0 - alpha), sides.smallest)
    assert sides.p_value == pytest.approx(searched, rel=1e-6)
