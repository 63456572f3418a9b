"""Coverage of intervals where images come in clusters, such as the crops of a picture: by images, and by clusters.

Usage: python -m benchmarks.clusters [--repetitions 2000] [--seed 0] [--method corrected-t]. Prints the table of
docs/statistics.md.

C pictures with m crops each. A picture has a level, Gaussian (1 + 0.3 z) or skewed (exp(0.8 z)), and a place in feature
space, f = 1 + z + 0.5 e in 16 dimensions, z of the picture and e of the crop. Of a crop the rows are

- mean: level · exp(0.3 e), as softmax.kl, on the log scale;
- ratio: the same over M, the mean distance of all pairs, as latent.l2;
- rate: whether u < 0.2 · level, as prediction.flip_rate, u the picture's own in two of three crops.

The true values are those of infinitely many pictures, M of two different ones.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.sample import MeanSample, RatioSample, Sample, row_means_of
from geed_cli.statistics.scale import Array, Scale

FEATURES, WITHIN = 16, 0.5
LEVELS = ("gaussian", "skewed")
MEASURES = ("mean", "ratio", "rate")
SIZES = tuple((pictures, crops) for pictures in (20, 24, 40) for crops in (5, 20))
SCALES = {"mean": Scale.log(), "ratio": Scale.log(), "rate": Scale.rate()}


def levels(kind: str, count: int, rng: np.random.Generator) -> Array:
    """One positive level for each picture."""
    z = rng.normal(size=count)
    return np.asarray(np.maximum(1.0 + 0.3 * z, 0.0) if kind == "gaussian" else np.exp(0.8 * z))


def rows_of(measure: str, level: Array, crops: int, rng: np.random.Generator) -> Array:
    """The rows of the crops of pictures with these levels, picture after picture."""
    count = len(level) * crops
    if measure == "rate":
        own, shared = rng.random(count), np.repeat(rng.random(len(level)), crops)
        u = np.where(rng.random(count) < 2.0 / 3.0, shared, own)
        return np.asarray(u < np.minimum(0.2 * np.repeat(level, crops), 1.0), dtype=np.float64)
    return np.asarray(np.repeat(level, crops) * np.exp(0.3 * rng.normal(size=count)))


def features(pictures: int, crops: int, rng: np.random.Generator) -> Array:
    """Shape (images, 16)."""
    places = np.repeat(rng.normal(size=(pictures, FEATURES)), crops, axis=0)
    return np.asarray(1.0 + places + WITHIN * rng.normal(size=places.shape))


def distances(f: Array) -> Array:
    """Euclidean, of all pairs."""
    squares = (f * f).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares - 2.0 * f @ f.T, 0.0)))


def drawn(measure: str, kind: str, size: tuple[int, int], rng: np.random.Generator) -> Iterator[Sample]:
    """One data set as two samples: every crop by itself, and the crops of a picture as a cluster."""
    pictures, crops = size
    values = rows_of(measure, levels(kind, pictures, rng), crops, rng)
    r = row_means_of(distances(features(pictures, crops, rng))) if measure == "ratio" else None
    for units in (None, np.repeat(np.arange(pictures), crops)):
        if r is None:
            yield MeanSample(values, SCALES[measure], units)
        else:
            yield RatioSample(values, r, True, SCALES[measure], units=units)


def truth(measure: str, kind: str) -> float:
    """From a million pictures; M from as many pairs."""
    rng = np.random.default_rng(2**32 - 1)
    level = levels(kind, 1_000_000, rng)
    mean = float(rows_of(measure, level, 1, rng).mean())
    if measure != "ratio":
        return mean
    apart = features(200_000, 1, rng) - features(200_000, 1, rng)
    return mean / float(np.linalg.norm(apart, axis=1).mean())


def coverage(
    measure: str,
    kind: str,
    size: tuple[int, int],
    repetitions: int,
    seed: int,
    method: IntervalMethod = DEFAULT_METHOD,
) -> tuple[float, float]:
    """The share of 95% intervals that hold the true value: over images, and over clusters."""
    true, hits = truth(measure, kind), np.zeros(2)
    rng = np.random.default_rng([seed, *size, LEVELS.index(kind), MEASURES.index(measure)])
    both = zip(*(drawn(measure, kind, size, rng) for _ in range(repetitions)), strict=True)
    for place, samples in enumerate(both):
        for made in intervals(samples, method=method):
            hits[place] += made.low is not None and made.high is not None and made.low <= true <= made.high
    return float(hits[0] / repetitions), float(hits[1] / repetitions)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="coverage over clusters")
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--method", choices=METHODS, default=DEFAULT_METHOD)
    asked = parser.parse_args()
    print(f"| pictures × crops | level | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")
    for pictures, crops in SIZES:
        for kind in LEVELS:
            found = [
                coverage(each, kind, (pictures, crops), asked.repetitions, asked.seed, asked.method)
                for each in MEASURES
            ]
            cells = " | ".join(f"{100 * over:.1f} ({100 * blind:.1f})" for blind, over in found)
            print(f"| {pictures} × {crops} | {kind} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
