"""Paired difference of two cells over the same images: is B further from invariance than A, and by how much?

Δ = θ_B − θ_A. The jackknife deviations of Δ are u_B − u_A image by image, and both cells see the same
resamples, so what the images have in common cancels. Limits are on the plain scale, where a difference has
no bounds to respect; the p-value is the smallest 1 − confidence at which the interval excludes 0, so the
two never disagree.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import replicates
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import most_missed
from geed_cli.statistics.methods import Limits, Statistic, check_options, limits_of, smallest_p
from geed_cli.statistics.sample import RatioSample, Rows, Sample, finite_rows
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.studentized import linear_pivots
from geed_cli.statistics.validity import TOO_LARGE, point_value, undefined_reason, withheld_reason

UNBOUNDED = Scale.identity()
PairedLimits = Callable[[float], Limits | None]
"""From the confidence to the limits of a difference; None where they are withheld."""
SAME_DIFFERENCE = "every image has the same difference: no width"
SAME_RATE = "every image has the same difference: exact limits on what was missed"


@dataclass(frozen=True)
class Difference:
    """Δ = other − reference with its limits and the two-sided p-value of Δ = 0; never NaN.

    Δ is None where either value is undefined, the rest where the interval is withheld; notes say why.
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
    _check_paired(reference, other)
    with np.errstate(all="ignore"):  # overflow on absurd input ends in a note, not in a warning
        pair = (finite_rows(reference), finite_rows(other))
        notes = tuple(dict.fromkeys(note for rows in pair for note in rows.notes))
        for rows in pair:
            reason = undefined_reason(rows, confidence)
            if reason:
                return Difference(None, None, None, None, (*notes, reason))
        value = (point_value(pair[1]) or 0.0) - (point_value(pair[0]) or 0.0)
        if not math.isfinite(value):
            return Difference(None, None, None, None, (*notes, "undefined: the values are too large"))
        paired = Paired.of(*pair)
        limits = paired.limits(method, resamples, seed)
        span, notes = limits(confidence), (*notes, *paired.notes)
        if span is None:
            return Difference(value, None, None, None, notes if paired.notes else (*notes, TOO_LARGE))
        p = paired.sign_test if paired.still else p_value(limits, smallest_p(method, resamples))
        return Difference(value, *span, p, notes)


@dataclass(frozen=True, eq=False)
class Paired:
    """Two cells that have values, over the same images: the finite rows of the reference and of the other.

    The estimate is None where no interval can be made; notes say why there is none, or none of the ordinary kind.
    """

    pair: tuple[Rows, Rows]
    estimate: Estimate | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, reference: Rows, other: Rows) -> "Paired":
        """Whether there can be an interval, and what it is made of."""
        pair = (reference, other)
        if reason := withheld_reason(reference) or withheld_reason(other):
            return cls(pair, None, (reason,))
        estimated = paired_estimate(reference, other)
        if not math.isfinite(estimated.variance):
            return cls(pair, None, (TOO_LARGE,))
        still = SAME_RATE if _are_rates(pair) else SAME_DIFFERENCE
        return cls(pair, estimated, (still,) if estimated.variance == 0.0 else ())

    @property
    def still(self) -> bool:
        """Whether every image has the same difference."""
        return self.estimate is not None and self.estimate.variance == 0.0

    @property
    def images(self) -> int:
        """Images behind Δ, or their units: those with a value in both cells, or of a smaller separate normaliser."""
        shared, places = np.intersect1d(self.pair[0].kept, self.pair[1].kept), self.pair[0].places
        both = len(shared if places is None else np.unique(places[shared]))
        return both if self.estimate is None else min(both, *self.estimate.counts)

    @property
    def sign_test(self) -> float:
        """The p-value where every image has the same difference: 2^{1−n} unless that is 0."""
        return 1.0 if self.estimate is None or self.estimate.value == 0.0 else 2.0 ** (1 - self.images)

    def limits(self, method: IntervalMethod, resamples: int = 2000, seed: int = 0) -> PairedLimits:
        """The interval as a function of the confidence; None where it is withheld."""
        estimated = self.estimate
        if estimated is None:
            return lambda _: None
        value = estimated.value
        if self.still:
            rates = _are_rates(self.pair)
            return lambda confidence: (
                _unseen_limits(value, self.images, confidence) if rates else (value, value)
            )
        statistic = Statistic(
            estimated, UNBOUNDED, partial(_replicates, self.pair), partial(linear_pivots, estimated)
        )
        made = limits_of(statistic, method, resamples, seed)

        def at(confidence: float) -> Limits | None:
            low, high = made(confidence)
            return (min(low, value), max(high, value)) if math.isfinite(high - low) else None

        return at


def paired_estimate(reference: Rows, other: Rows) -> Estimate:
    """Δ and its deviations, set by set: the audited images, then the images of a separate normaliser sample.

    An image that one cell lost still moves the other; deviations are rescaled from that cell's images to all.
    """
    cells = [(estimate(reference), reference), (estimate(other), other)]
    sizes = [reference.draws, max(reference.norm_count, other.norm_count)]
    deviations, counts = [], []
    for k in range(max(len(e.deviations) for e, _ in cells)):
        count = max(e.counts[k] for e, _ in cells if k < len(e.counts))
        u = np.zeros(sizes[k])
        for sign, (e, _) in zip((-1.0, 1.0), cells, strict=True):
            if k < len(e.deviations):
                u += sign * e.deviations[k] * (count / e.counts[k])
        deviations.append(u)
        counts.append(count)
    return Estimate(cells[1][0].value - cells[0][0].value, tuple(deviations), tuple(counts))


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


def _are_rates(pair: tuple[Rows, Rows]) -> bool:
    """Whether both cells are rates of events."""
    return all(rows.sample.scale.kind == "rate" for rows in pair)


def _unseen_limits(value: float, n: int, confidence: float) -> Limits:
    """The limits of a difference of rates that is the same in n images.

    Images in which it is another were missed, at most so many of them, and each moves the difference by at most 1.
    """
    missed = most_missed(n, confidence)
    return max(value - missed, min(value, -1.0)), min(value + missed, max(value, 1.0))


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
            remedy="audit both models with the same --data, --samples and --seed",
        )


def _same_units(reference: Sample, other: Sample) -> bool:
    if reference.units is None or other.units is None:
        return reference.units is other.units
    return np.array_equal(reference.units, other.units)


def _separate_images(sample: Sample) -> int:
    return len(sample.row_means) if isinstance(sample, RatioSample) and not sample.shared else 0
