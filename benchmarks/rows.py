"""Coverage on rows of other shapes than a network's: skewed, heavy-tailed, rare, tied, and paired differences.

A cell is a mean of independent rows whose true value is known; a difference is one of two such cells over the same
images. Beside each interval's coverage stands how often 24 independent cells hold together at the joint level of 95%.
Usage: python -m benchmarks.rows.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from geed_cli.choices import IntervalMethod
from geed_cli.statistics import bootstrap_t
from geed_cli.statistics.difference import difference
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale

Array = npt.NDArray[np.float64]
Rng = np.random.Generator
METHODS: tuple[IntervalMethod, ...] = ("bootstrap-t", "corrected-t")
TOGETHER = 24
JOINT = 0.95 ** (1 / TOGETHER)


@dataclass(frozen=True)
class Shape:
    """Rows and their mean; of a difference the rows of two models.

    Attributes:
        draw: n rows, or two times n.
        mean: the true value.
    """

    draw: Callable[[int, Rng], Array]
    mean: float


def _alike(n: int, rng: Rng) -> Array:
    """Two models that are equally far, each lognormal, half of whose spread the images share."""
    shared = rng.standard_normal(n)
    return np.asarray(np.exp(0.7 * shared + np.sqrt(0.51) * rng.standard_normal((2, n))), dtype=np.float64)


def _further(n: int, rng: Rng) -> Array:
    """Another model that is further off where images are hard."""
    hard = rng.lognormal(0.0, 1.0, n)
    return np.stack([hard * rng.lognormal(0.0, 0.3, n), hard * (1.0 + 0.5 * rng.lognormal(0.0, 0.5, n))])


SHAPES: Mapping[str, Shape] = {
    "normal": Shape(lambda n, rng: rng.normal(5.0, 1.0, n), 5.0),
    "gamma, shape 2": Shape(lambda n, rng: rng.gamma(2.0, size=n), 2.0),
    "gamma, shape 1/2": Shape(lambda n, rng: rng.gamma(0.5, size=n), 0.5),
    "lognormal, σ = 1": Shape(lambda n, rng: rng.lognormal(0.0, 1.0, n), float(np.exp(0.5))),
    "Pareto, tail 3": Shape(lambda n, rng: rng.pareto(3.0, n) + 1.0, 1.5),
    "5% of images ten times as far": Shape(
        lambda n, rng: rng.lognormal(0.0, 0.5, n) * np.where(rng.random(n) < 0.05, 10.0, 1.0),
        float(np.exp(0.125)) * 1.45,
    ),
    "80% zeros": Shape(lambda n, rng: rng.exponential(1.0, n) * (rng.random(n) < 0.2), 0.2),
    "three values": Shape(lambda n, rng: rng.choice(3, n, p=(0.7, 0.2, 0.1)).astype(np.float64), 0.4),
    "difference, lognormal, none": Shape(_alike, 0.0),
    "difference, further where hard": Shape(
        _further, float(np.exp(0.5) * (1.0 + 0.5 * np.exp(0.125) - np.exp(0.045)))
    ),
}


def limits(rows: Array, method: IntervalMethod, confidence: float) -> tuple[float, float]:
    """Of the mean, or of the difference of two means; nowhere where it is withheld."""
    if rows.ndim == 1:
        found = interval(MeanSample(rows, Scale.log()), method=method, confidence=confidence)
        low, high = found.low, found.high
    else:
        pair = (MeanSample(each, Scale.log()) for each in rows)
        made = difference(*pair, method=method, confidence=confidence)
        low, high = made.low, made.high
    return (np.nan, np.nan) if low is None or high is None else (low, high)


@dataclass(frozen=True)
class Found:
    """Of one method: how often the true value is held at 95%, how often 24 cells hold together, and widths.

    Attributes:
        wider: the joint interval over the single one, median of the ratios.
    """

    one: float
    together: float
    wider: float


def coverage(
    shape: Shape, n: int, runs: int, seed: int, methods: Sequence[IntervalMethod] = METHODS
) -> list[Found]:
    """Of each method."""
    held, wider = np.zeros((len(methods), 2)), np.zeros((len(methods), runs))
    for run in range(runs):
        rows = shape.draw(n, np.random.default_rng([seed, run]))
        for place, method in enumerate(methods):
            spans = np.array([limits(rows, method, confidence) for confidence in (0.95, JOINT)])
            held[place] += (spans[:, 0] <= shape.mean) & (shape.mean <= spans[:, 1])
            single, joint = spans[:, 1] - spans[:, 0]
            wider[place, run] = joint / single
    return [
        Found(float(one), float(all_) ** TOGETHER, float(np.nanmedian(ratios)))
        for (one, all_), ratios in zip(held / runs, wider, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of docs/statistics.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", nargs="+", choices=get_args(IntervalMethod), default=list(METHODS))
    parser.add_argument("--even", action="store_true", help="joint limits without what skewness adds to them")
    asked = parser.parse_args(arguments)
    if asked.even:
        bootstrap_t.SKEWED_STRETCH = 0.0
    heads = [
        f"{method}{what}"
        for what in ("", ", 24 together", ", joint over single width")
        for method in asked.methods
    ]
    lines = [f"| rows, n = {asked.images} | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for name, shape in SHAPES.items():
        found = coverage(shape, asked.images, asked.runs, asked.seed, asked.methods)
        shown = [f"{100 * each.one:.1f}" for each in found] + [f"{100 * each.together:.1f}" for each in found]
        lines.append(f"| {name} | {' | '.join([*shown, *(f'{each.wider:.2f}' for each in found)])} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
