"""The fits of benchmarks/scaling: exact where the points lie on the law, and what their lines say."""

import pytest

from benchmarks.scaling_fit import lines_of, power, straight
from benchmarks.scaling_series import Point, Series


def series(name: str, seconds: dict[int, float]) -> Series:
    points = tuple(Point(x, s, 0.01, 800.0, 1.0, 810.0) for x, s in seconds.items())
    return Series(name, "a network", "things", points)


def test_a_power_law_is_found_again() -> None:
    """Y = 3·x² and y = 5."""
    x = (1.0, 2.0, 4.0, 8.0)
    assert power(x, tuple(3 * v**2 for v in x)) == pytest.approx((3.0, 2.0), rel=1e-12)
    assert power(x, (5.0,) * 4) == pytest.approx((5.0, 0.0), abs=1e-12)


def test_a_straight_line_is_found_again() -> None:
    """Y = 2 + x/100."""
    x = (1.0, 10.0, 160.0)
    assert straight(x, tuple(2 + v / 100 for v in x)) == pytest.approx((2.0, 0.01), rel=1e-12)


def test_proportional_time_reaches_its_goal_and_quadratic_time_does_not() -> None:
    """Exponents 1 and 2 against at most 1.1; memory is flat."""
    good = lines_of(series("images", {100: 1.0, 1000: 10.0}))
    bad = lines_of(series("images", {100: 1.0, 1000: 100.0}))
    assert [line.verdict for line in good[:2]] == ["reached", "reached"]
    assert bad[0].verdict == "**missed**"


def test_layers_are_told_as_what_each_adds() -> None:
    """2 s and 2 ms for each layer are 0.10% each."""
    first = lines_of(series("layers", {1: 2.002, 10: 2.02, 100: 2.2}))[0]
    assert first.detail == "each layer adds 0.10% of 2.00 s"
