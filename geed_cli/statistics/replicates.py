"""Bootstrap replicates of a cell: its value under each resample of the images.

With weights w (how often each image was drawn) and N = Σw: v̄* = Σw_i v_i / N, and over distinct pairs
M* = Σ_{i≠j} w_i w_j d_ij / (N² − Σw_i²), so that a duplicate of an image is not a pair at distance 0.
Numerator and M share w where they share images. Without d the additive matrix of the row means stands in
for it.
"""

import numpy as np

from geed_cli.statistics.estimate import additive_parts
from geed_cli.statistics.sample import MeanSample, RatioSample, Rows
from geed_cli.statistics.scale import Array
from geed_cli.statistics.weights import weight_blocks


def replicates(rows: Rows, resamples: int, seed: int) -> Array:
    """θ* for each resample, shape (resamples,).

    Cells of one run with the same n, resamples and seed see the same resamples, so ``replicates(a) -
    replicates(b)`` are replicates of the paired difference. NaN where a resample has no pair of distinct
    images.
    """
    sample = rows.sample
    blocks = weight_blocks(rows.count, resamples, seed)
    if isinstance(sample, MeanSample):
        return np.concatenate([weighted_mean(w[:, rows.kept], sample.values) for w in blocks])
    if sample.shared:
        kept = (w[:, rows.kept] for w in blocks)
        return np.concatenate(
            [_divide(weighted_mean(w, sample.values), weighted_normaliser(w, sample)) for w in kept]
        )
    numerator = np.concatenate([weighted_mean(w[:, rows.kept], sample.values) for w in blocks])
    others = weight_blocks(rows.norm_count, resamples, seed, stream=1)
    denominator = np.concatenate([weighted_normaliser(w[:, rows.norm_kept], sample) for w in others])
    return _divide(numerator, denominator)


def weighted_mean(weights: Array, values: Array) -> Array:
    """Σw_i v_i / Σw_i for each row of weights, shape (rows,)."""
    return _divide(weights @ values, weights.sum(axis=1))


def weighted_normaliser(weights: Array, sample: RatioSample) -> Array:
    """M* for each row of weights: exact with distances, else 2 Σw_i(N − w_i)a_i / (N² − Σw_i²)."""
    squares = np.einsum("bi,bi->b", weights, weights)
    total = weights.sum(axis=1)
    if sample.distances is not None:
        pairs = np.einsum("bi,bi->b", weights @ sample.distances, weights)
    else:
        a = additive_parts(sample.row_means)
        pairs = 2.0 * (total * (weights @ a) - (weights * weights) @ a)
    return _divide(pairs, total**2 - squares)


def _divide(numerator: Array, denominator: Array) -> Array:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)
