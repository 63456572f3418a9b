"""Fits to a series: the exponent p of y = a·xᵖ, and the straight line y = a + b·x."""

import numpy as np

from benchmarks.scaling_series import Series
from benchmarks.table import Line

LINEAR, FLAT = 1.1, 0.1
"""At most these exponents: a tenth is what a constant part or noise does to a fit over one to two decades."""


def power(x: tuple[float, ...], y: tuple[float, ...]) -> tuple[float, float]:
    """(a, p) of the power law y = a·xᵖ, by least squares on logarithms; x, y > 0."""
    slope, start = np.polyfit(np.log(x), np.log(y), 1)
    return float(np.exp(start)), float(slope)


def exponent(x: tuple[float, ...], y: tuple[float, ...]) -> float:
    """Exponent p of that power law."""
    return power(x, y)[1]


def straight(x: tuple[float, ...], y: tuple[float, ...]) -> tuple[float, float]:
    """(a, b) of y = a + b·x, by least squares."""
    slope, start = np.polyfit(x, y, 1)
    return float(start), float(slope)


def lines_of(series: Series) -> list[Line]:
    """The exponents of time and memory with their goals, and every point.

    Time grows with images and elements in proportion, with layers next to not at all: each adds its own small part.
    """
    x = tuple(float(point.x) for point in series.points)
    seconds = tuple(point.seconds for point in series.points)
    memory = tuple(point.memory for point in series.points)
    what = f"{series.axis}, {series.about}"
    if series.additive:
        start, each = straight(x, seconds)
        part = 100 * each / start
        time = Line(
            f"time: {what}",
            f"each layer adds {part:.2f}% of {start:.2f} s",
            exponent(x, seconds),
            FLAT,
            "exponent",
        )
    else:
        time = Line(f"time: {what}", _range(series, seconds, "s"), exponent(x, seconds), LINEAR, "exponent")
    lines = [
        time,
        Line(
            f"memory less rows: {what}", _range(series, memory, "MiB"), exponent(x, memory), FLAT, "exponent"
        ),
    ]
    if series.name == "images":
        lines.append(_statistics(series, x))
    return [*lines, Line("… seconds", _all(series, seconds)), Line("… MiB less rows", _all(series, memory))]


def _statistics(series: Series, x: tuple[float, ...]) -> Line:
    """M needs d(x, x') of all pairs, so that their time ends up quadratic; they have no goal of their own here."""
    took = tuple(point.statistics_s for point in series.points)
    last = series.points[-1]
    words = (
        f"{_range(series, took, 's')}; with them {last.after:.0f} MiB at {last.x}, rows {last.held:.0f} MiB"
    )
    return Line("… statistics", words, exponent(x, took), unit="exponent")


def _range(series: Series, values: tuple[float, ...], unit: str) -> str:
    first, last = series.points[0].x, series.points[-1].x
    return f"{values[0]:.3g} {unit} at {first}, {values[-1]:.3g} {unit} at {last}"


def _all(series: Series, values: tuple[float, ...]) -> str:
    return "; ".join(f"{point.x}: {value:.4g}" for point, value in zip(series.points, values, strict=True))
