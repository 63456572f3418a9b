"""How often intervals of populations hold the true value of the recipe, and of the difference of two.

Rows y_ij = μ + image_i + model_j + both_ij of k models audited on the same n images. Shares of the variance of one
model's value: ``between`` over models, the rest over images, of which half is common to all models and half each one's
own. Seeds are normal or skewed (exponential), rows normal or lognormal.

    python -m benchmarks.population --repetitions 4000 --seed 0
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from geed_cli.statistics.difference import Difference
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.population import Model, paired, population, unpaired
from geed_cli.statistics.sample import Interval, MeanSample, finite_rows
from geed_cli.statistics.scale import Array, Scale

IMAGES, CONFIDENCE = 50, 0.95


@dataclass(frozen=True)
class Recipe:
    """How rows come about.

    Attributes:
        between: standard deviation over models, where a model's value has the standard error 1 over images.
        skewed: whether seeds are exponential.
        heavy: whether images are lognormal.
        common: the part of the images' variance that all models share.
    """

    between: float
    skewed: bool = False
    heavy: bool = False
    common: float = 0.5


RECIPES = {
    "no difference between models": Recipe(0.0),
    "within half of between": Recipe(2.0),
    "within as large as between": Recipe(1.0),
    "the same, all of it each model's own": Recipe(1.0, common=0.0),
    "the same, all of it common": Recipe(1.0, common=1.0),
    "the same, skewed seeds": Recipe(1.0, skewed=True),
    "the same, lognormal rows": Recipe(1.0, heavy=True),
    "within twice between": Recipe(0.5),
}


def standard(rng: np.random.Generator, shape: tuple[int, ...], *, lognormal: bool) -> Array:
    """Numbers of mean 0 and variance 1."""
    z = rng.normal(size=shape)
    if not lognormal:
        return z
    return np.asarray((np.exp(z) - math.exp(0.5)) / math.sqrt((math.e - 1) * math.e))


def rows(recipe: Recipe, seeds: Array, images: Array, rng: np.random.Generator) -> Array:
    """Shape (k, n): the rows of each model, whose true mean is 0."""
    n = images.shape[-1]
    scale = math.sqrt(n)
    own = standard(rng, (len(seeds), n), lognormal=recipe.heavy)
    varying = math.sqrt(recipe.common) * images + math.sqrt(1.0 - recipe.common) * own
    return np.asarray(recipe.between * seeds[:, None] + scale * varying)


def seeds_of(recipe: Recipe, k: int, rng: np.random.Generator) -> Array:
    """What each model differs by: mean 0, variance 1."""
    return rng.exponential(size=k) - 1.0 if recipe.skewed else rng.normal(size=k)


def models(values: Array) -> list[Model]:
    """Each row as a model with its rows; their own limits are not needed."""
    samples = [MeanSample(each, Scale.identity()) for each in values]
    return [
        Model(Interval(float(each.values.mean()), None, None), estimate(finite_rows(each)))
        for each in samples
    ]


def holds(low: float | None, high: float | None) -> bool:
    """Whether the interval has the true value, 0."""
    return low is not None and high is not None and low <= 0.0 <= high


def one(recipe: Recipe, k: int, rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether the interval of a population holds, and whether Student's t over models alone would have."""
    images = standard(rng, (IMAGES,), lognormal=recipe.heavy)
    values = rows(recipe, seeds_of(recipe, k, rng), images, rng)
    made = population(models(values), confidence=CONFIDENCE)
    means = values.mean(axis=1)
    half = float(stdtrit(k - 1, (1 + CONFIDENCE) / 2)) * means.std(ddof=1) / math.sqrt(k)
    return holds(made.low, made.high), bool(abs(means.mean()) <= half)


def two(recipe: Recipe, sizes: Sequence[int], rng: np.random.Generator) -> tuple[bool, bool | None]:
    """Whether the interval of a true difference of 0 holds: of independent seeds, and of the same seeds paired."""
    images = standard(rng, (IMAGES,), lognormal=recipe.heavy)
    first, other = (models(rows(recipe, seeds_of(recipe, k, rng), images, rng)) for k in sizes)
    made = unpaired(first, other)
    alone = _holds(made)
    if sizes[0] != sizes[1]:
        return alone, None
    seeds = seeds_of(recipe, sizes[0], rng)
    moved = 0.7 * seeds + math.sqrt(1 - 0.49) * seeds_of(recipe, sizes[0], rng)
    pair = [models(rows(recipe, each, images, rng)) for each in (seeds, moved)]
    return alone, _holds(paired(*pair))


def _holds(made: object) -> bool:
    if isinstance(made, Difference):
        return False
    found = made.at(CONFIDENCE)  # type: ignore[attr-defined]
    return holds(found.low, found.high)


def share(found: Sequence[bool | None]) -> str:
    """Percent, or nothing where it was not asked."""
    there = [each for each in found if each is not None]
    return f"{100 * np.mean(there):.1f}" if there else ""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    sizes = (2, 3, 5, 10)
    print(
        f"| recipe | {' | '.join(f'k = {k}' for k in sizes)} | {' | '.join(f'models alone, {k}' for k in sizes)} |"
    )
    print(f"|---{'|---' * 2 * len(sizes)}|")
    for name, recipe in RECIPES.items():
        found = [
            [one(recipe, k, np.random.default_rng([asked.seed, k, run])) for run in range(asked.repetitions)]
            for k in sizes
        ]
        cells = [share([each[at] for each in some]) for at in (0, 1) for some in found]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    unequal = ((3, 3), (5, 5), (3, 10))
    print("\n| recipe | 3 and 3 | 5 and 5 | 3 and 10 | 3 pairs | 5 pairs |")
    print("|---|---|---|---|---|---|")
    for name, recipe in RECIPES.items():
        pairs = [
            [
                two(recipe, ks, np.random.default_rng([asked.seed, *ks, run]))
                for run in range(asked.repetitions)
            ]
            for ks in unequal
        ]
        cells = [share([each[0] for each in some]) for some in pairs]
        cells += [share([each[1] for each in some]) for some in pairs[:2]]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
