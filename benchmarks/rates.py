"""How often limits of rates hold: orbits of every overdispersion, paired differences, rare kinds of images.

A limit holds where the p-value of the true value is at least α, which is what its interval says. Usage:
python -m benchmarks.rates.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.exact import exact_p
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample, finite_rows
from geed_cli.statistics.scale import Scale

Array = npt.NDArray[np.float64]
ALPHA = 0.05
ORDERS = (2, 3, 4, 8, 16, 32)
RATES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.2, 0.5)
OVERDISPERSIONS = (0.0, 0.1, 0.3, 0.6, 1.0)
SIZES = (30, 50, 200, 1000)
WIDTHS: tuple[IntervalMethod, ...] = (DEFAULT_METHOD, "corrected-t", "bounded")
"""The default, what the gate passes by, and what holds for every distribution."""


def orbits(order: int, rate: float, overdispersion: float, n: int, rng: np.random.Generator) -> Array:
    """Flip rates of n images: beta-binomial over the n − 1 elements beside e, of that intraclass correlation."""
    trials = order - 1
    if overdispersion == 0.0:
        return np.asarray(rng.binomial(trials, rate, n) / trials)
    if overdispersion == 1.0:
        return np.asarray(rng.random(n) < rate, dtype=np.float64)
    spread = 1.0 / overdispersion - 1.0
    return np.asarray(rng.binomial(trials, rng.beta(rate * spread, (1.0 - rate) * spread, n)) / trials)


def missed(order: int, rate: float, overdispersion: float, n: int, runs: int, seed: int = 0) -> float:
    """The share of runs whose interval does not hold the true rate."""
    scale, misses = Scale.rate(max(order - 1, 1)), 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run, n, order])
        rows = finite_rows(MeanSample(orbits(order, rate, overdispersion, n, rng), scale))
        mean = BoundedMean.of(rows)
        assert mean is not None, "rates have bounds"
        misses += exact_p(mean, rate) < ALPHA
    return misses / runs


@dataclass(frozen=True)
class Pairs:
    """Two releases over the same images, each with a rate of its own.

    Attributes:
        before: the rate of the first.
        after: of the second.
        overlap: how much of the smaller one's flips the other has too, beyond chance: 0 independent, 1 all of them.
        order: of the group; the elements of an image share one level.
    """

    before: float
    after: float
    overlap: float
    order: int = 2

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Rows of both."""
        trials = self.order - 1
        same = rng.random((n, trials)) < self.overlap
        first = rng.random((n, trials))
        second = np.where(same, first, rng.random((n, trials)))
        return (first < self.before).mean(axis=1), (second < self.after).mean(axis=1)


def p_values(
    pairs: Pairs, truth: float, n: int, runs: int, factor: float = 1.0, seed: int = 0
) -> Iterator[tuple[float, int]]:
    """Of each run the p-value of θ_B − factor·θ_A = truth, and on which side of it the estimate lies."""
    for run in range(runs):
        before, after = pairs.draw(n, np.random.default_rng([seed, run, n]))
        scale = Scale.rate(pairs.order - 1)
        first = finite_rows(MeanSample(factor * before, scale.moved(factor)))
        mean = BoundedMean.difference(first, finite_rows(MeanSample(after, scale)))
        assert mean is not None, "rates have bounds"
        side = int(np.sign(after.mean() - factor * before.mean() - truth))
        yield exact_p(mean, truth), side


def type_one(pairs: Pairs, n: int, runs: int) -> float:
    """How often two equal rates are told apart."""
    assert pairs.before == pairs.after, "asked of equal rates"
    return float(np.mean([p < ALPHA for p, _ in p_values(pairs, 0.0, n, runs)]))


def false_pass(pairs: Pairs, n: int, runs: int, *, percent: bool = False) -> float:
    """How often an increase that is exactly at its limit passes, absolute or in percent of the first rate."""
    truth, factor = (0.0, pairs.after / pairs.before) if percent else (pairs.after - pairs.before, 1.0)
    made = p_values(pairs, truth, n, runs, factor)
    return float(np.mean([p < ALPHA and side < 0 for p, side in made]))


Draw = Callable[[int, np.random.Generator], Array]


@dataclass(frozen=True)
class Kind:
    """softmax.kl under a group of two elements, of which a kind of image that is rare has much.

    Attributes:
        share: of the rare kind in the data.
        far: its mean; of the others it is 0.02, both with a lognormal spread of 0.5.
    """

    share: float
    far: float

    @property
    def truth(self) -> float:
        """The mean over the data, of draws that are nowhere near the bound."""
        return float((1.0 - self.share) * 0.02 + self.share * self.far)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Rows of n images."""
        level = np.where(rng.random(n) < self.share, self.far, 0.02)
        return np.asarray(np.minimum(level * np.exp(0.3 * rng.normal(size=n) - 0.045), np.log(2.0)))


def rare(kind: Kind, n: int, runs: int, method: IntervalMethod, seed: int = 0) -> tuple[float, float, float]:
    """Coverage, how often a limit at the true value passes, and the mean width."""
    scale, inside, passed, width = Scale.bounded(0.0, float(np.log(2.0))), 0, 0, 0.0
    for run in range(runs):
        rows = kind.draw(n, np.random.default_rng([seed, run, n]))
        made = interval(MeanSample(rows, scale), method=method)
        low, high = made.low or 0.0, made.high or 0.0
        inside += low <= kind.truth <= high
        passed += high <= kind.truth
        width += (high - low) / runs
    return inside / runs, passed / runs, width


def widths(n: int, runs: int, seed: int = 0) -> Iterator[tuple[str, list[float]]]:
    """What is measured, and the mean width of the interval by each of ``WIDTHS``."""
    kinds: dict[str, tuple[Scale, Draw]] = {
        "softmax.kl, mean 0.02, under flip": (Scale.bounded(0.0, float(np.log(2.0))), Kind(0.0, 0.0).draw),
        "cosine of a layer, -0.75 ± 0.05": (
            Scale.bounded(-1.0, 1.0),
            lambda m, rng: np.clip(rng.normal(-0.75, 0.05, m), -1.0, 1.0),
        ),
        "flip rate 10% under flip": (Scale.rate(1), lambda m, rng: orbits(2, 0.1, 0.0, m, rng)),
        "flip rate 10% under c8, overdispersion 0.3": (
            Scale.rate(7),
            lambda m, rng: orbits(8, 0.1, 0.3, m, rng),
        ),
    }
    for name, (scale, draw) in kinds.items():
        found = []
        for method in WIDTHS:
            drawn = (draw(n, np.random.default_rng([seed, run, n])) for run in range(runs))
            made = [interval(MeanSample(rows, scale), method=method).width or 0.0 for rows in drawn]
            found.append(float(np.mean(made)))
        yield name, found


def _orbits(orders: Sequence[int], runs: int) -> Iterator[str]:
    yield "\nInterval of a rate: coverage, lowest over rates from 0.1 to 50% and the rate at which it is\n"
    yield "| order | overdispersion | " + " | ".join(f"n = {n}" for n in SIZES) + " |"
    yield "|---" * (2 + len(SIZES)) + "|"
    for order, over in product(orders, OVERDISPERSIONS):
        if order == 2 and over:
            continue
        found = [max((missed(order, rate, over, n, runs), rate) for rate in RATES) for n in SIZES]
        lowest = " | ".join(f"{100 - 100 * share:.1f} ({100 * rate:g}%)" for share, rate in found)
        yield f"| {order} | {over:g} | {lowest} |"


def _differences(orders: Sequence[int], runs: int) -> Iterator[str]:
    yield "\nPaired differences, percent of runs: two equal rates told apart; an increase at its limit passes\n"
    yield "| rate | overlap | order | " + " | ".join(f"n = {n}" for n in SIZES) + " |"
    yield "|---" * (3 + len(SIZES)) + "|"
    pairs = product(
        (0.0005, 0.005, 0.02, 0.1, 0.5), (0.0, 0.5, 0.9), (order for order in (2, 4) if order in orders)
    )
    for rate, overlap, order in pairs:
        cells = []
        for n in SIZES:
            same = type_one(Pairs(rate, rate, overlap, order), n, runs)
            worse = Pairs(rate, 1.5 * rate, overlap, order)
            shares = same, false_pass(worse, n, runs), false_pass(worse, n, runs, percent=True)
            cells.append(" / ".join(f"{100 * share:.1f}" for share in shares))
        yield f"| {100 * rate:g}% | {overlap:g} | {order} | {' | '.join(cells)} |"


def _widths(_: Sequence[int], runs: int) -> Iterator[str]:
    yield "\nWhat the guarantee costs: mean widths\n"
    yield f"| measured | n | {' | '.join(WIDTHS)} |"
    yield "|---" * (2 + len(WIDTHS)) + "|"
    for n in (50, 200):
        for name, found in widths(n, min(runs, 100)):
            yield f"| {name} | {n} | {' | '.join(f'{width:.3f}' for width in found)} |"


def _rare(_: Sequence[int], runs: int) -> Iterator[str]:
    yield "\nA kind of image that is rare: coverage, limits at the true value that pass, mean width\n"
    yield f"| share | its mean | n | {' | '.join(WIDTHS)} |"
    yield "|---" * (3 + len(WIDTHS)) + "|"
    for share, far, n in product((0.02, 0.05), (0.1, 0.3, 0.6), (50, 200)):
        made = [rare(Kind(share, far), n, runs, method) for method in WIDTHS]
        cells = [f"{100 * c:.1f} / {100 * p:.1f} / {w:.3f}" for c, p, w in made]
        yield f"| {100 * share:g}% | {far:g} | {n} | {' | '.join(cells)} |"


TABLES: Mapping[str, Callable[[Sequence[int], int], Iterator[str]]] = {
    "orbits": _orbits,
    "differences": _differences,
    "widths": _widths,
    "rare": _rare,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--orders", type=int, nargs="+", default=list(ORDERS))
    options = parser.parse_args(arguments)
    for name in options.only:
        for line in TABLES[name](options.orders, options.runs):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
