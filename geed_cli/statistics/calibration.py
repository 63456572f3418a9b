"""The calibration error of top classes: how far stated probabilities are from how often they are right, by bins.

Images in the order of the probability p of their top class are cut into B bins of equal size, 15 at most. With Δ_b
the mean of p − 1[right] in bin b and w_b its part of the images (or of their weights), the error is Σ w_b |Δ_b|: the
expected calibration error (Guo et al. 2017) over bins of equal mass (Nixon et al. 2019). Chance alone moves every |Δ_b|
up, so there is one for every 40 images at most.

Limits are Σ w_b times those of |Δ_b|, each at 1 − α/B, so that all of them hold together (Bonferroni): they hold for
the bins that were found, and are wide.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.choices import IntervalOptions
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.sample import Interval, MeanSample, Units, mean_of
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.statistics.weighting import Weighting

MOST_BINS = 15
"""As many as are common."""
IN_A_BIN = 2 * MIN_IMAGES
"""Images, or clusters, for each bin: in smaller ones chance alone makes |Δ_b| large."""
GAP = Scale("rate", -1.0, 1.0)
"""Of p − 1[right], whose mean is a difference of rates: limits hold for any distribution."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Stated probabilities beside what was right.

    Attributes:
        probabilities: of the top class, shape (n,).
        right: 1 where the top class is the label, shape (n,).
        units: the cluster of each image.
        weighting: how much the images count.
    """

    probabilities: Array
    right: Array
    units: Units | None = None
    weighting: Weighting | None = None

    def error(self, options: IntervalOptions) -> Interval:
        """Σ w_b |Δ_b| with its limits, by the method and at the confidence of the options."""
        members = self._members
        weights = np.ones(len(self.right)) if self.weighting is None else self.weighting.weights
        parts = np.array([weights[of].sum() for of in members]) / weights.sum()
        made = intervals(
            [self._gaps(of) for of in members],
            method=options.method,
            confidence=1.0 - (1.0 - options.confidence) / len(members),
            resamples=options.resamples,
            seed=options.seed,
        )
        value = float(sum(part * abs(one.value or 0.0) for part, one in zip(parts, made, strict=True)))
        ends = [(one.low, one.high) for one in made if one.low is not None and one.high is not None]
        if len(ends) < len(made):
            return Interval(value, None, None, next(one.notes for one in made if one.low is None))
        least = [max(low, -high, 0.0) for low, high in ends]
        most = [max(high, -low) for low, high in ends]
        return Interval(value, min(float(parts @ least), value), min(max(float(parts @ most), value), 1.0))

    @property
    def signed(self) -> MeanSample:
        """Rows whose mean is the error: p − 1[right] with the sign of its bin's Δ_b, for how images move it."""
        rows = self.probabilities - self.right
        for of in self._members:
            gap = self._gaps(of)
            rows[of] *= np.sign(mean_of(gap))
        return MeanSample(rows, GAP, self.units, self.weighting)

    @property
    def _members(self) -> list[NDArray[np.intp]]:
        return _bins(self.probabilities, np.arange(len(self.right)) if self.units is None else self.units)

    def _gaps(self, of: NDArray[np.intp]) -> MeanSample:
        """P − 1[right] of the images of a bin."""
        units, weighting = self.units, self.weighting
        gaps = self.probabilities[of] - self.right[of]
        return MeanSample(gaps, GAP, None if units is None else units[of], weighting and weighting.of(of))


def _bins(probabilities: Array, units: Units) -> list[NDArray[np.intp]]:
    """The images of each bin, lowest first: as many bins as may be, each of units enough for an interval."""
    most = min(len(np.unique(units)) // IN_A_BIN, MOST_BINS)
    for count in range(most, 1, -1):
        members = _cut(probabilities, count)
        if all(len(np.unique(units[of])) >= MIN_IMAGES for of in members):
            return members
    return _cut(probabilities, 1)


def _cut(probabilities: Array, count: int) -> list[NDArray[np.intp]]:
    """Images of equal probabilities share a bin, the lower one, so that their order decides nothing."""
    ranked = np.sort(probabilities)
    last = [-(-len(ranked) * place // count) - 1 for place in range(1, count)]
    places = np.searchsorted(ranked[last], probabilities, side="left")
    return [np.flatnonzero(places == place) for place in np.unique(places)]
