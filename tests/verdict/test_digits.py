"""Numbers as text: as many digits as their intervals support, percents that never round onto 0 or 100."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.constructed import entry

from geed_cli.verdict.digits import (
    decimals_beside,
    decimals_of,
    forecast,
    limits_text,
    percent,
    percent_text,
    percents,
    shared_decimals,
    two_digits,
    value_text,
    way_limits_text,
)
from geed_cli.verdict.way import Way


@pytest.mark.parametrize(
    ("value", "low", "high", "text", "limits"),
    [
        (0.0957, 0.0891, 0.1042, "0.096", "0.089 to 0.104"),  # half-width 0.0076
        (0.318, 0.277, 0.348, "0.32", "0.28 to 0.35"),  # 0.036
        (0.3, 0.29, 0.317, "0.300", "0.290 to 0.317"),  # 0.0135: its first digit is 1
        (0.0018, 0.0016, 0.002, "0.0018", "0.0016 to 0.0020"),
        (0.25, 0.0996, 0.3, "0.25", "0.10 to 0.30"),  # half of 0.2004 is 0.1002
        (1.6e-6, 9e-7, 2e-6, "1.6e-06", "9e-07 to 2.0e-06"),
        (-0.699, -0.715, -0.676, "-0.70", "-0.71 to -0.68"),
        (-0.9999999, -0.99999995, -0.99999985, "-1.0000", "-1.0000 to -1.0000"),
        (150.2, 140.1, 160.3, "150", "140 to 160"),
        (0.004, 0.001, 0.101, "0.0040", "0.00 to 0.10"),
        (0.2, 0.2, 0.2, "0.20", "no width"),
        (0.2, None, None, "0.20", "none"),
    ],
)
def test_values_have_the_digits_of_their_intervals(
    value: float, low: float | None, high: float | None, text: str, limits: str
) -> None:
    """By hand: one digit of the half-width, two where the first is 1."""
    made = entry("latent.l2", value, low, high)
    assert (value_text(made), limits_text(made)) == (text, limits)


def test_layers_share_decimals() -> None:
    """The most that any of them has."""
    wide, narrow = (
        entry("channelwise.cosine", -0.5, -0.6, -0.4),
        entry("channelwise.cosine", -0.9, -0.904, -0.898),
    )
    shared = shared_decimals([wide, narrow, entry("channelwise.cosine", -0.3)])
    assert shared == 3
    assert value_text(wide, shared) == "-0.500"
    assert limits_text(wide, sep="..", decimals=shared) == "-0.600..-0.400"
    assert shared_decimals([entry("channelwise.cosine", -0.3)]) is None


def test_rates_are_whole_percents() -> None:
    """Two limits that would read alike get a decimal; without a value there is a word."""
    assert value_text(entry("prediction.flip_rate", 0.25, 0.138, 0.409)) == "25%"
    assert limits_text(entry("prediction.flip_rate", 0.25, 0.138, 0.409)) == "14 to 41%"
    assert limits_text(entry("prediction.flip_rate", 0.0, 0.0, 0.018)) == "0 to 2%"
    assert limits_text(entry("prediction.flip_rate", 0.004, 0.001, 0.996)) == "<1 to >99%"
    assert percents(0.1180, 0.1219) == "11.8 to 12.2%"
    assert percents(0.002, 0.003) == "<1%"
    assert value_text(entry("prediction.flip_rate", None)) == "undefined"
    assert value_text(entry("prediction.flip_rate", None, status="not_applicable")) == "not applicable"


def test_places_on_the_way_are_percents() -> None:
    """Where the end of the scale is another image, and nothing where it is a bound alone."""
    assert percent_text(Way(0.191, (0.18, 0.21), about=False, percent=True)) == "19%"
    assert way_limits_text(Way(0.191, (0.18, 0.21), about=False, percent=True), sep="..") == "18..21%"
    assert percent_text(Way(0.12, (0.1181, 0.1219), about=False, percent=True)) == "12.0%"
    assert percent_text(Way(1.31, None, about=True, percent=True)) == "131%"
    assert way_limits_text(Way(1.31, None, about=True, percent=True)) == "none"
    assert percent_text(Way(0.2, None, about=False, percent=False)) == ""


@given(st.floats(0, 1))
def test_a_percent_is_0_or_100_only_where_the_part_is(part: float) -> None:
    """And otherwise within half a percent."""
    text = percent(part)
    assert (text == "0%") == (part == 0)
    assert (text == "100%") == (part == 1)
    if text[0] not in "<>":
        assert abs(float(text[:-1]) / 100 - part) <= 0.005 + 1e-12


@given(st.floats(-10, 10), st.floats(1e-4, 5))
def test_the_last_digit_is_of_the_half_width(low: float, width: float) -> None:
    """The half-width is 1.0 to 19 units of the last digit shown, unless it is above 1."""
    decimals = decimals_of(low, low + width)
    units = width / 2 * 10**decimals
    assert 0.94 <= units < 20 or decimals == 0


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_number_beside_a_limit_reads_on_its_side(value: float, limit: float) -> None:
    """A limit is written with few digits, a value has as many as it takes; 10⁻¹² is none."""
    limit = round(limit, 3)
    decimals = decimals_beside([value], limit, 2)
    if abs(value - limit) > 1e-11:
        shown = float(f"{value:.{decimals}f}")
        assert (shown > limit) == (value > limit)
        assert shown != limit


def test_numbers_without_an_interval_have_two_digits() -> None:
    """Forecasts of images too, rounded up."""
    assert [two_digits(x) for x in (0, 0.0105, 1.906, 23.4, 0.00001, 0.0999)] == [
        "0", "0.011", "1.9", "23", "1.0e-05", "0.10",
    ]  # fmt: skip
    assert [forecast(x) for x in (7, 61, 347, 1234, 98765)] == ["7", "61", "350", "1,300", "99,000"]


@given(st.integers(1, 10**9))
def test_a_forecast_is_never_fewer_images_than_it_takes(count: int) -> None:
    """201 images where 200 were audited are 210: a forecast of what is there already would be no advice."""
    shown = int(forecast(count).replace(",", ""))
    assert count <= shown < 1.1 * count + 1
    assert len(str(shown).rstrip("0")) <= 2
