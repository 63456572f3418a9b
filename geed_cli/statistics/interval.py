"""The confidence interval of one cell: checks, then one of the methods, then the value's own limits.

Whatever the rows are, the answer is a value or None with a note, never NaN; low ≤ value ≤ high, inside the
measure's range. The same rows, in the same order, with the same seed give the same interval.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.statistics.bootstrap import draws_are_kept, replicates
from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.methods import LimitsAt, Statistic, check_options, limits_of_each
from geed_cli.statistics.sample import Interval, Rows, Sample, finite_rows
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.studentized import cell_pivots
from geed_cli.statistics.validity import (
    ALL_THE_SAME,
    NEAR_ZERO,
    NO_BOUND,
    TOO_LARGE,
    WITHHELD,
    is_still,
    point_value,
    undefined_reason,
    withheld_reason,
)

IntervalAt = Callable[[float], Interval]
"""From the confidence to the interval."""
PART = 1 << 22
"""Rows of the cells that are made together: some 60 bytes are held of each. Thousands of cells of a few hundred images
are one part."""


def interval(
    sample: Sample,
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Value and confidence limits of a cell; docs/statistics.md has the coverage of the methods.

    Cells with the same number of images and the same seed share their resamples; the jackknife methods use none.

    Raises:
        InputError: an unknown method, or a confidence or number of resamples out of range.
    """
    return intervals([sample], method=method, confidence=confidence, resamples=resamples, seed=seed)[0]


def intervals(
    samples: Sequence[Sample],
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> list[Interval]:
    """The interval of each cell by itself, as ``interval`` makes it; the default method draws once for all of them.

    Raises:
        InputError: as ``interval``.
    """
    check_options(method, confidence, resamples)
    return [
        at(confidence)
        for some in _in_parts(samples)
        for at in _limited(some, method=method, resamples=resamples, seed=seed)
    ]


def intervals_at(
    samples: Sequence[Sample],
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    resamples: int = 2000,
    seed: int = 0,
) -> list[IntervalAt]:
    """The interval of each cell by itself, as ``interval`` makes it, at any confidence.

    Of few images each is made alone, so that its digits do not depend on the others to the last; of many, whose
    resamples are not kept from one cell to the next, all are made of one set of draws.

    Raises:
        InputError: an unknown method, or a number of resamples out of range.
    """
    check_options(method, 0.5, resamples)
    made = partial(_limited, method=method, resamples=resamples, seed=seed)
    if all(draws_are_kept(len(each.values), resamples) for each in samples):
        return [at for each in samples for at in made([each])]
    return made(samples)


def _limited(
    samples: Sequence[Sample], *, method: IntervalMethod, resamples: int, seed: int
) -> list[IntervalAt]:
    """The interval of each cell at any confidence; the default method draws once for all of them."""
    with np.errstate(all="ignore"):  # overflow on absurd input ends in a note, not in a warning
        ready = [_prepared(sample, method) for sample in samples]
        statistics = [each.statistic for each in ready if isinstance(each, _Ready)]
        limits = iter(limits_of_each(statistics, method, resamples, seed))
        return [
            partial(_at, each, next(limits)) if isinstance(each, _Ready) else partial(_whatever, each)
            for each in ready
        ]


def _in_parts(samples: Sequence[Sample]) -> Iterator[Sequence[Sample]]:
    """Cells that are made together: all of them, or of many images no more than have PART rows."""
    start = held = 0
    for place, sample in enumerate(samples):
        held += len(sample.values)
        if held > PART and place > start:
            yield samples[start:place]
            start, held = place, len(sample.values)
    yield samples[start:]


def _at(ready: "_Ready", limits: LimitsAt, confidence: float) -> Interval:
    with np.errstate(all="ignore"):  # as above
        return ready.limited(*limits(confidence))


def _whatever(found: Interval, _: float) -> Interval:
    """An interval without limits is the same at every confidence."""
    return found


@dataclass(frozen=True, eq=False)
class _Ready:
    """A cell that may have limits: its statistic, the scale of its measure, and notes."""

    statistic: Statistic
    scale: Scale
    notes: tuple[str, ...]

    def limited(self, low: float, high: float) -> Interval:
        """Its interval, unless there is no finite one."""
        estimated = self.statistic.estimate
        value = estimated.value
        if not (math.isfinite(low) and math.isfinite(high)):
            far = f"{WITHHELD} the resamples are too far apart for floating point"
            note = NEAR_ZERO if estimated.denominators else far
            return Interval(value, None, None, (*self.notes, note))
        return Interval(
            value, min(self.scale.clip(low), value), max(self.scale.clip(high), value), self.notes
        )


def _prepared(sample: Sample, method: IntervalMethod) -> _Ready | Interval:
    """The cell with what limits are made of, or its interval where it has no limits."""
    rows = finite_rows(sample)
    reason = undefined_reason(rows)
    if reason:
        return Interval(None, None, None, (*rows.notes, reason))
    value = point_value(rows)
    reason = withheld_reason(rows)
    if reason:
        return Interval(value, None, None, (*rows.notes, reason))
    return _with_statistic(rows, method)


def _with_statistic(rows: Rows, method: IntervalMethod) -> _Ready | Interval:
    """A cell whose rows allow an interval, unless they are too large for floating point."""
    estimated = estimate(rows)
    value, scale = estimated.value, rows.sample.scale
    if not math.isfinite(estimated.variance):
        return Interval(value, None, None, (*rows.notes, TOO_LARGE))
    mean, notes = BoundedMean.of(rows), rows.notes
    what = "value" if rows.places is None else "mean"
    same = f"all {rows.unit_count} {rows.unit_name} {ALL_THE_SAME} {what}"
    if mean is None and method == "bounded":
        return Interval(value, None, None, (*notes, NO_BOUND))
    if mean is None and is_still(estimated, rows.sample):
        return Interval(value, None, None, (*notes, f"{WITHHELD} {same}"))
    if mean is not None and mean.still:
        notes = (*notes, f"{same}: exact limits on what was missed")
    elif not scale.interior(value):  # a cosine of −1 − 10⁻¹⁶: rounding
        rows = replace(rows, sample=replace(rows.sample, scale=Scale.identity()))
        notes = (*notes, "the value is not inside its measure's range: limits on the plain scale")
    drawn = partial(replicates, rows), partial(cell_pivots, rows, estimated)
    return _Ready(Statistic(estimated, rows.sample.scale, *drawn, mean), scale, notes)
