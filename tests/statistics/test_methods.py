"""The one table of interval methods: every name, the same limits wherever they are asked for, no other name."""

from collections.abc import Callable

import numpy as np
import pytest

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.errors import InputError
from geed_cli.gate.claim import JOINT_METHOD, OWN_METHOD, increase_claim, value_claim
from geed_cli.gate.policy import Limit
from geed_cli.statistics.difference import difference
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS, Statistic, limits_of, smallest_p
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale

ANY_ROWS = tuple(method for method in METHODS if method != "bounded")

ROWS = np.random.default_rng(0).lognormal(sigma=1.0, size=60)
CELL = MeanSample(ROWS, Scale.identity())
NOTHING = MeanSample(np.zeros(60), Scale.identity())


@pytest.mark.parametrize("method", METHODS)
def test_a_difference_from_nothing_is_the_value_itself(method: IntervalMethod) -> None:
    """Paired with rows of 0, a cell on the plain scale has the same limits by every method, cautious-t included."""
    alone, against = interval(CELL, method=method), difference(NOTHING, CELL, method=method)
    assert (against.value, against.low, against.high) == pytest.approx((alone.value, alone.low, alone.high))


@pytest.mark.parametrize("method", METHODS)
def test_a_table_of_one_cell_is_that_cell(method: IntervalMethod) -> None:
    """Claims that hold together are made by the method that was asked for."""
    assert simultaneous([CELL], method=method) == (interval(CELL, method=method),)


def test_no_two_methods_are_the_same() -> None:
    """On skewed rows each name has limits of its own, of cells and of differences alike."""
    for made in (
        {interval(CELL, method=method).high for method in METHODS},
        {difference(NOTHING, CELL, method=method).high for method in METHODS},
    ):
        assert len(made) == len(METHODS)


@pytest.mark.parametrize("method", ANY_ROWS)
def test_only_methods_that_draw_need_the_draws(method: IntervalMethod) -> None:
    """Those that draw resamples are those whose p-value these bound."""
    drawn: list[int] = []

    def draw(resamples: int, seed: int) -> np.ndarray:
        drawn.append(resamples)
        return np.random.default_rng(seed).normal(size=resamples)

    u = ROWS - ROWS.mean()
    statistic = Statistic(Estimate(float(ROWS.mean()), (u,), (60,)), Scale.identity(), draw, draw)
    limits = limits_of(statistic, method, 300, 0)
    assert limits(0.9)[0] > limits(0.99)[0]
    assert drawn == ([300] if smallest_p(method, 300) == 2 / 301 else [])
    assert smallest_p(DEFAULT_METHOD, 300) < 1e-9


def test_a_gate_reads_the_same_table() -> None:
    """A claim's own interval draws nothing and its joint one is the cautious one, of values and increases alike."""
    value = value_claim(CELL, 0.95)
    change = increase_claim(NOTHING, CELL, Limit("increase", 0.1), 0.95)
    for claim in (value, change):
        assert not isinstance(claim, str)
        for limits, method, level in (
            (claim.ci, OWN_METHOD, 0.95),
            (claim.at(0.999), JOINT_METHOD, 0.999),
        ):
            expected = interval(CELL, method=method, confidence=level)
            assert limits == pytest.approx((expected.low, expected.high))


def test_rows_too_large_for_an_increase_leave_the_other_claims_alone() -> None:
    """No spread that could be correlated with theirs, and the reason that ``compare`` gives."""
    huge = [MeanSample(ROWS * factor, Scale.log()) for factor in (1e200, 2e200)]
    with np.errstate(over="ignore"):  # as the gate does
        claim = increase_claim(*huge, Limit("increase", 0.1), 0.95)
    assert not isinstance(claim, str)
    assert (claim.ci, claim.at(0.99), claim.estimate) == (None, None, None)
    assert claim.notes == difference(*huge).notes
    assert "too large" in claim.notes[-1]


def test_rates_that_are_the_same_count_the_images_that_both_have() -> None:
    """25 images, 3 lost by one model and 2 others by the other: 20 showed no difference, for compare and gate alike."""
    one, other = np.zeros(25), np.zeros(25)
    one[:3] = other[3:5] = np.nan
    cells = MeanSample(one, Scale.rate()), MeanSample(other, Scale.rate())
    whole = MeanSample(np.zeros(20), Scale.rate())
    expected = difference(whole, whole)
    made = difference(*cells)
    claim = increase_claim(*cells, Limit("increase", 0.1), 0.95)
    assert not isinstance(claim, str)
    assert (made.low, made.high) == claim.ci == (expected.low, expected.high)


@pytest.mark.parametrize(
    "ask",
    [
        lambda method: interval(CELL, method=method),
        lambda method: difference(NOTHING, CELL, method=method),
        lambda method: simultaneous([CELL], method=method),
    ],
)
def test_an_unknown_method_is_an_error_everywhere(ask: Callable[[str], object]) -> None:
    """What was asked for, what there is, and the nearest of it."""
    with pytest.raises(InputError) as refused:
        ask("corected-t")
    assert "'corected-t'" in refused.value.found
    assert all(method in refused.value.expected for method in METHODS)
    assert refused.value.remedy == "use corrected-t"
