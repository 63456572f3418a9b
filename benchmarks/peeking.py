"""What looking several times costs: false alarms on the way, and the coverage of the final interval.

Images arrive one by one from a skewed population. A naive gate looks every 10 images at the ordinary
interval; the spending gate looks at doubling sizes with ``look_confidences``. Usage: python -m
benchmarks.peeking.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geed_cli.statistics.enough import look_confidences, look_sizes
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale

Array = npt.NDArray[np.float64]
TRUE_MEAN = 1.0
FIRST, LARGEST, STEP = 25, 400, 10


@dataclass(frozen=True)
class Plan:
    """When to look and at which confidence.

    Attributes:
        name: printed in the table.
        sizes: images at each look.
        confidences: of the interval at each look.
    """

    name: str
    sizes: tuple[int, ...]
    confidences: tuple[float, ...]


def plans(confidence: float = 0.95) -> tuple[Plan, ...]:
    """The naive plan and ours."""
    every = tuple(range(FIRST, LARGEST + 1, STEP))
    doubling = look_sizes(FIRST, LARGEST)
    return (
        Plan("one look at the end", (LARGEST,), (confidence,)),
        Plan(f"every {STEP} images, uncorrected", every, (confidence,) * len(every)),
        Plan("doubling looks, uncorrected", doubling, (confidence,) * len(doubling)),
        Plan("doubling looks, α-spending", doubling, look_confidences(doubling, confidence)),
    )


def population(size: int, rng: np.random.Generator) -> Array:
    """Per-image values with mean 1 and skewness 2: exponential."""
    return rng.exponential(TRUE_MEAN, size=size)


def looks(plan: Plan, values: Array) -> Array:
    """The program's default interval at each look of each run: shape (looks, runs, 2), NaN where it is withheld.

    Args:
        plan: when to look.
        values: of the runs, shape (runs, images).
    """
    made = [
        intervals([MeanSample(run[:n], Scale.log()) for run in values], confidence=confidence)
        for n, confidence in zip(plan.sizes, plan.confidences, strict=True)
    ]
    return np.array([[(i.low, i.high) for i in each] for each in made], dtype=np.float64)


@dataclass(frozen=True)
class Outcome:
    """Shares of runs, in percent.

    Attributes:
        above: false alarms that the value is above a limit equal to it; nominal 2.5.
        below: false claims that it is below; nominal 2.5.
        coverage: of the final interval of a run that stops when narrow; nominal 95.
    """

    above: float
    below: float
    coverage: float


def simulate(plan: Plan, runs: int, seed: int = 0, width: float = 0.35) -> Outcome:
    """Outcome of a plan over independent runs; every plan sees the same runs."""
    values = np.stack([population(LARGEST, np.random.default_rng([seed, run])) for run in range(runs)])
    low, high = np.moveaxis(looks(plan, values), -1, 0)
    ends = high - low <= width
    ends[-1] = True  # which a run that was never narrow ends with
    last = ends.argmax(axis=0), np.arange(runs)
    covered = (low[last] <= TRUE_MEAN) & (high[last] >= TRUE_MEAN)
    above, below = (low > TRUE_MEAN).any(axis=0), (high < TRUE_MEAN).any(axis=0)
    return Outcome(*(100.0 * float(each.mean()) for each in (above, below, covered)))


def price(runs: int, seed: int = 0) -> float:
    """How many times as wide the last of doubling looks with α-spending is as one look at as many images."""
    once, *_, spending = plans()
    values = np.stack([population(LARGEST, np.random.default_rng([seed, run])) for run in range(runs)])
    last = Plan("the last look", spending.sizes[-1:], spending.confidences[-1:])
    widths = [np.diff(looks(plan, values)[0]) for plan in (last, once)]
    return float(np.mean(widths[0] / widths[1]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    lines = ["| looks | falsely above (nominal 2.5%) | falsely below (2.5%) | final interval covers (95%) |"]
    lines.append("|---|---|---|---|")
    for plan in plans():
        made = simulate(plan, options.runs, options.seed)
        lines.append(f"| {plan.name} | {made.above:.1f} | {made.below:.1f} | {made.coverage:.1f} |")
    lines.append(
        f"\nThe last look's interval is {price(min(options.runs, 1000), options.seed):.2f} times as wide as one look's."
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
