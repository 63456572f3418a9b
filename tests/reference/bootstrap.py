"""Percentile bootstrap of a mean and of a ratio mean / M, by brute force over given resamples.

A resample is a list of image indices drawn with replacement; the numerator and M of a replicate share it.
M runs over pairs of draws that are different images, with w the counts of the images among the draws:
M* = Σ_{i≠j} w_i w_j d_ij / (n² − Σ w_i²).
"""

import math
from collections.abc import Sequence

from .measures import Array


def resampled_mean(values: Array, indices: Sequence[int]) -> float:
    """Mean of values[i] over the draws i."""
    return sum(float(values[i]) for i in indices) / len(indices)


def resampled_normaliser(pairs: Array, indices: Sequence[int]) -> float:
    """Mean of pairs[i, j] over ordered pairs of draws that are different images; NaN if there are none."""
    total, count = 0.0, 0
    for i in indices:
        for j in indices:
            if i != j:
                total += float(pairs[i, j])
                count += 1
    return total / count if count else math.nan


def resampled_ratio(values: Array, pairs: Array, indices: Sequence[int]) -> float:
    """One replicate of raw / M; NaN where M is 0 or has no pairs."""
    m = resampled_normaliser(pairs, indices)
    return math.nan if m == 0 else resampled_mean(values, indices) / m


def percentile(replicates: Sequence[float], q: float) -> float:
    """The q-quantile, 0 ≤ q ≤ 1, linear between the order statistics at position q(R − 1)."""
    if any(math.isnan(r) for r in replicates):
        return math.nan
    ordered = sorted(replicates)
    position = q * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def percentile_interval(replicates: Sequence[float], confidence: float) -> tuple[float, float]:
    """Quantiles (1 ∓ confidence)/2; (NaN, NaN) if any replicate is undefined."""
    return percentile(replicates, (1 - confidence) / 2), percentile(replicates, (1 + confidence) / 2)


def mean_interval(
    values: Array, resamples: Sequence[Sequence[int]], confidence: float
) -> tuple[float, float]:
    """Interval of the mean of per-image values."""
    return percentile_interval([resampled_mean(values, r) for r in resamples], confidence)


def ratio_interval(
    values: Array, pairs: Array, resamples: Sequence[Sequence[int]], confidence: float
) -> tuple[float, float]:
    """Interval of mean / M; values[i] and pairs[i, j] speak of the same images."""
    return percentile_interval([resampled_ratio(values, pairs, r) for r in resamples], confidence)
