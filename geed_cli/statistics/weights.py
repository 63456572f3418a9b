"""Bootstrap weights: how often each image is drawn in a resample of n images with replacement.

A block of weights depends on (n, seed, stream, its number) alone, so every cell of a run sees the same
resamples and differences between cells are paired. Blocks bound the memory; small runs are one block, kept
for the next cell. Stream 0 is the audited images, stream 1 a normaliser sample of its own.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from geed_cli.statistics.scale import Array

BLOCK_NUMBERS = (
    1 << 20
)  # 8 MiB of float64 a block: stays in cache, and 2000 resamples of 200 images are one block


def weight_blocks(n: int, resamples: int, seed: int, stream: int = 0) -> Iterator[Array]:
    """Multinomial weights w of ``resamples`` draws, shape (rows, n) a block; every row sums to n.

    Args:
        n: images in the sample.
        resamples: rows in all blocks together.
        seed: the run's seed.
        stream: which independent set of images the weights are for.
    """
    rows = rows_per_block(n)
    for number, start in enumerate(range(0, resamples, rows)):
        yield _block(n, min(rows, resamples - start), seed, stream, number)


def multiplier_blocks(n: int, resamples: int, seed: int, stream: int = 0) -> Iterator[Array]:
    """Standard normal multipliers of n images, (rows, n) a block: the smooth counterpart of the weights."""
    rows = rows_per_block(n)
    for number, start in enumerate(range(0, resamples, rows)):
        # the last word of the seed sets the multipliers off from the weights
        generator = np.random.default_rng([seed, stream, n, number, 1])
        yield generator.normal(size=(min(rows, resamples - start), n))


def rows_per_block(n: int) -> int:
    """Resamples in one block of weights for n images; at least 1."""
    return max(1, BLOCK_NUMBERS // max(n, 1))


@lru_cache(maxsize=4)
def _block(n: int, rows: int, seed: int, stream: int, number: int) -> Array:
    generator = np.random.default_rng([seed, stream, n, number])
    drawn = generator.integers(0, n, size=(rows, n))
    drawn += np.arange(rows)[:, None] * n
    weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)
    weights.flags.writeable = False
    return weights
