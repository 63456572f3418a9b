"""Paired difference of two cells over the same images: is B further from invariance than A, and by how much?

Δ = θ_B − θ_A. The jackknife deviations of Δ are u_B − u_A image by image, and both cells see the same
resamples, so what the images have in common cancels. Limits are on the plain scale, where a difference has
no bounds to respect; the p-value is the smallest 1 − confidence at which the interval excludes 0, so the
two never disagree.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import bca_limits, percentile_limits, replicates
from geed_cli.statistics.corrected_t import corrected_t_limits
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import DEFAULT_METHOD, Limits, Method, check_options, most_missed
from geed_cli.statistics.jackknife_t import jackknife_t_limits
from geed_cli.statistics.sample import RatioSample, Rows, Sample, finite_rows
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.studentized import linear_pivots
from geed_cli.statistics.validity import point_value, undefined_reason, withheld_reason

PLAIN = Scale.identity()
TOO_LARGE = "interval withheld: the rows are too large for floating point"
SMALLEST_P = 1e-12  # 1 − p keeps four digits in float64
SAME = "every image has the same difference: no width"
SAME_RATE = "every image has the same difference: exact limits on what was missed"


@dataclass(frozen=True)
class Difference:
    """Δ = other − reference with its confidence limits; never NaN.

    Attributes:
        value: Δ; None where either value is undefined.
        low: lower limit; None where withheld.
        high: upper limit; None where withheld.
        p_value: two-sided, of Δ = 0; None where the interval is withheld.
        notes: why something is missing, one sentence each.
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
    method: Method = DEFAULT_METHOD,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """The paired difference other − reference; positive where ``other`` is further from invariance.

    Args:
        reference: rows of the first model.
        other: rows of the second model, over the same images in the same order.
        method: as for ``interval``.
        confidence: nominal coverage, between 0 and 1.
        resamples: bootstrap resamples; unused by the jackknife methods.
        seed: of the resamples.

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
        return _of_defined(pair, notes, method, confidence, resamples, seed)


def paired_estimate(reference: Rows, other: Rows) -> Estimate:
    """Δ and its deviations, set by set: the audited images, then the images of a separate normaliser sample.

    An image that one cell lost still moves the other; deviations are rescaled from that cell's images to all.
    """
    cells = [(estimate(reference), reference), (estimate(other), other)]
    sizes = [reference.count, max(reference.norm_count, other.norm_count)]
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


def p_value(limits: Callable[[float], Limits], smallest: float) -> float:
    """The smallest α whose 1 − α interval excludes 0, by bisection; at least ``smallest``, at most 1."""

    def excludes_zero(alpha: float) -> bool:
        low, high = limits(1.0 - alpha)
        return low > 0.0 or high < 0.0

    if excludes_zero(smallest):
        return smallest
    inside, outside = math.log(smallest), 0.0
    for _ in range(40):  # 12 digits of log α
        middle = (inside + outside) / 2.0
        inside, outside = (inside, middle) if excludes_zero(math.exp(middle)) else (middle, outside)
    return math.exp(outside)


def _of_defined(
    pair: tuple[Rows, Rows],
    notes: tuple[str, ...],
    method: Method,
    confidence: float,
    resamples: int,
    seed: int,
) -> Difference:
    value = (point_value(pair[1]) or 0.0) - (point_value(pair[0]) or 0.0)
    if not math.isfinite(value):
        return Difference(None, None, None, None, (*notes, "undefined: the values are too large"))
    reason = withheld_reason(pair[0]) or withheld_reason(pair[1])
    if reason:
        return Difference(value, None, None, None, (*notes, reason))
    estimated = paired_estimate(*pair)
    if not math.isfinite(estimated.variance):
        return Difference(value, None, None, None, (*notes, TOO_LARGE))
    if estimated.variance == 0.0:
        return _without_spread(pair, value, min(estimated.counts), confidence, notes)
    limits = _limits(pair, estimated, method, resamples, seed)
    smallest = (
        SMALLEST_P if method.endswith("-t") else 2.0 / (resamples + 1)
    )  # a bootstrap cannot resolve less
    low, high = limits(confidence)
    if not (math.isfinite(low) and math.isfinite(high)):
        return Difference(value, None, None, None, (*notes, TOO_LARGE))
    return Difference(value, min(low, value), max(high, value), p_value(limits, smallest), notes)


def _without_spread(
    pair: tuple[Rows, Rows], value: float, n: int, confidence: float, notes: tuple[str, ...]
) -> Difference:
    """Every image has the same difference: no width, but for rates; by the sign test p = 2^{1−n} unless it is 0."""
    p = 1.0 if value == 0.0 else 2.0 ** (1 - n)
    if are_rates(pair):
        return Difference(value, *unseen_limits(value, n, confidence), p, (*notes, SAME_RATE))
    return Difference(value, value, value, p, (*notes, SAME))


def are_rates(pair: tuple[Rows, Rows]) -> bool:
    """Whether both cells are rates of events."""
    return all(rows.sample.scale.kind == "rate" for rows in pair)


def unseen_limits(value: float, n: int, confidence: float) -> Limits:
    """The limits of a difference of rates that is the same in n images.

    Images in which it is another were missed, at most so many of them, and each moves the difference by at most 1.
    """
    missed = most_missed(n, confidence)
    return max(value - missed, min(value, -1.0)), min(value + missed, max(value, 1.0))


def _limits(
    pair: tuple[Rows, Rows], estimated: Estimate, method: Method, resamples: int, seed: int
) -> Callable[[float], Limits]:
    """The interval as a function of the confidence; what does not depend on it is computed once."""
    if method == "jackknife-t":
        return lambda confidence: jackknife_t_limits(estimated, PLAIN, confidence)
    if method == "corrected-t":
        return lambda confidence: corrected_t_limits(estimated, PLAIN, confidence)
    if method == "studentized":
        pivots, se = linear_pivots(estimated, resamples, seed), estimated.standard_error

        def studentized(confidence: float) -> Limits:
            low, high = percentile_limits(pivots, confidence)
            return estimated.value - high * se, estimated.value - low * se

        return studentized
    drawn = replicates(pair[1], resamples, seed) - replicates(pair[0], resamples, seed)
    drawn = drawn[np.isfinite(drawn)]
    if method == "percentile":
        return lambda confidence: percentile_limits(drawn, confidence)
    return lambda confidence: bca_limits(drawn, estimated.value, estimated.acceleration, confidence)


def _check_paired(reference: Sample, other: Sample) -> None:
    sizes = [(len(s.values), _separate_images(s)) for s in (reference, other)]
    same_normaliser = sizes[0][1] == sizes[1][1] or 0 in (sizes[0][1], sizes[1][1])
    if sizes[0][0] != sizes[1][0] or not same_normaliser:
        raise InputError(
            f"cells over {sizes[0][0]} and {sizes[1][0]} images",
            expected="the same images, in the same order, for both models",
            remedy="audit both models with the same --data, --samples and --seed",
        )


def _separate_images(sample: Sample) -> int:
    return len(sample.row_means) if isinstance(sample, RatioSample) and not sample.shared else 0
