"""Paired difference of two cells over the same images: is B further from invariance than A, and by how much?

Δ = θ_B − θ_A. The jackknife deviations of Δ are u_B − u_A image by image, and both cells see the same
resamples, so what the images have in common cancels. Limits are on the plain scale, but those of rates, which
are exact; the p-value is the smallest 1 − confidence at which the interval excludes 0, so the two never disagree.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import replicates
from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.methods import (
    Limits,
    LimitsAt,
    Statistic,
    check_options,
    closed_p,
    limits_of_each,
    smallest_p,
)
from geed_cli.statistics.sample import RatioSample, Rows, Sample, finite_rows
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.studentized import linear_pivots
from geed_cli.statistics.validity import (
    NEAR_ZERO,
    NO_BOUND,
    TOO_LARGE,
    WITHHELD,
    is_still,
    point_value,
    undefined_reason,
    withheld_reason,
)

UNBOUNDED = Scale.identity()
PairedLimits = Callable[[float], Limits | None]
"""From the confidence to the limits of a difference; None where they are withheld."""
SAME_ROWS = "both have the same rows: no difference"
SAME_DIFFERENCE = f"{WITHHELD} every image has the same difference"
SAME_BOUNDED = "every image has the same difference: exact limits on what was missed"


@dataclass(frozen=True)
class Difference:
    """Δ = other − reference with its limits and the two-sided p-value of Δ = 0; never NaN.

    Δ is None where either value is undefined, the rest where the interval is withheld; notes say why. Where it is
    withheld at the confidence that was asked for alone, the p-value is that of the intervals at others.
    """

    value: float | None
    low: float | None
    high: float | None
    p_value: float | None
    notes: tuple[str, ...] = ()


def difference(
    reference: Sample,
    other: Sample,
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """The paired difference other − reference over the same images in the same order, options as for ``interval``.

    Raises:
        InputError: different numbers of images, or an option out of range.
    """
    check_options(method, confidence, resamples)
    (at,) = differences([(reference, other)], method=method, resamples=resamples, seed=seed)
    return at(confidence)


DifferenceAt = Callable[[float], Difference]
"""A difference at any confidence, whose resamples are drawn once."""


def differences(
    pairs: Sequence[tuple[Sample, Sample]],
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    resamples: int = 2000,
    seed: int = 0,
) -> list[DifferenceAt]:
    """Each pair's difference by itself, as ``difference`` makes it; the default method draws once for all of them.

    Raises:
        InputError: different numbers of images in a pair.
    """
    for reference, other in pairs:
        _check_paired(reference, other)
    with np.errstate(all="ignore"):  # overflow on absurd input ends in a note, not in a warning
        ready = [_prepared(finite_rows(reference), finite_rows(other)) for reference, other in pairs]
        made = [each for each in ready if isinstance(each, Paired)]
        limits = iter(limits_of_pairs(made, method, resamples, seed))
        smallest = smallest_p(method, resamples)
        return [
            _Limited(each, next(limits), method, smallest) if isinstance(each, Paired) else _constant(each)
            for each in ready
        ]


def _prepared(reference: Rows, other: Rows) -> "Paired | Difference":
    """The pair, or its difference where that has no value."""
    reason = undefined_reason(reference) or undefined_reason(other)
    if reason is None and not math.isfinite((point_value(other) or 0.0) - (point_value(reference) or 0.0)):
        reason = "undefined: the values are too large"
    if reason is not None:
        return Difference(None, None, None, None, (*_lost(reference, other), reason))
    return Paired.of(reference, other)


def _lost(reference: Rows, other: Rows) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*reference.notes, *other.notes)))


def _constant(made: Difference) -> DifferenceAt:
    return lambda _: made


@dataclass(frozen=True, eq=False)
class _Limited:
    """A pair whose difference has a value, with its limits at any confidence."""

    paired: "Paired"
    limits: PairedLimits
    method: IntervalMethod
    smallest: float

    def __call__(self, confidence: float) -> Difference:
        reference, other = self.paired.pair
        value = (point_value(other) or 0.0) - (point_value(reference) or 0.0)
        notes = (*_lost(reference, other), *self.paired.notes)
        with np.errstate(all="ignore"):
            span = self.limits(confidence)
            if span is None:
                why = self.paired.why_none(self.method)
                # where M is too near 0 for this confidence, there are intervals at others
                p = self._p_value if why == (NEAR_ZERO,) else None
                return Difference(value, None, None, p, (*notes, *why))
            return Difference(value, *span, self._p_value, notes)

    @cached_property
    def _p_value(self) -> float:
        """Of Δ = 0, which no confidence changes."""
        closed = 1.0 if self.paired.copies else closed_p(self.paired.statistic, self.method, 0.0)
        return p_value(self.limits, self.smallest) if closed is None else max(closed, self.smallest)


@dataclass(frozen=True, eq=False)
class Paired:
    """Two cells that have values, over the same images: the finite rows of the reference and of the other.

    The estimate is None where no interval can be made; notes say why there is none, or none of the ordinary kind.
    """

    pair: tuple[Rows, Rows]
    estimate: Estimate | None
    notes: tuple[str, ...]
    bounded: BoundedMean | None = None
    copies: bool = False

    @classmethod
    def of(cls, reference: Rows, other: Rows) -> "Paired":
        """Whether there can be an interval, and what it is made of."""
        pair = (reference, other)
        if reason := withheld_reason(reference) or withheld_reason(other):
            return cls(pair, None, (reason,))
        estimated = paired_estimate(reference, other)
        if not math.isfinite(estimated.variance):
            return cls(pair, None, (TOO_LARGE,))
        mean = BoundedMean.difference(reference, other)
        if are_copies(reference, other):
            return cls(pair, replace(estimated, value=0.0), (SAME_ROWS,), mean, copies=True)
        if mean is None and is_still(estimated, reference.sample, other.sample):
            return cls(pair, None, (SAME_DIFFERENCE,))
        return cls(pair, estimated, (SAME_BOUNDED,) if mean and mean.still else (), mean)

    @property
    def images(self) -> int:
        """Images behind Δ, or their units: those with a value in both cells, or of a smaller separate normaliser."""
        shared, places = np.intersect1d(self.pair[0].kept, self.pair[1].kept), self.pair[0].places
        both = len(shared if places is None else np.unique(places[shared]))
        return both if self.estimate is None else min(both, *self.estimate.counts)

    @property
    def still(self) -> bool:
        """Whether every image has the same difference, so that what moves it was not seen."""
        return self.copies or (self.bounded is not None and self.bounded.still)

    def why_none(self, method: IntervalMethod) -> tuple[str, ...]:
        """Of a difference whose limits a method withholds: why, unless the notes say so."""
        if self.estimate is None:
            return ()
        if method == "bounded" and self.bounded is None:
            return (NO_BOUND,)
        return (NEAR_ZERO if self.estimate.denominators else TOO_LARGE,)

    @property
    def statistic(self) -> Statistic:
        """Δ, where it has an estimate, as methods see it."""
        assert self.estimate is not None, "asked where limits can be made"
        drawn = partial(_replicates, self.pair), partial(linear_pivots, self.estimate)
        return Statistic(self.estimate, UNBOUNDED, *drawn, self.bounded)

    def limits(self, method: IntervalMethod, resamples: int = 2000, seed: int = 0) -> PairedLimits:
        """The interval as a function of the confidence; None where it is withheld."""
        return limits_of_pairs([self], method, resamples, seed)[0]


def limits_of_pairs(
    pairs: Sequence[Paired], method: IntervalMethod, resamples: int, seed: int
) -> list[PairedLimits]:
    """The limits of each pair by itself, as ``Paired.limits``; the default method draws once for all of them."""
    fixed = [_without_a_method(each, method) for each in pairs]
    statistics = [pair.statistic for pair, known in zip(pairs, fixed, strict=True) if known is None]
    made = iter(limits_of_each(statistics, method, resamples, seed))
    return [
        _about_the_value(pair.statistic.estimate.value, next(made)) if known is None else known
        for pair, known in zip(pairs, fixed, strict=True)
    ]


def _without_a_method(pair: Paired, method: IntervalMethod) -> PairedLimits | None:
    """The limits of a pair that has none, or of copies; None where a method makes them."""
    if pair.estimate is None:
        return lambda _: None
    if pair.copies and method != "bounded":  # whose guarantee is also about images that were not seen
        return lambda _: (0.0, 0.0)
    return None


def _about_the_value(value: float, made: LimitsAt) -> PairedLimits:
    """Limits that hold the value, None where they are not finite."""

    def at(confidence: float) -> Limits | None:
        low, high = made(confidence)
        return (min(low, value), max(high, value)) if math.isfinite(high - low) else None

    return at


def are_copies(reference: Rows, other: Rows) -> bool:
    """Whether the rows of two cells are the same digit for digit, as those of two networks hardly are.

    Counts of events are the same of many networks, and so are rows that do not vary.
    """
    one, two = reference.sample, other.sample
    if type(one) is not type(two) or one.scale != two.scale or one.scale.kind == "rate":
        return False
    same = np.array_equal(reference.kept, other.kept) and np.array_equal(one.values, two.values)
    if isinstance(one, RatioSample) and isinstance(two, RatioSample):
        same = same and np.array_equal(one.row_means, two.row_means)
    return same and float(np.ptp(one.values)) > 0.0


def paired_estimate(reference: Rows, other: Rows) -> Estimate:
    """Δ and its deviations, set by set: the audited images, then the images of a separate normaliser sample.

    An image that one cell lost still moves the other; deviations are rescaled from that cell's images to all.
    """
    cells = [(estimate(reference), reference), (estimate(other), other)]
    sizes = [reference.draws, max(reference.norm_count, other.norm_count)]
    deviations, denominators, counts = [], [], []
    for k in range(max(len(e.deviations) for e, _ in cells)):
        count = max(e.counts[k] for e, _ in cells if k < len(e.counts))
        u, product = np.zeros((2, sizes[k]))
        for sign, (e, _) in zip((-1.0, 1.0), cells, strict=True):
            if k < len(e.deviations):
                u += sign * e.deviations[k] * (count / e.counts[k])
            if k < len(e.denominators):
                product += e.denominators[k] * (count / e.counts[k])
        deviations.append(u)
        denominators.append(product)
        counts.append(count)
    either = any(e.denominators for e, _ in cells)
    return Estimate(
        value=cells[1][0].value - cells[0][0].value,
        deviations=tuple(deviations),
        counts=tuple(counts),
        denominators=tuple(denominators) if either else (),
    )


def p_value(limits: PairedLimits, smallest: float) -> float:
    """The smallest α whose 1 − α interval excludes 0; at least ``smallest``, at most 1."""

    def excludes_zero(alpha: float) -> bool:
        span = limits(1.0 - alpha)
        return span is not None and (span[0] > 0.0 or span[1] < 0.0)

    return smallest_level(excludes_zero, smallest)


def smallest_level(holds: Callable[[float], bool], smallest: float) -> float:
    """The smallest α from which on something holds, by bisection; at least ``smallest``, at most 1."""
    if holds(smallest):
        return smallest
    inside, outside = math.log(smallest), 0.0
    for _ in range(40):  # 12 digits of log α
        middle = (inside + outside) / 2.0
        inside, outside = (inside, middle) if holds(math.exp(middle)) else (middle, outside)
    return math.exp(outside)


def _replicates(pair: tuple[Rows, Rows], resamples: int, seed: int) -> Array:
    return replicates(pair[1], resamples, seed) - replicates(pair[0], resamples, seed)


def _check_paired(reference: Sample, other: Sample) -> None:
    """Refuse cells over different images: their rows cannot be paired."""
    sizes = [(len(s.values), _separate_images(s)) for s in (reference, other)]
    if sizes[0][0] == sizes[1][0] and not _same_units(reference, other):
        raise InputError(
            "cells over the same images in other clusters",
            expected="one division of the images into clusters for both models",
            remedy="--cluster, which says it for both",
        )
    same_normaliser = sizes[0][1] == sizes[1][1] or 0 in (sizes[0][1], sizes[1][1])
    if sizes[0][0] != sizes[1][0] or not same_normaliser:
        raise InputError(
            f"cells over {sizes[0][0]} and {sizes[1][0]} images",
            expected="the same images, in the same order, for both models",
            remedy="audit both models with the same folder (--data) or pictures, --samples and --draw-seed",
        )


def _same_units(reference: Sample, other: Sample) -> bool:
    if reference.units is None or other.units is None:
        return reference.units is other.units
    return np.array_equal(reference.units, other.units)


def _separate_images(sample: Sample) -> int:
    return len(sample.row_means) if isinstance(sample, RatioSample) and not sample.shared else 0
