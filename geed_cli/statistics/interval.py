"""The confidence interval of one cell: checks, then one of the methods, then the value's own limits.

Whatever the rows are, the answer is a value or None with a note, never NaN; low ≤ value ≤ high, inside the
measure's range. The same rows, in the same order, with the same seed give the same interval.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.statistics.bootstrap import draws_are_kept, replicates
from geed_cli.statistics.bootstrap_t import SharedDraws
from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.methods import LimitsAt, Statistic, check_options, limits_of
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
    draws = SharedDraws(resamples, seed)
    made = intervals_at(samples, method=method, resamples=resamples, seed=seed, draws=draws)
    return [at(confidence) for at in made]


def intervals_at(
    samples: Sequence[Sample],
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    resamples: int = 2000,
    seed: int = 0,
    draws: SharedDraws | None = None,
) -> list[IntervalAt]:
    """The interval of each cell by itself, as ``interval`` makes it, at any confidence.

    Of few images each is made alone, so that its digits do not depend on the others to the last; of many, whose
    resamples are not kept from one cell to the next, all are made of one set of draws.

    Args:
        samples: the cells.
        method: of all.
        resamples: where the method draws any.
        seed: of these.
        draws: that the cells share with others, of few images as well; None are draws of their own.

    Raises:
        InputError: an unknown method, or a number of resamples out of range.
    """
    check_options(method, 0.5, resamples)
    if draws is None and not all(draws_are_kept(len(each.values), resamples) for each in samples):
        draws = SharedDraws(resamples, seed)
    return [_limited(each, method, resamples, seed, draws) for each in samples]


def _limited(
    sample: Sample, method: IntervalMethod, resamples: int, seed: int, draws: SharedDraws | None
) -> IntervalAt:
    """The interval of a cell at any confidence, of draws that it shares with others where there are some."""
    with np.errstate(all="ignore"):  # overflow on absurd input ends in a note, not in a warning
        ready = _prepared(sample, method)
        if isinstance(ready, Interval):
            return partial(_whatever, ready)
        limits = limits_of(ready.statistic, method, resamples, seed, draws)
        return partial(_at, ready.described, limits)


def _at(ready: "_Described", limits: LimitsAt, confidence: float) -> Interval:
    with np.errstate(all="ignore"):  # as above
        return ready.limited(*limits(confidence))


def _whatever(found: Interval, _: float) -> Interval:
    """An interval without limits is the same at every confidence."""
    return found


@dataclass(frozen=True, eq=False)
class _Ready:
    """A cell that may have limits: its statistic, and what else its interval says."""

    statistic: Statistic
    described: "_Described"


@dataclass(frozen=True)
class _Described:
    """What an interval says beside its limits, without rows.

    Attributes:
        value: θ.
        divided: whether θ is divided by what can be near 0.
        scale: of the cell's measure.
        notes: of the cell.
    """

    value: float
    divided: bool
    scale: Scale
    notes: tuple[str, ...]

    def limited(self, low: float, high: float) -> Interval:
        """The interval, unless there is no finite one."""
        value = self.value
        if not (math.isfinite(low) and math.isfinite(high)):
            far = f"{WITHHELD} the resamples are too far apart for floating point"
            note = NEAR_ZERO if self.divided else far
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
    statistic = Statistic(estimated, rows.sample.scale, *drawn, mean)
    return _Ready(statistic, _Described(value, bool(estimated.denominators), scale, notes))
