"""What each element of a group does by itself: its mean deviation over the images, and confidence limits of that.

Both are raw, without M. Limits are made of the element's own deviations as those of an entry are made of its images':
by the same method at the same confidence, with clusters and weights. Each holds by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.choices import IntervalOptions
from geed_cli.engine.plan import GroupPlan
from geed_cli.measures.measure import Measure
from geed_cli.statistics.bootstrap_t import SharedDraws
from geed_cli.statistics.interval import IntervalAt, intervals_at
from geed_cli.statistics.sample import Interval, MeanSample, Units
from geed_cli.statistics.weighting import Weighting

Array = NDArray[np.float64]
Limits = tuple[float, float] | None

PERFECT = 1e-6
"""Where f̂ = f the deviation of e is the best there is, to float32's rounding, and of no image anything else."""
DIGITS = 6
"""Significant digits of limits: more say nothing, and a file has hundreds of them."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The deviations of one line of a result, element by element.

    Attributes:
        measure: its measure.
        group: its group.
        deviations: m(f(gx), g·f̂(x)), shape (images, n).
        weighting: how much the images count; None is alike.
        units: the cluster of each image; None where every image is drawn by itself.
    """

    measure: Measure
    group: GroupPlan
    deviations: Array
    weighting: Weighting | None = None
    units: Units | None = None

    def columns(self) -> Iterator[tuple[str, Array]]:
        """Each element that counts, by name, with its deviations."""
        names = self.group.group.elements
        yield from list(zip(names, self.deviations.T, strict=True))[self.measure.first :]

    @property
    def means(self) -> dict[str, float | None]:
        """Each element's own mean over the images, raw, by the element's name."""
        return {name: mean_over(column, self.weighting) for name, column in self.columns()}

    def samples(self, *, moves_logits: bool) -> dict[str, MeanSample]:
        """The rows of every element that can be elsewhere: of all but an e that is perfect by definition."""
        scale = self.measure.scale_for(self.group.group.order, moves_logits=moves_logits)
        return {
            name: MeanSample(column, scale, self.units, self.weighting)
            for name, column in self.columns()
            if name != self.group.group.elements[0] or not self._is_perfect(column)
        }

    def _is_perfect(self, column: Array) -> bool:
        finite = column[np.isfinite(column)]
        return bool((np.abs(finite - self.measure.best) <= PERFECT).all())


def mean_over(values: Array, weighting: Weighting | None) -> float | None:
    """Over the images that have a value, with their weights."""
    finite = np.isfinite(values)
    if not finite.any():
        return None
    return float(np.average(values[finite], weights=None if weighting is None else weighting.weights[finite]))


def elements_at(
    profile: Profile, options: IntervalOptions, draws: SharedDraws, *, moves_logits: bool
) -> dict[str, IntervalAt]:
    """The interval of every mean of a profile that can be elsewhere, at any confidence, by the element's name.

    Args:
        profile: of an entry.
        options: of the run's intervals.
        draws: that its elements share with those of others.
        moves_logits: whether the group moves predictions.
    """
    samples = profile.samples(moves_logits=moves_logits)
    made = intervals_at(
        list(samples.values()),
        method=options.method,
        resamples=options.resamples,
        seed=options.seed,
        draws=draws,
    )
    return dict(zip(samples, made, strict=True))


def element_limits(profile: Profile, made: Mapping[str, IntervalAt], confidence: float) -> dict[str, Limits]:
    """Confidence limits of every mean of a profile, by the element's name; None where they are withheld.

    Args:
        profile: of an entry that has an interval.
        made: the intervals of its elements.
        confidence: of each limit by itself.
    """
    limits = {name: _limits(at(confidence)) for name, at in made.items()}
    return {name: limits.get(name) for name, _ in profile.columns()}


def _limits(found: Interval) -> Limits:
    """Rounded, and still on both sides of the value."""
    if found.value is None or found.low is None or found.high is None:
        return None
    low, high = (float(f"{limit:.{DIGITS}g}") for limit in (found.low, found.high))
    return min(low, found.value), max(high, found.value)
