"""How often two models are said to be within a margin that they truly miss, and how often where they are the same.

Paired rows a_i of the reference and b_i of the other, correlated at about 0.9 image by image. At the margin the true
difference is the margin itself, where a false "within" is likeliest.

    python -m benchmarks.equivalence --runs 4000 --seed 0
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from geed_cli.choices import IntervalOptions
from geed_cli.statistics.equivalence import Margin, paired_sides
from geed_cli.statistics.sample import MeanSample, RatioSample, Sample
from geed_cli.statistics.scale import Array, Scale

SHARE = 0.1
"""The margin: 10% of the reference."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Kind:
    """One kind of rows.

    Attributes:
        draw: from a generator, a number of images and a true relative difference to both samples.
        best: the row of a perfect network.
    """

    draw: Callable[[np.random.Generator, int, float], tuple[Sample, Sample]]
    best: float = 0.0


def _noisy(rows: Array, generator: np.random.Generator, spread: float) -> Array:
    """The rows times a factor of mean 1."""
    return rows * np.exp(generator.normal(-(spread**2) / 2, spread, len(rows)))


def _means(pair: tuple[Array, Array], scale: Scale) -> tuple[Sample, Sample]:
    return MeanSample(pair[0], scale), MeanSample(pair[1], scale)


def _gamma(generator: np.random.Generator, n: int, by: float) -> tuple[Sample, Sample]:
    rows = generator.gamma(4.0, 0.025, n)
    return _means((rows, (1 + by) * _noisy(rows, generator, 0.2)), Scale.log())


def _lognormal(generator: np.random.Generator, n: int, by: float) -> tuple[Sample, Sample]:
    rows = 0.01 * np.exp(generator.normal(0.0, 1.0, n))
    return _means((rows, (1 + by) * _noisy(rows, generator, 0.3)), Scale.log())


def _cosine(generator: np.random.Generator, n: int, by: float) -> tuple[Sample, Sample]:
    rows = generator.gamma(2.0, 0.05, n)
    return _means((rows - 1.0, (1 + by) * _noisy(rows, generator, 0.2) - 1.0), Scale.bounded(-1.0, 1.0))


def _ratio(generator: np.random.Generator, n: int, by: float) -> tuple[Sample, Sample]:
    size = np.exp(generator.normal(0.0, 0.3, n))
    distances = [np.abs(np.subtract.outer(z, z)) + 1.0 for z in generator.normal(0.0, 1.0, (2, n))]
    rows = 0.2 * size * generator.gamma(9.0, 1 / 9, n)
    pair = (rows, (1 + by) * _noisy(rows, generator, 0.2))
    row_means = [(d.sum(axis=1) - 1.0) / (n - 1) for d in distances]
    first, other = (RatioSample(v, r, True, Scale.log()) for v, r in zip(pair, row_means, strict=True))
    return first, other


def _flips(generator: np.random.Generator, n: int, by: float) -> tuple[Sample, Sample]:
    """0/1 rows of rates 0.3 and 0.3 (1 + by), the same in most images."""
    latent = generator.random(n)
    again = np.where(generator.random(n) < 0.9, latent, generator.random(n))
    return _means(((latent < 0.3).astype(float), (again < 0.3 * (1 + by)).astype(float)), Scale.rate())


KINDS: Mapping[str, Kind] = {
    "gamma": Kind(_gamma),
    "lognormal": Kind(_lognormal),
    "cosine, of the distance from -1": Kind(_cosine, best=-1.0),
    "latent ratio": Kind(_ratio),
    "flips, rate 30%": Kind(_flips),
}


def shares(kind: Kind, images: int, by: float, runs: range) -> float:
    """The share of runs in which the two are said to be within the margin, at a true relative difference."""
    options, said = IntervalOptions(confidence=CONFIDENCE), 0
    for run in runs:
        samples = kind.draw(np.random.default_rng([run, images]), images, by)
        sides = paired_sides(*samples, Margin(SHARE, relative=True), kind.best, options)
        said += sides is not None and sides.within(CONFIDENCE)
    return said / len(runs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200])
    asked = parser.parse_args()
    runs = range(asked.seed * 10**6, asked.seed * 10**6 + asked.runs)
    print("| rows | images | within, truly +10% | within, truly -10% | within, truly equal |")
    print("|---|---|---|---|---|")
    for name, kind in KINDS.items():
        for images in asked.sizes:
            found = [shares(kind, images, by, runs) for by in (SHARE, -SHARE, 0.0)]
            print(f"| {name} | {images} | {' | '.join(f'{100 * each:.1f}%' for each in found)} |", flush=True)


if __name__ == "__main__":
    main()
