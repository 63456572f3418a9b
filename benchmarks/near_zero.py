"""How often a latent.cosine whose M is near 0 is printed with an interval that misses the true value.

Embeddings about a centre that is small beside their spread: images point almost anywhere, their mean cosine M is a few
hundredths, and value, interval or both may be withheld. What counts is the share of all draws that print a wrong
interval.
``θ̂ ± t se`` is the interval that takes M for known, for comparison.
Usage: python -m benchmarks.near_zero.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from benchmarks.coverage import cosine, norm, row_means
from geed_cli.choices import IntervalMethod
from geed_cli.statistics.difference import difference
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import RatioSample, finite_rows
from geed_cli.statistics.scale import Scale

Array = npt.NDArray[np.float64]
Rng = np.random.Generator
Limits = tuple[float, float]
FEATURES = 16
_PLACES = np.random.default_rng(3).normal(size=(10, FEATURES))
PLACES = 1.5 * (_PLACES - _PLACES.mean(axis=0))
"""Of clusters about the origin."""
CENTRES = (0.1, 0.2, 0.3, 0.5, 0.8)
METHODS: tuple[IntervalMethod, ...] = ("bootstrap-t", "corrected-t", "cautious-t")


def gaussian(n: int, rng: Rng) -> Array:
    """Alike for all images."""
    return rng.normal(size=(n, FEATURES))


def clustered(n: int, rng: Rng) -> Array:
    """About ten places whose mean is 0."""
    return np.asarray(PLACES[rng.integers(0, len(PLACES), n)] + rng.normal(size=(n, FEATURES)))


def lognormal(n: int, rng: Rng) -> Array:
    """Skewed, with mean 0."""
    return np.asarray(np.exp(rng.normal(size=(n, FEATURES)) / 2.0) - np.exp(0.125))


KINDS: Mapping[str, Callable[[int, Rng], Array]] = {
    "gaussian": gaussian,
    "clustered": clustered,
    "lognormal": lognormal,
}


def draw(kind: str, centre: float, n: int, rng: Rng) -> tuple[Array, Array]:
    """Embeddings, and the values v_i under a group of order 2 that moves each image by its own factor."""
    f = centre + KINDS[kind](n, rng)
    moved = 0.4 * rng.normal(size=f.shape) * np.exp(0.7 * rng.normal(size=(n, 1)))
    mean = f + moved / 2.0
    return f, np.asarray(-(cosine(f, mean) + cosine(f + moved, mean)) / 2.0)


@cache
def truth(kind: str, centre: float, images: int = 1_000_000) -> tuple[float, float]:
    """The value and M: the squared length of the mean direction, from two independent halves."""
    rng, size = np.random.default_rng([9, list(KINDS).index(kind)]), 50_000
    sums, total, batches = np.zeros((2, FEATURES)), 0.0, images // size
    for batch in range(batches):
        f, v = draw(kind, centre, size, rng)
        sums[batch % 2] += (f / norm(f)[:, None]).sum(axis=0)
        total += float(v.sum())
    half = images / 2.0
    m = float(sums[0] @ sums[1]) / half**2
    return total / images / m, m


def sample(kind: str, centre: float, n: int, rng: Rng, *, shared: bool) -> RatioSample:
    """One result's cell."""
    f, v = draw(kind, centre, n, rng)
    others = f if shared else draw(kind, centre, n, rng)[0]
    return RatioSample(v, row_means("latent.cosine", others), shared, Scale.identity())


def linear(cell: RatioSample) -> Limits | None:
    """θ̂ ± t se, as if M were known to be what it is here."""
    if interval(cell, method="corrected-t").value is None:
        return None
    made = estimate(finite_rows(cell))
    half = float(stdtrit(made.counts[0] - 1, 0.975)) * made.standard_error
    return made.value - half, made.value + half


def made_by(cell: RatioSample, method: IntervalMethod, seed: int) -> Limits | None:
    """The interval of the program; None where it prints none."""
    found = interval(cell, method=method, resamples=1000, seed=seed)
    return None if found.low is None or found.high is None else (found.low, found.high)


def tallied(spans: Sequence[Limits | None], true: float) -> tuple[float, float]:
    """Of all draws the share printed and wrong, and the share printed, in percent."""
    printed = [span for span in spans if span is not None]
    wrong = sum(not low <= true <= high for low, high in printed)
    return 100.0 * wrong / len(spans), 100.0 * len(printed) / len(spans)


def values(
    kind: str, centre: float, n: int, runs: int, *, shared: bool, seed: int = 0
) -> list[tuple[float, float]]:
    """Of θ̂ ± t se and of each method, the share printed and wrong, and the share printed."""
    spans: list[list[Limits | None]] = [[] for _ in range(1 + len(METHODS))]
    for run in range(runs):
        cell = sample(kind, centre, n, np.random.default_rng([seed, run, n]), shared=shared)
        spans[0].append(linear(cell))
        for place, method in enumerate(METHODS):
            spans[1 + place].append(made_by(cell, method, run))
    return [tallied(each, truth(kind, centre)[0]) for each in spans]


def differences(kind: str, centre: float, n: int, runs: int, seed: int = 0) -> list[tuple[float, float]]:
    """The same of the difference of two networks of one recipe that have nothing else in common."""
    spans: list[list[Limits | None]] = [[] for _ in METHODS]
    for run in range(runs):
        rng = np.random.default_rng([seed, run, n, 1])
        pair = [sample(kind, centre, n, rng, shared=True) for _ in range(2)]
        for place, method in enumerate(METHODS):
            made = difference(*pair, method=method, resamples=1000, seed=run)
            none = made.low is None or made.high is None
            spans[place].append(None if none else (made.low or 0.0, made.high or 0.0))
    return [tallied(each, 0.0) for each in spans]


def lines(runs: int, sizes: Sequence[int], seed: int) -> Iterator[str]:
    """The tables, row by row."""
    yield f"| embeddings, M | images | M of | θ̂ ± t se | {' | '.join(METHODS)} | differences: {' | '.join(METHODS)} |"
    yield "|---" * (4 + 2 * len(METHODS)) + "|"
    for kind in KINDS:
        for centre in CENTRES:
            for n in sizes:
                paired = differences(kind, centre, n, runs, seed)
                for shared in (True, False):
                    found = values(kind, centre, n, runs, shared=shared, seed=seed)
                    shown = [f"{wrong:.1f} / {printed:.0f}" for wrong, printed in found]
                    shown += (
                        [f"{wrong:.1f} / {printed:.0f}" for wrong, printed in paired]
                        if shared
                        else ["", "", ""]
                    )
                    of = "the same" if shared else "others"
                    yield f"| {kind}, {truth(kind, centre)[1]:.3f} | {n} | {of} | {' | '.join(shown)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of docs/statistics.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    for line in lines(asked.runs, asked.sizes, asked.seed):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
