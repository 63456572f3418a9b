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
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import Interval, MeanSample
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


def look(values: Array, confidence: float) -> Interval:
    """The program's default interval of the images so far."""
    return interval(MeanSample(values, Scale.log()), confidence=confidence)


def alarms(plan: Plan, values: Array) -> tuple[bool, bool]:
    """Whether any look puts the interval wholly above the true mean, or wholly below it."""
    made = [look(values[:n], c) for n, c in zip(plan.sizes, plan.confidences, strict=True)]
    above = any(i.low is not None and i.low > TRUE_MEAN for i in made)
    below = any(i.high is not None and i.high < TRUE_MEAN for i in made)
    return above, below


def covered_when_narrow(plan: Plan, values: Array, width: float) -> bool:
    """Whether the interval that a run until ``width`` ends with contains the true mean."""
    for n, confidence in zip(plan.sizes, plan.confidences, strict=True):
        made = look(values[:n], confidence)
        if n == plan.sizes[-1] or (made.width is not None and made.width <= width):
            return made.low is not None and made.high is not None and made.low <= TRUE_MEAN <= made.high
    return False


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
    above = below = covered = 0
    for run in range(runs):
        values = population(LARGEST, np.random.default_rng([seed, run]))
        high, low = alarms(plan, values)
        above, below = above + high, below + low
        covered += covered_when_narrow(plan, values, width)
    return Outcome(100.0 * above / runs, 100.0 * below / runs, 100.0 * covered / runs)


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
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
