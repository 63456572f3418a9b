"""Coverage of intervals over images that do not count alike: classes of unequal size, made to count alike.

Images fall into four classes at random, most into the first; values and embeddings have a level and a place of their
own in each class. The true value is that of a distribution in which all classes are equally frequent. Usage: python -m
benchmarks.weights.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample, RatioSample, row_means_of
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import Weighting, balanced

Array = npt.NDArray[np.float64]
SHARES = (30 / 60, 15 / 60, 10 / 60, 5 / 60)
CLASSES = len(SHARES)
LEVELS = (0.6, 1.2, 0.9, 1.7)
"""Of the values of a class; their standard deviation is about that of the images of a class."""
CENTRES = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
WAYS = ("alike", "weights of a file", "balanced")
KINDS = ("gaussian mean", "lognormal mean", "ratio to M")


def drawn(classes: npt.NDArray[np.intp], skewed: bool, rng: np.random.Generator) -> tuple[Array, Array]:
    """Values and embeddings of images of those classes."""
    level = np.array(LEVELS)[classes]
    spread = (
        rng.lognormal(-0.125, 0.5, len(classes)) if skewed else 1.0 + 0.4 * rng.standard_normal(len(classes))
    )
    return level * spread, CENTRES[classes] + rng.standard_normal((len(classes), 4))


def distances(embeddings: Array) -> Array:
    """Of all pairs."""
    squares = (embeddings**2).sum(axis=1)
    apart = squares[:, None] + squares[None] - 2.0 * embeddings @ embeddings.T
    np.fill_diagonal(apart, 0.0)
    return np.asarray(np.sqrt(np.maximum(apart, 0.0)), dtype=np.float64)


def true_normaliser(rng: np.random.Generator) -> float:
    """M where all classes are equally frequent, over two million pairs."""
    first, second = (drawn(rng.integers(0, CLASSES, 2_000_000), False, rng)[1] for _ in range(2))
    return float(np.linalg.norm(first - second, axis=1).mean())


def covered(n: int, runs: int, seed: int) -> dict[str, dict[str, float]]:
    """For each kind of value, the share of intervals that hold the true one: unweighted, as facts, in strata.

    Runs in which the rarest class has so few images that the interval is withheld do not count.
    """
    rng = np.random.default_rng(seed)
    mean = float(np.mean(LEVELS))
    truth = {KINDS[0]: mean, KINDS[1]: mean, KINDS[2]: mean / true_normaliser(rng)}
    made, hits = ({kind: dict.fromkeys(WAYS, 0) for kind in KINDS} for _ in range(2))
    for _ in range(runs):
        classes = rng.choice(CLASSES, size=n, p=SHARES)
        within = balanced(classes)
        ways = dict(zip(WAYS, (None, Weighting(within.weights), within), strict=True))
        for kind in KINDS:
            values, embeddings = drawn(classes, kind != KINDS[0], rng)
            apart = distances(embeddings)
            for name, weighting in ways.items():
                sample = (
                    RatioSample(
                        values, row_means_of(apart, weighting), True, Scale.log(), apart, None, weighting
                    )
                    if kind == KINDS[2]
                    else MeanSample(values, Scale.log(), None, weighting)
                )
                found = interval(sample)
                if found.low is not None and found.high is not None:
                    made[kind][name] += 1
                    hits[kind][name] += found.low <= truth[kind] <= found.high
    return {kind: {name: hits[kind][name] / made[kind][name] for name in hits[kind]} for kind in KINDS}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of docs/statistics.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--images", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    found = covered(asked.images, asked.runs, asked.seed)
    lines = ["| value | all alike | weights of a file | balanced |", "|---|---|---|---|"]
    for kind, parts in found.items():
        lines.append(f"| {kind} | " + " | ".join(f"{100 * share:.1f}" for share in parts.values()) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
