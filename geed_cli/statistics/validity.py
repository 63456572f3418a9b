"""When a cell has a value, and when that value may carry an interval.

A ratio needs a normaliser above 0: a constant model has M = 0. A cosine M can have either sign, so it must be clearly
above 0: one whose own 95% interval reaches 0 makes the ratio meaningless, and more images may tell. Whether there is a
value does not depend on the confidence of an interval. An interval needs enough images; below 20 no method keeps its
level.

Where few images carry a mean, the interval is wide on one side and the mean says little of most: a note says so.
"""

import math

import numpy as np
from scipy.special import stdtrit

from geed_cli.statistics.estimate import Estimate, normaliser_estimate
from geed_cli.statistics.sample import (
    Interval,
    MeanSample,
    NullRatioSample,
    RatioSample,
    Rows,
    Sample,
    mean_of,
    normaliser_of,
)
from geed_cli.statistics.scale import Array

MIN_IMAGES = 20
FEWEST = 3
"""Images in each set of which a jackknife can be made."""
MIN_COMPARISONS = 12
"""With another image, of a null; below, its own uncertainty is not known well enough."""
NO_DISTANCE = 1e-12
"""A null below this is what rounding leaves of one map for every image."""
FEW_CARRIERS = 0.05
"""A twentieth of the images: with light-tailed values about a third of them carry half of the mean."""
CARRY_HALF = "carry half of the mean"
WITHHELD = "interval withheld:"
TOO_LARGE = f"{WITHHELD} the rows are too large for floating point"
NEAR_ZERO = f"{WITHHELD} M is too near 0 for one at this confidence"
CLEAR = 0.95
"""The confidence at which M has to be above 0."""
NO_BOUND = f"{WITHHELD} --ci bounded is for measures whose values lie between two known numbers"
SAME = 1e-12
"""Of the size of a value, or of M: images that move it by less differ by rounding."""
ALL_THE_SAME = "have the same"
"""In the note on units whose values do not vary, withheld or not."""


def point_value(rows: Rows) -> float | None:
    """The mean, or mean / M; None where there is no finite row, M is 0, or the quotient overflows."""
    sample = rows.sample
    if len(sample.values) == 0:
        return None
    value = mean_of(sample)
    if isinstance(sample, RatioSample):
        normaliser = normaliser_of(sample) if len(sample.row_means) > 1 else 0.0
        if normaliser <= 0.0:
            return None
        value /= normaliser
    if isinstance(sample, NullRatioSample):
        if not len(sample.distances) or not float(sample.distances.mean()) > NO_DISTANCE:
            return None
        value /= float(sample.distances.mean())
    return value if math.isfinite(value) else None


def has_estimate(rows: Rows) -> bool:
    """Whether it can be told how each image moves the value: of at least three images in each set."""
    sample = rows.sample
    norms = len(sample.row_means) if isinstance(sample, RatioSample) else FEWEST
    return min(len(sample.values), norms) >= FEWEST and point_value(rows) is not None


def undefined_reason(rows: Rows) -> str | None:
    """Why the cell has no value, or None where it has one."""
    sample = rows.sample
    if len(sample.values) == 0:
        return "undefined: no image has a finite value"
    if isinstance(sample, RatioSample):
        reason = _normaliser_reason(sample)
        if reason:
            return reason
    if isinstance(sample, NullRatioSample):
        if not len(sample.distances):
            return "undefined: no image was compared with another"
        if not float(sample.distances.mean()) > NO_DISTANCE:
            return "undefined: another image's maps are no further away"
    return None if point_value(rows) is not None else "undefined: the value is too large for floating point"


def withheld_reason(rows: Rows) -> str | None:
    """Why a defined value has no interval, or None where it may have one."""
    sample = rows.sample
    if rows.unit_count < MIN_IMAGES:
        count, noun = rows.unit_count, rows.unit_name[:-1]
        return f"{WITHHELD} {count} {noun}{'s' * (count != 1)}, at least {MIN_IMAGES} needed"
    if (worth := rows.effective_count) < MIN_IMAGES:
        return (
            f"{WITHHELD} with their weights the {rows.unit_name} tell no more than {worth:.3g} that count "
            f"alike, at least {MIN_IMAGES} needed"
        )
    if isinstance(sample, RatioSample) and len(sample.row_means) < MIN_IMAGES:
        return f"{WITHHELD} {len(sample.row_means)} normaliser images, at least {MIN_IMAGES} needed"
    if isinstance(sample, NullRatioSample) and (count := len(sample.distances)) < MIN_COMPARISONS:
        few = f"{count} comparison{'s' * (count != 1)} with another image"
        return f"{WITHHELD} {few}, at least {MIN_COMPARISONS} needed"
    if isinstance(sample, NullRatioSample) and rows.places is not None:
        compared = len(np.unique(rows.places[rows.norm_kept]))
        if compared <= MIN_COMPARISONS:  # as many as that many comparisons are of
            few = f"control images of {compared} cluster{'s' * (compared != 1)}"
            return f"{WITHHELD} {few}, at least {MIN_COMPARISONS + 1} needed"
    return None


def is_still(estimate: Estimate, *samples: Sample) -> bool:
    """Whether no image moves a value, or the difference of two, by more than rounding."""
    sizes = [float(np.abs(s.values).max(initial=0.0)) if isinstance(s, MeanSample) else 1.0 for s in samples]
    return all(float(np.abs(u).max(initial=0.0)) <= SAME * max(sizes) for u in estimate.deviations)


def unclear_normaliser(sample: Sample) -> Interval | None:
    """M with its 95% interval where that holds 0 and M can have either sign: more images may give such a ratio a value.

    None of any other sample, and where M is 0 itself.
    """
    if (
        not isinstance(sample, RatioSample)
        or sample.scale.kind != "identity"
        or len(sample.row_means) < FEWEST
    ):
        return None
    m = normaliser_estimate(sample)
    half = float(stdtrit(m.counts[0] - 1, (1.0 + CLEAR) / 2.0)) * m.standard_error
    holds = m.value != 0.0 and m.value - half <= 0.0 <= m.value + half
    return Interval(m.value, m.value - half, m.value + half) if holds else None


def _normaliser_reason(sample: RatioSample) -> str | None:
    """Why M is no normaliser, or None where it is one."""
    if len(sample.row_means) < 2:
        return "undefined: the normaliser M needs two images"
    normaliser = normaliser_of(sample)
    if normaliser == 0.0:
        return "undefined: M = 0, the model gives every image the same embedding"
    unclear = unclear_normaliser(sample)
    if unclear is not None:
        begins = f"its 95% interval begins at {unclear.low:.3g}"
        return f"undefined: M = {normaliser:.3g} is not clearly above 0 ({begins})"
    if not normaliser > 0.0 or not math.isfinite(normaliser):
        return f"undefined: M = {normaliser:.3g} is not above 0"
    return None


def carriers(values: Array) -> int:
    """The fewest images whose values v_i ≥ 0 add up to half of the sum; values that are not finite do not count."""
    finite = np.sort(values[np.isfinite(values)])[::-1]
    total = float(finite.sum())
    if total <= 0:
        return 0
    return int(np.searchsorted(np.cumsum(finite), total / 2)) + 1


def concentration_note(values: Array) -> tuple[str, ...]:
    """A note where at most a twentieth of the images carry half of the mean; nothing otherwise."""
    count, few = len(values), carriers(values)
    if 0 < few <= math.floor(FEW_CARRIERS * count):
        return (f"{few} of {count} images {CARRY_HALF}",)
    return ()
