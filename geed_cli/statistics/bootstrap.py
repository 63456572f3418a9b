"""The bootstrap: how often each image is drawn, a cell's value under each draw, and limits read off those values.

A block of weights depends on (n, seed, stream, its number) alone, so every cell of a run sees the same resamples and
differences between cells are paired. Blocks bound the memory; small runs are one block, kept for the next cell.
``bootstrap_t`` draws many images piece by piece instead (``weight_pieces``).
Stream 0 is the audited images, stream 1 a normaliser sample of its own.

Where the independent draws are units of several images, units are drawn, and w_i is how often image i's unit is.

With weights w and N = Σw: v̄* = Σw_i v_i / N, and over distinct pairs M* = Σ_{i≠j} w_i w_j d_ij / (N² − Σw_i²), so that
a duplicate of an image is not a pair at distance 0. Nor are the pairs between two draws of one unit pairs of images of
two units: of pairs within a unit each draw has its own, w_i of them instead of w_i². Numerator and M share w where they
share images. Without d the additive matrix of the row means stands in for it.

Images that do not count alike have ω_i w_i in place of w_i. In strata w is drawn within each, n_s − 1 of its n_s
images, and counts n_s/(n_s − 1) times, so that strata of two keep their variance (McCarthy and Snowden 1985).
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from geed_cli.statistics.estimate import additive_parts, null_shares
from geed_cli.statistics.sample import (
    MeanSample,
    NullRatioSample,
    RatioSample,
    Rows,
    Sample,
    Units,
    places_of,
)
from geed_cli.statistics.scale import Array
from geed_cli.statistics.weighting import Weighting

BLOCK_NUMBERS = 1 << 20
"""8 MiB of float64 a block: stays in cache, and 2000 resamples of 200 images are one block."""
MANY = 1 << 16
"""Images above which ``weight_pieces`` draws: no resample of all of them would stay in cache."""
PIECE = 1 << 12
"""Images of a piece: a row of their weights is 32 KiB, and their deviations in 80 cells 2.6 MiB."""
WORD = 2**64 - 1
"""The largest word of 64 bits."""
NO_LIMITS = (math.nan, math.nan)
"""Where no replicate is finite; the caller withholds the interval."""


def weight_blocks(n: int, resamples: int, seed: int, stream: int = 0) -> Iterator[Array]:
    """Multinomial weights w of ``resamples`` draws, shape (rows, n) a block; every row sums to n."""
    for number, rows in _block_sizes(n, resamples):
        yield _block(n, rows, seed, stream, number)


def draws_are_kept(n: int, resamples: int) -> bool:
    """Whether the weights of n images are one block, which is kept for the next cell, and need not be drawn again."""
    return n * resamples <= BLOCK_NUMBERS


def image_weights(rows: Rows, resamples: int, seed: int) -> Iterator[Array]:
    """How often each of the n audited images is drawn, (rows, n) a block: as often as its unit is."""
    weighting = rows.sample.weighting
    if weighting is not None and weighting.strata is not None and rows.places is None:
        return _within_strata(rows, weighting, resamples, seed)
    blocks = weight_blocks(rows.draws, resamples, seed)
    return blocks if rows.places is None else (w[:, rows.places] for w in blocks)


def _within_strata(rows: Rows, weighting: Weighting, resamples: int, seed: int) -> Iterator[Array]:
    for number, size in _block_sizes(rows.count, resamples):
        generator = np.random.default_rng([seed, 0, rows.count, number, 2])
        weights = np.zeros((size, rows.count))
        for of in weighting.members:
            drawn = max(len(of) - 1, 1)
            counts = generator.multinomial(drawn, np.full(len(of), 1.0 / len(of)), size=size)
            weights[:, rows.kept[of]] = counts * (len(of) / drawn)
        yield weights


def multiplier_blocks(n: int, resamples: int, seed: int, stream: int = 0) -> Iterator[Array]:
    """Standard normal multipliers of n images, (rows, n) a block: the smooth counterpart of the weights."""
    for number, rows in _block_sizes(n, resamples):
        # the last word of the seed sets the multipliers off from the weights
        yield np.random.default_rng([seed, stream, n, number, 1]).normal(size=(rows, n))


def _block_sizes(n: int, resamples: int) -> Iterator[tuple[int, int]]:
    """The number of each block for n images, and how many resamples it has."""
    rows = max(1, BLOCK_NUMBERS // max(n, 1))
    for number, start in enumerate(range(0, resamples, rows)):
        yield number, min(rows, resamples - start)


@lru_cache(maxsize=4)
def _block(n: int, rows: int, seed: int, stream: int, number: int) -> Array:
    """Multinomial weights, shape (rows, n): how often each resample draws each image."""
    generator = np.random.default_rng([seed, stream, n, number])
    drawn = generator.integers(0, n, size=(rows, n))
    drawn += np.arange(rows)[:, None] * n
    weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)
    weights.flags.writeable = False
    return weights


def weight_pieces(n: int, resamples: int, seed: int, stream: int = 0) -> Iterator[tuple[slice, slice, Array]]:
    """Multinomial weights of ``resamples`` draws of many images: which resamples, which images, and their weights.

    How many draws fall on each run of ``PIECE`` images is multinomial, and given that so are the weights within it; so
    what is counted stays in cache, which takes half of the time.
    """
    starts = range(0, n, PIECE)
    sizes = [min(PIECE, n - start) for start in starts]
    # the last word of the seed sets these draws off from the blocks'
    totals = np.random.default_rng([seed, stream, n, 0, 3]).multinomial(
        n, np.array(sizes) / n, size=resamples
    )
    height = max(1, BLOCK_NUMBERS // PIECE)
    for number, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        generator = np.random.default_rng([seed, stream, n, number, 4])
        for first in range(0, resamples, height):
            counts = totals[first : first + height, number]
            weights = _weights_within(generator, counts, size)
            yield slice(first, first + len(counts)), slice(start, start + size), weights


def _weights_within(generator: np.random.Generator, counts: NDArray[np.int64], size: int) -> Array:
    """How often each image of a piece is drawn, where each resample draws so many of it; shape (resamples, size)."""
    drawn = _places(generator, int(counts.sum()), size)
    weights = np.empty((len(counts), size))
    ends = np.cumsum(counts).tolist()
    for row, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        weights[row] = np.bincount(drawn[start:end], minlength=size)
    return weights


def _places(generator: np.random.Generator, count: int, size: int) -> NDArray[np.uint16]:
    """So many of ``size`` places, all equally likely; of a power of two four from a word, in a quarter of the time."""
    if size & (size - 1):
        return generator.integers(0, size, size=count, dtype=np.uint16)
    words = generator.integers(0, WORD, size=-(-count // 4), dtype=np.uint64, endpoint=True)
    return words.astype("<u8", copy=False).view("<u2")[:count] & np.uint16(size - 1)


def replicates(rows: Rows, resamples: int, seed: int) -> Array:
    """θ* for each resample, shape (resamples,).

    Cells of one run with the same n, resamples and seed see the same resamples, so ``replicates(a) -
    replicates(b)`` are replicates of the paired difference. NaN where a resample has no pair of distinct
    images.
    """
    sample = rows.sample
    blocks = image_weights(rows, resamples, seed)
    if isinstance(sample, MeanSample):
        return np.concatenate(
            [weighted_mean(_counted(w[:, rows.kept], sample), sample.values) for w in blocks]
        )
    if isinstance(sample, NullRatioSample):
        null = compared_values(rows, sample)
        return np.concatenate(
            [
                _divide(
                    weighted_mean(_counted(w[:, rows.kept], sample), sample.values),
                    weighted_mean(w[:, rows.norm_kept], null),
                )
                for w in blocks
            ]
        )
    if sample.shared:
        kept = (w[:, rows.kept] for w in blocks)
        return np.concatenate(
            [
                _divide(weighted_mean(_counted(w, sample), sample.values), weighted_normaliser(w, sample))
                for w in kept
            ]
        )
    numerator = np.concatenate([weighted_mean(w[:, rows.kept], sample.values) for w in blocks])
    others = weight_blocks(rows.norm_count, resamples, seed, stream=1)
    denominator = np.concatenate([weighted_normaliser(w[:, rows.norm_kept], sample) for w in others])
    return _divide(numerator, denominator)


def compared_values(rows: Rows, sample: NullRatioSample) -> Array:
    """One number for each compared image, whose mean is the null and whose spread is what the null's mean has."""
    return np.asarray(
        sample.distances.mean() + null_shares(rows, sample, len(rows.norm_kept))[rows.norm_kept],
        dtype=np.float64,
    )


def weighted_mean(weights: Array, values: Array) -> Array:
    """Σw_i v_i / Σw_i for each row of weights, shape (rows,)."""
    return _divide(weights @ values, weights.sum(axis=1))


def weighted_normaliser(weights: Array, sample: RatioSample) -> Array:
    """M* for each row of weights: exact with distances, else 2 Σw_i(N − w_i)a_i / (N² − Σw_i²)."""
    counted = _counted(weights, sample)
    squares = counted * counted
    total = counted.sum(axis=1)
    a = additive_parts(sample) if sample.distances is None else np.zeros(0)
    if sample.distances is not None:
        pairs = np.einsum("bi,bi->b", counted @ sample.distances, counted)
    else:
        pairs = 2.0 * (total * (counted @ a) - squares @ a)
    among = total**2 - squares.sum(axis=1)
    if sample.units is not None:
        within, others = _within_units(sample, sample.units, a)
        again = _counted(weights * weights - weights, sample)
        pairs, among = pairs - again @ within, among - again @ others
    return _divide(pairs, among)


def _counted(weights: Array, sample: Sample) -> Array:
    """How much the images count in each draw: ω_i w_i."""
    return weights if sample.weighting is None else weights * sample.weighting.weights


def _within_units(sample: RatioSample, units: Units, a: Array) -> tuple[Array, Array]:
    """Of each image the sum of its distances to the others of its unit, and how many these are; both weighted."""
    places, counts = places_of(units), _counted(np.ones(len(units)), sample)
    others = np.asarray(np.bincount(places, counts)[places] - counts, dtype=np.float64)
    if sample.distances is None:
        sums = np.bincount(places, counts * a)[places] - counts * a
        return np.asarray(others * a + sums, dtype=np.float64), others
    same = places[:, None] == places
    return np.asarray((sample.distances * same) @ counts, dtype=np.float64), others


def _divide(numerator: Array, denominator: Array) -> Array:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)


def percentile_limits(ordered: Array, confidence: float) -> tuple[float, float]:
    """The α/2 and 1 − α/2 quantiles of replicates in ascending order, α = 1 − confidence; NaN where one of them is.

    Those of ``np.quantile`` digit for digit, which orders the replicates anew for every confidence that a search tries.
    """
    if len(ordered) == 0 or np.isnan(ordered[-1]):
        return NO_LIMITS
    tail = (1.0 - confidence) / 2.0
    return _quantile(ordered, tail), _quantile(ordered, 1.0 - tail)


def _quantile(ordered: Array, share: float) -> float:
    """Between the two nearest of n values in the ratio that (n − 1) share lies between their places."""
    place = (len(ordered) - 1) * share
    below = int(place)
    if below >= len(ordered) - 1:
        return float(ordered[-1])
    low, high, part = float(ordered[below]), float(ordered[below + 1]), place - below
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part)


def bca_limits(
    replicates: Array, value: float, acceleration: float, confidence: float
) -> tuple[float, float]:
    """Bias-corrected and accelerated limits (Efron 1987, DiCiccio and Efron 1996).

    The quantiles Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))) of the replicates, z the normal quantile of the tail and
    z₀ = Φ⁻¹(share of replicates below the value, ties counted half).
    """
    if len(replicates) == 0:
        return NO_LIMITS
    below = float(np.mean(replicates < value) + np.mean(replicates <= value)) / 2.0
    half_step = 0.5 / len(replicates)  # keeps z₀ finite where no replicate lies on one side
    z0 = ndtri(min(max(below, half_step), 1.0 - half_step))
    z = ndtri((1.0 - confidence) / 2.0)
    tails = [_corrected(z0, z, acceleration), _corrected(z0, -z, acceleration)]
    low, high = np.quantile(replicates, sorted(tails))
    return float(low), float(high)


def _corrected(z0: float, z: float, acceleration: float) -> float:
    """The corrected tail probability; beyond the pole of the formula it is the end that the pole lies at."""
    stretch = 1.0 - acceleration * (z0 + z)
    if stretch <= 0.0:
        return 1.0 if z0 + z > 0 else 0.0
    return float(ndtr(z0 + (z0 + z) / stretch))
