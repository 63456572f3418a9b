"""The part κ of what there is to explain that a candidate explains, and claims about it over scoring images.

κ = (v₀ − v)/(v₀ − b): v is the deviation of f(gx) from the candidate, v₀ the same between different images (the
null), b the best that can be reached, −1 or what resampling leaves. κ = 0 is what any two images share, κ = 1 perfect.
Null pairs of neighbouring images share one of them, so nulls are weakly dependent and limits are approximate.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from geed_cli.discovery.scores import Scores

HOLDS_FROM = 0.9
"""The part explained from which an action is said to hold."""

LEAST_ROOM = 0.02
"""Where different images are this close to the best, nothing is left to explain: the maps hardly depend on x."""

CONFIDENCE = 0.95
"""One-sided, for each claim by itself."""

ROUNDING = 1e-6
"""Float32 maps tell no smaller differences of cosines apart."""


def part(scores: Scores, name: str, floor: float) -> float | None:
    """κ of the mean deviations ``before``, ``after`` or ``unmoved``, with b = ``floor``.

    At most 1 but for noise, below 0 where another image explains more; None where the null leaves less than
    ``LEAST_ROOM``, or no image has a value.
    """
    value, null = scores.images(name, f"null_{name}")
    if not len(value) or null.mean() - floor < LEAST_ROOM:
        return None
    return float((null.mean() - value.mean()) / (null.mean() - floor))


def holds(scores: Scores, name: str, floor: float) -> bool:
    """Whether κ ≥ c = ``HOLDS_FROM`` with confidence: the mean of (v₀ − v) − c·(v₀ − b) is not below 0 (Fieller)."""
    if part(scores, name, floor) is None:
        return False
    value, null = scores.images(name, f"null_{name}")
    return lower_limit(null - value - HOLDS_FROM * (null - floor)) >= 0


def clearly_below(scores: Scores, lower: str, upper: str) -> bool:
    """Whether one deviation is smaller than another on the same images."""
    first, second = scores.images(lower, upper)
    return lower_limit(second - first) > ROUNDING


def explains_more(scores: Scores, floor: float) -> bool:
    """Whether κ of ``after`` is above κ of ``before``: a gain by more than fitting alone gains.

    1 − κ is a ratio r = mean(v − b)/mean(v₀ − b); the limit is of the difference of two ratios, each linearised
    (delta method): r + (v − b − r (v₀ − b)) / mean(v₀ − b) for each image.
    """
    columns = scores.images("before", "null_before", "after", "null_after")
    if len(columns[0]) < 2 or min(columns[1].mean(), columns[3].mean()) - floor < LEAST_ROOM:
        return False
    before, after = (_linearised(columns[i] - floor, columns[i + 1] - floor) for i in (0, 2))
    return lower_limit(before - after) > ROUNDING


def lower_limit(values: NDArray[np.float64]) -> float:
    """Student's one-sided lower limit of the mean over images; −∞ for fewer than two."""
    count = len(values)
    if count < 2:
        return float("-inf")
    error = float(values.std(ddof=1)) / math.sqrt(count)
    return float(values.mean()) - float(stdtrit(count - 1, CONFIDENCE)) * error


def _linearised(gap: NDArray[np.float64], room: NDArray[np.float64]) -> NDArray[np.float64]:
    """One number an image, whose mean is mean(gap)/mean(room) and whose spread is that of the ratio."""
    ratio = gap.mean() / room.mean()
    linear: NDArray[np.float64] = ratio + (gap - ratio * room) / room.mean()
    return linear
