"""How many images something takes, as a range with its own uncertainty, from the rows of a pilot.

Widths shrink as 1/√n at the true spread. Of a pilot both the spread and the distance to a limit are uncertain: the
spread V, n times the variance of θ, is the mean of squared deviations and has an interval as any mean has; the distance
has the interval of the claim. A range takes the far end of the one with the near end of the other, so that it holds
where both intervals do.

An end at the reach h from the estimate passes a limit at the distance d with the probability Φ((d√(n/n₀) − h)/se): at
power 1/2 that is n₀(h/d)², the forecast of ``enough``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.special import ndtr, ndtri

from geed_cli.statistics.enough import FORECAST_LIMIT
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.jackknife_t import corrected_t_limits
from geed_cli.statistics.methods import Limits
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.validity import MIN_IMAGES

SPREAD_CONFIDENCE = 0.975
"""Of the interval of the spread: of heavy tails it holds less often than it says, and is to hold in 90% of pilots."""


@dataclass(frozen=True)
class Needed:
    """How many images something takes.

    Attributes:
        images: if spread and distance are as estimated; None where no number would do.
        low: the least that it may take.
        high: the most; None where no number is known to do.
    """

    images: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class End:
    """One end of an interval that has to pass a limit.

    Attributes:
        distance: from the limit to the estimate; above 0 where the estimate is on the wanted side.
        reach: from the estimate to the end, above 0.
        error: standard error of the estimate.
        confidence: of the interval.
    """

    distance: float
    reach: float
    error: float
    confidence: float

    def chance(self, grown: float) -> float:
        """That it passes the limit, of √(n/n₀) times as sure an interval."""
        inside = self.distance * grown - self.reach
        return float(ndtr(inside / self.error)) if self.error > 0.0 else float(inside >= 0.0)

    def moved(self, by: float) -> "End":
        """The end of an estimate that lies so much further on the wanted side."""
        return replace(self, distance=self.distance + by)

    @property
    def of_many_images(self) -> "End":
        """The end without what few images add to it, for degrees of freedom and skewness: the normal quantile's."""
        return replace(self, reach=min(self.reach, half_width(self.error, self.confidence)))


def half_width(error: float, confidence: float) -> float:
    """Of an interval of many images: the normal quantile times the standard error."""
    return float(error * ndtri((1.0 + confidence) / 2.0))


def spread_limits(estimate: Estimate) -> Limits:
    """Limits of the spread over its estimate, V/V̂: those of the mean of squared deviations, on the log scale."""
    first = estimate.counts[0]
    deviations, total = [], 0.0
    for u, n in zip(estimate.deviations, estimate.counts, strict=True):
        # images without a row have the deviation 0, and are none of the n
        kept = np.argsort(u == 0.0, kind="stable")[:n]
        squares = u[kept] ** 2 * (first / n)
        mean = float(squares.mean())
        total += mean
        deviations.append(squares - mean)
    if not total > 0.0 or not math.isfinite(total):
        return 1.0, 1.0
    spread = Estimate(total, tuple(deviations), estimate.counts)
    if not spread.variance > 0.0:  # every image lies equally far from the mean
        return 1.0, 1.0
    low, high = corrected_t_limits(spread, Scale.log(), SPREAD_CONFIDENCE)
    return min(low / total, 1.0), max(high / total, 1.0)


def images_for_width(span: Limits, width: float, n: int, spread: Limits, of_many: float) -> Needed:
    """Images at which an interval would be so wide.

    Args:
        span: the interval over the pilot's n images.
        of_many: its width if n were many: twice ``half_width``.
        width: from its low to its high end.
        n: images of the pilot.
        spread: from ``spread_limits``.
    """
    now = span[1] - span[0]
    images, many = n * (now / width) ** 2, n * (of_many / width) ** 2
    low, high = spread
    return Needed(_whole(images), _whole(low * min(many, images)), _whole(high * max(many, images)))


def rate_spread_limits(rate: float, span: Limits) -> Limits:
    """Limits of the spread of single events over its estimate: p(1 − p) over the interval of their rate p."""
    at = rate * (1.0 - rate)
    # an interval that reaches 0 or 1 leaves no spread at all; a hundredth stands for hardly any
    ends = [max(p * (1.0 - p), 0.01 * at) for p in span]
    most = 0.25 if span[0] <= 0.5 <= span[1] else max(ends)
    return min(*ends, at) / at, max(most, at) / at


def images_without_events(n: int, factor: float) -> Needed:
    """Images at which an exact limit of a rate that is the same in all of n images is smaller by a factor: 1/n.

    There is no most: the first event among further images widens it.
    """
    images = _whole(n * factor)
    return Needed(images, images, images if factor <= 1.0 else None)


def images_for_power(
    ends: Sequence[End], n: int, power: float, spread: Limits, moves: Sequence[float]
) -> Needed:
    """Images at which every end passes its limit with a probability of at least ``power``.

    Args:
        ends: of one claim: one for a limit, two for a margin, of which the estimate's moving away from one moves it
            nearer to the other.
        n: images of the pilot.
        power: to reach, below 1.
        spread: from ``spread_limits``.
        moves: where the true value may lie, from the estimate: the ends of its interval and what lies between.
    """
    signs = (1.0, -1.0)
    corners = product((list(ends), [end.of_many_images for end in ends]), (0.0, *moves), spread)
    found = [
        _images([end.moved(sign * by) for end, sign in zip(some, signs, strict=False)], n, power, s)
        for some, by, s in corners
    ]
    known = [each for each in found if each is not None]
    return Needed(
        _whole(_images(ends, n, power, 1.0)),
        _whole(min(known, default=None)),
        None if len(known) < len(found) else _whole(max(known)),
    )


def _images(ends: Sequence[End], n: int, power: float, spread: float) -> float | None:
    """The number at which the chance of all ends reaches the power; None where an estimate is beyond its limit."""
    if any(end.distance <= 0.0 for end in ends):
        return None

    def enough(images: float) -> bool:
        grown = math.sqrt(images / n / spread)
        chances = [end.chance(grown) for end in ends]
        return sum(chances) - len(chances) + 1.0 >= power

    low, high = 1.0, float(FORECAST_LIMIT) * 2
    if not enough(high):
        return None
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _whole(images: float | None) -> int | None:
    """A number of images of which an interval can be made; None beyond what is advice."""
    if images is None or not images <= FORECAST_LIMIT:
        return None
    return max(MIN_IMAGES, math.ceil(images - 1e-6))
