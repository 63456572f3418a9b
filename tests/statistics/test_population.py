"""Populations of models: Student's and Welch's intervals by hand and by scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from geed_cli.statistics.population import population, population_difference
from geed_cli.statistics.sample import Interval
from geed_cli.statistics.scale import Scale


def members(*values: float | None) -> list[Interval]:
    return [Interval(v, None if v is None else v - 0.1, None if v is None else v + 0.1) for v in values]


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


def test_limits_do_not_leave_the_range_of_the_measure() -> None:
    """Three flip rates around 5%: the t interval reaches below 0, where no rate can be."""
    members = [Interval(v, None, None) for v in (0.0, 0.02, 0.13)]
    found = population(members, scale=Scale.rate())
    assert population(members).low < 0
    assert found.low == 0
    assert found.high == population(members).high
