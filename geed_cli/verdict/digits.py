"""Numbers as text, with the digits that their intervals support.

- The half-width of an interval keeps one significant digit, two where that digit is 1; the value has the interval's
  decimals. The layers of one table share theirs (``shared_decimals``).
- Without an interval a number has two significant digits; forecasts of images have, too, and are rounded up.
- Rates and parts of a way are whole percents. What is not 0 never reads 0%, it reads ``<1%``; what is below 100% never
  reads 100%, it reads ``>99%``. Two limits that would read alike get one decimal.
- Beside a limit or the end of a class a number gets the digits that show on which side of it it lies.

Minus signs are ASCII, so that a number can be copied.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import in_percent
from geed_cli.result.schema import Entry
from geed_cli.verdict.way import Way

MOST_DIGITS = 4
"""Significant digits of a value: beyond these an interval is narrower than anybody reads."""
LONGEST_DECIMALS = 4
"""Values below a thousandth whose interval asks for more decimals than this are written with an exponent."""
MOST_DECIMALS = 12
"""Where digits are added to show a side: below 10⁻¹² numbers of different runs are alike."""
MOST_SHARED = 4
"""Decimals that one narrow interval may give all differences, or all steps, of a column."""
NO_WIDTH = "no width"
WITHHELD = "none"


def decimals_of(low: float, high: float) -> int:
    """The decimals that leave the half-width one significant digit, two where that digit is 1; 0 or more."""
    half = (high - low) / 2
    if not half > 0:
        return 0
    power = math.floor(math.log10(half))
    # the digit as it is shown: 0.0096 is shown as 0.010
    first = round(half / 10.0**power)
    return max(0, -power + (first == 1))


def two_digits(value: float) -> str:
    """A number without an interval: two significant digits, with an exponent below 0.0001 and from 100,000."""
    if value == 0:
        return "0"
    shown = float(f"{value:.1e}")
    if not 1e-4 <= abs(shown) < 1e5:
        return f"{value:.1e}"
    return f"{shown:.{max(0, 1 - math.floor(math.log10(abs(shown))))}f}"


def forecast(count: int) -> str:
    """A forecast of images: two significant digits, rounded up, so that it is never fewer than it takes."""
    unit: int = 10 ** max(0, len(str(count)) - 2)
    return f"{-(-count // unit) * unit:,}"


def number_text(value: float, decimals: int | None = None) -> str:
    """A number to so many decimals, or to two significant digits; one that is not 0 never reads 0."""
    if decimals is None or value == 0:
        return two_digits(value)
    if decimals > LONGEST_DECIMALS and abs(value) < 1e-3:
        digits = decimals + math.floor(math.log10(abs(value))) + 1
        return f"{value:.{max(0, digits - 1)}e}"
    shown = f"{value:.{decimals}f}"
    return shown if float(shown) else two_digits(value)


def percent(part: float, decimals: int = 0) -> str:
    """A part in percent, without rounding onto 0% or 100%."""
    return _percent(part, decimals) + "%"


def percents(low: float, high: float, *, sep: str = " to ", decimals: int = 0) -> str:
    """Two limits in percent, ``14 to 41%``, to so many decimals or more; ``no width`` where they are one number."""
    if low == high:
        return NO_WIDTH
    decimals = max(decimals, percent_decimals(low, high))
    ends = [_percent(low, decimals), _percent(high, decimals)]
    return (ends[0] if ends[0] == ends[1] else sep.join(ends)) + "%"


def percent_decimals(low: float, high: float) -> int:
    """0; 1 where whole percents would make the two alike and there is more than a percent of them."""
    alike = _percent(low, 0) == _percent(high, 0)
    return int(alike and low != high and not _percent(low, 0).startswith(("<", ">")))


def _percent(part: float, decimals: int) -> str:
    shown = f"{100 * part:.{decimals}f}"
    step = 10.0**-decimals
    if float(shown) == 0 and part != 0:
        return f"{'<' if part > 0 else '>-'}{step:.{decimals}f}"
    if float(shown) == 100 and part < 1:
        return f">{100 - step:.{decimals}f}"
    return "0" if float(shown) == 0 else shown


def percent_text(way: Way) -> str:
    """How far on the way to another image: ``19%``; nothing where the scale's end is a bound alone."""
    if not way.percent:
        return ""
    return percent(way.value, 0 if way.ci is None else percent_decimals(*way.ci))


def way_limits_text(way: Way, *, sep: str = " to ") -> str:
    """The interval of that, ``none`` where it is withheld."""
    return WITHHELD if way.ci is None else percents(*way.ci, sep=sep)


def value_text(entry: Entry, decimals: int | None = None) -> str:
    """The value with its interval's decimals, or with those given; a word where there is none."""
    if entry.status == "not_applicable":
        return "not applicable"
    if entry.value is None:
        return "undefined"
    if measure_named(entry.metric).percent:
        return percent(entry.value)
    return number_text(entry.value, _decimals(entry) if decimals is None else decimals)


def limits_text(entry: Entry, *, sep: str = " to ", decimals: int | None = None) -> str:
    """The interval: ``none`` where it is withheld, ``no width`` where its limits are one number."""
    if entry.ci is None:
        return WITHHELD
    low, high = entry.ci
    if low == high:
        return NO_WIDTH
    if measure_named(entry.metric).percent:
        return percents(low, high, sep=sep)
    places = _decimals(entry) if decimals is None else decimals
    assert places is not None, "an interval with a width has decimals"
    # a limit may read 0 where a value may not: it only says that less than the last digit is left
    return sep.join(
        number_text(end, places) if places > LONGEST_DECIMALS else _plain(end, places) for end in (low, high)
    )


def most_of(each: Iterable[int]) -> int | None:
    """The decimals that numbers of one column share: the most that any has, and no more than ``MOST_SHARED``.

    None where none has any.
    """
    return max((min(decimals, MOST_SHARED) for decimals in each), default=None)


def shared_decimals(entries: Iterable[Entry]) -> int | None:
    """The decimals that the entries of one table share: the most that any of their intervals supports.

    None where none of them has an interval with a width; numbers then have two significant digits each.
    """
    each = [decimals for entry in entries if (decimals := _decimals(entry)) is not None]
    return max(each, default=None)


def difference_text(
    metric: str, low: float, high: float, *, sep: str = " to ", decimals: int | None = None
) -> str:
    """An interval of a difference, ``+0.009 to +0.017``: signed, with the digits that show each limit's side of 0.

    So many decimals, or more where they are needed for that; None is what the interval supports.
    """
    if low == high:
        return NO_WIDTH
    decimals = max(decimals or 0, difference_decimals(metric, low, high))
    rate = in_percent(metric)
    return sep.join(signed(100 * end if rate else end, decimals) for end in (low, high)) + "%" * rate


def difference_decimals(metric: str, low: float, high: float) -> int:
    """The decimals of a difference's limits: as of any interval, or whole percents, and more beside 0."""
    if in_percent(metric):
        return decimals_beside([100 * low, 100 * high], 0.0, 0)
    return decimals_beside([low, high], 0.0, decimals_of(low, high))


def signed(value: float, decimals: int) -> str:
    """With a sign, also of a positive number; none before 0."""
    return f"{value:+.{decimals}f}" if float(f"{value:.{decimals}f}") else f"{0:.{decimals}f}"


def _decimals(entry: Entry) -> int | None:
    """By the entry's own interval; at most four significant digits of its largest number."""
    if entry.ci is None or entry.ci[0] == entry.ci[1]:
        return None
    wanted = decimals_of(*entry.ci)
    largest = max(abs(entry.ci[0]), abs(entry.ci[1]))
    if largest < 1e-3:
        return wanted
    return min(wanted, max(0, MOST_DIGITS - 1 - math.floor(math.log10(largest))))


def _plain(value: float, decimals: int) -> str:
    """To so many decimals, without a minus before zero."""
    shown = f"{value:.{decimals}f}"
    return shown if float(shown) else shown.removeprefix("-")


def decimals_beside(values: Sequence[float], limit: float, decimals: int) -> int:
    """The decimals, so many or more, at which every value reads on its own side of the limit.

    A value that is the limit reads as it; one above it reads above, one below reads below. For percents give values
    and limit in percent.
    """
    return _until(
        decimals, lambda places: all(_side(round(v, places), limit) == _side(v, limit) for v in values)
    )


def percent_decimals_within(parts: Sequence[float], kind: Callable[[float], int], decimals: int = 0) -> int:
    """The decimals of percents, so many or more, at which each part reads as one of its own kind."""
    return _until(decimals, lambda places: all(kind(round(100 * p, places) / 100) == kind(p) for p in parts))


def _until(decimals: int, enough: Callable[[int], bool]) -> int:
    return next((places for places in range(decimals, MOST_DECIMALS) if enough(places)), MOST_DECIMALS)


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)
