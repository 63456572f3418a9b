"""Limits of rates: Clopper and Pearson's where an image either has the event or not, Gaffke's (2005) otherwise.

One more unit at the bound, and weights E/ΣE of independent exponential E: the upper limit is the 1 − α/2 quantile of
the weighted mean (ΣE_c y_c + E_0 m)/(ΣE_c m_c + E_0 m), m the largest size; the lower limit is that of 1 − y turned
round. Of 0/1 rows the quantile is Clopper and Pearson's; of paired differences of 0/1 rows the p-value at 0 is that of
the exact McNemar test; of equal rows it leaves open what none of n images showed. That it covers whatever the rows
are is proved in these cases, and else a conjecture that no search has broken (Learned-Miller and Thomas 2019).

The weighted mean exceeds q where S = ΣE_c (y_c − q m_c) + E_0 m (1 − q) > 0, and P(S > 0) is the integral of Gil-Pelaez
(1951), whose trapezoid sums converge exponentially: no draws, and the same in any order of the images.
"""

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import betaincinv, ndtri

from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.scale import Array

NEGLIGIBLE = 36.0
"""e⁻³⁶ = 2·10⁻¹⁶: what float64 keeps of a probability."""
BLOCK = 2**14
"""Numbers of a table at a time: 128 KB."""


def exact_limits(mean: BoundedMean, confidence: float) -> tuple[float, float]:
    """Two-sided limits of a rate, or of a difference of rates."""
    tail = (1.0 - confidence) / 2.0
    y, sizes = mean.units
    return mean.value(1.0 - _upper(sizes - y, sizes, tail)), mean.value(_upper(y, sizes, tail))


def exact_p(mean: BoundedMean, value: float) -> float:
    """The smallest α whose limits exclude the value, at most 1."""
    y, sizes = mean.units
    share = mean.share(value)
    if not 0.0 < share < 1.0:
        return 1.0
    below, above = _beyond(y, sizes, share), _beyond(sizes - y, sizes, 1.0 - share)
    return min(2.0 * min(below, above), 1.0)


def exact_sides(mean: BoundedMean, value: float) -> tuple[float, float]:
    """The smallest α whose upper limit is at most the value, and that whose lower limit is at least it, at most 1."""
    y, sizes = mean.units
    share, own = mean.share(value), float(y.sum() / sizes.sum())
    below = 0.0 if share >= 1.0 else 1.0 if share < own else 2.0 * _beyond(y, sizes, share)
    above = 0.0 if share <= 0.0 else 1.0 if share > own else 2.0 * _beyond(sizes - y, sizes, 1.0 - share)
    return min(below, 1.0), min(above, 1.0)


def most_missed(n: int, confidence: float) -> float:
    """1 − (α/2)^{1/n}: the two-sided (Clopper-Pearson) upper limit on what none of n images showed, 3.7/n at 95%."""
    return 1.0 - math.pow((1.0 - confidence) / 2.0, 1.0 / n)


def _upper(y: Array, sizes: Array, tail: float) -> float:
    """The upper limit for Σy/Σm, y in [0, m], that is missed with probability ``tail``."""
    if float(sizes.max()) == float(sizes.min()) and not np.any(y * (sizes - y)):
        events, units = float(np.count_nonzero(y)), len(y)
        return 1.0 if events == units else float(betaincinv(events + 1.0, units - events, 1.0 - tail))
    low = float(y.sum() / sizes.sum())
    high = low
    while _beyond(y, sizes, high) > tail:
        low, high = high, (1.0 + high) / 2.0
        if high == 1.0:
            return 1.0
    if high == low:
        return low
    # the quantile of a chance is nearly a straight line where the chance itself is bent: half as many steps
    wanted = float(ndtri(tail))
    from scipy.optimize import brentq  # noqa: PLC0415 - a fifth of a second, which few commands need

    return float(brentq(lambda q: _quantile(_beyond(y, sizes, q)) - wanted, low, high, xtol=1e-13))


def _quantile(chance: float) -> float:
    """Of the standard normal distribution; finite for chances of 0 and 1, too."""
    return float(ndtri(min(max(chance, 1e-300), 1.0 - 1e-16)))


def _beyond(y: Array, sizes: Array, share: float) -> float:
    """P(the weighted mean exceeds ``share``) = P(S > 0)."""
    apart = np.append(y - share * sizes, float(sizes.max()) * (1.0 - share))
    parts, counts = np.unique(apart, return_counts=True)
    if parts[0] >= 0.0 or parts[-1] <= 0.0:
        return float(parts[-1] > 0.0)
    there = parts != 0.0
    return _chance_above_zero(parts[there] / np.abs(parts).max(), counts[there].astype(np.float64))


def _chance_above_zero(parts: Array, counts: Array) -> float:
    """P(S > 0) of S = Σ E_i a_i, with 1 the largest |a_i|, from the characteristic function φ(t) = Π(1 − i t a_i)⁻¹.

    ½ + (1/π) ∫ Im φ(t) dt/t. Even steps in t have to be short enough for the span of S, even steps in ln t for how
    often φ turns before it is gone; whichever needs fewer is taken.
    """
    terms = float(counts.sum())
    coarse = np.exp(np.arange(-0.5 * math.log(terms), NEGLIGIBLE + 1.0, 0.4))
    last = float(coarse[np.searchsorted(_gone(coarse, parts, counts), NEGLIGIBLE)])
    span = abs(float(counts @ parts)) + 9.0 * math.sqrt(counts @ parts**2) + NEGLIGIBLE
    even = math.ceil(last * span / (2.0 * math.pi))
    first, step = -NEGLIGIBLE - math.log(terms), 0.25 / math.sqrt(terms)
    if even <= (math.log(last) - first) / step:
        halves = np.arange(0.5, even, dtype=np.float64)
        total = float((_turned(2.0 * math.pi / span * halves, parts, counts) / halves).sum())
    else:
        total = step * float(_turned(np.exp(np.arange(first, math.log(last), step)), parts, counts).sum())
    return min(max(0.5 + total / math.pi, 0.0), 1.0)


def _turned(t: Array, parts: Array, counts: Array) -> Array:
    """Im φ at each t."""
    turned = np.empty(len(t))
    for some in _blocks(t, parts):
        scaled = np.multiply.outer(t[some], parts)
        angle = np.arctan(scaled) @ counts
        turned[some] = np.exp(-0.5 * (np.log1p(np.square(scaled, out=scaled)) @ counts)) * np.sin(angle)
    return turned


def _gone(t: Array, parts: Array, counts: Array) -> Array:
    """−ln|φ| at each t."""
    gone = np.empty(len(t))
    for some in _blocks(t, parts):
        gone[some] = 0.5 * (np.log1p(np.multiply.outer(t[some], parts) ** 2) @ counts)
    return gone


def _blocks(t: Array, parts: Array) -> Iterator[slice]:
    """Cuts of t, so that a table of them by parts stays in the processor's cache."""
    rows = max(BLOCK // len(parts), 1)
    for start in range(0, len(t), rows):
        yield slice(start, start + rows)
