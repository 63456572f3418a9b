"""Rows between two known numbers: what limits that hold for every distribution are made from.

A mean over images of values in [lo, hi], and the paired difference of two such means, whose rows lie in
[lo' − hi, hi' − lo]. Totals and sizes are those of the independent units, the images unless they are clustered.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.statistics.sample import MeanSample, Rows, Sample, places_of
from geed_cli.statistics.scale import Array

SAME = 1e-12
"""Of the range: rows nearer to each other differ by rounding, as fp32 leaves of a divergence or cosine at its best."""
OUTSIDE = 1e-9
"""Of the range: rows beyond a bound by more than rounding have other bounds than we think."""


@dataclass(frozen=True, eq=False)
class BoundedMean:
    """θ = Σy/Σm over independent units, y in [m·lo, m·hi].

    Attributes:
        totals: y_c, the sum of the values of a unit's images, with their weights, shape (units,).
        sizes: m_c, the sum of the weights of a unit's images, whose mean is 1, shape (units,).
        rate: whether values are parts of events, or differences of such parts.
        binary: whether every image's value is one of the two bounds, whatever the rows happen to be.
    """

    totals: Array
    sizes: Array
    lo: float
    hi: float
    rate: bool = False
    binary: bool = False

    @classmethod
    def of(cls, rows: Rows) -> "BoundedMean | None":
        """Of one cell; None where its values have no bounds, or are beyond them."""
        scale = rows.sample.scale
        if not is_bounded(rows.sample):
            return None
        rate, binary = scale.kind == "rate", scale.kind == "rate" and scale.events == 1
        every = np.arange(len(rows.kept))
        return _inside(rows.sample.values, rows, every, (scale.lo, scale.hi), rate=rate, binary=binary)

    @classmethod
    def difference(cls, reference: Rows, other: Rows) -> "BoundedMean | None":
        """Of other − reference, over the images that both have; None where either is no bounded mean."""
        pair = cls.of(reference), cls.of(other)
        if pair[0] is None or pair[1] is None:
            return None
        _, mine, theirs = np.intersect1d(reference.kept, other.kept, return_indices=True)
        if not len(mine):
            return None
        moved = other.sample.values[theirs] - reference.sample.values[mine]
        bounds = pair[1].lo - pair[0].hi, pair[1].hi - pair[0].lo
        return _inside(moved, other, theirs, bounds, rate=pair[0].rate and pair[1].rate, binary=False)

    @property
    def still(self) -> bool:
        """Whether all units have the same value, to rounding."""
        return float(np.ptp(self.totals / self.sizes)) <= SAME * (self.hi - self.lo)

    @property
    def units(self) -> tuple[Array, Array]:
        """Totals and sizes on the scale on which values lie in [0, 1]."""
        return (self.totals - self.lo * self.sizes) / (self.hi - self.lo), self.sizes

    def value(self, share: float) -> float:
        """The value at that share of the way from lo to hi."""
        return self.lo + (self.hi - self.lo) * share

    def share(self, value: float) -> float:
        """How far a value is on the way from lo to hi."""
        return (value - self.lo) / (self.hi - self.lo)


def is_bounded(sample: Sample) -> bool:
    """Whether a sample is a mean of independent values between two known numbers."""
    return isinstance(sample, MeanSample) and sample.scale.guaranteed


def _inside(
    values: Array,
    rows: Rows,
    which: NDArray[np.intp],
    bounds: tuple[float, float],
    *,
    rate: bool,
    binary: bool,
) -> BoundedMean | None:
    """The mean by unit, of those kept images; None where values are beyond the bounds."""
    lo, hi = bounds
    room = OUTSIDE * (hi - lo)
    if values.min() < lo - room or values.max() > hi + room:
        return None
    weighting, images = rows.sample.weighting, rows.kept[which]
    weights = np.ones(len(values)) if weighting is None else weighting.weights[which]
    sizes = weights / weights.mean()
    totals = sizes * np.clip(values, lo, hi)
    if rows.places is not None:
        places = places_of(rows.places[images])
        totals, sizes = (np.bincount(places, each).astype(np.float64) for each in (totals, sizes))
    # the total of two images is none of two values
    return BoundedMean(
        totals, sizes, lo, hi, rate, binary and len(sizes) == len(values) and float(np.ptp(sizes)) == 0.0
    )
