"""How often the ranges of ``geed plan`` hold the number of images that it takes, and how often its number is enough.

For each kind of rows the truth is made first: of 4 n₀ images it is simulated how wide intervals are on average, which
limit is passed with a chance of 80%, and which margin. A pilot of n₀ images then plans for that width, limit or margin,
and the number that it takes is 4 n₀.

    python -m benchmarks.plan --pilots 2000 --seed 0
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from geed_cli.forecast.widths import counts_events
from geed_cli.statistics.difference import Paired
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.needed import (
    End,
    Needed,
    half_width,
    images_for_power,
    images_for_width,
    images_without_events,
    rate_spread_limits,
    spread_limits,
)
from geed_cli.statistics.sample import MeanSample, finite_rows
from geed_cli.statistics.scale import Array, Scale

POWER, CONFIDENCE, FACTOR = 0.8, 0.95, 4
KINDS: Mapping[str, tuple[Callable[[np.random.Generator, int], Array], Scale]] = {
    "normal": (lambda rng, n: 1.0 + 0.3 * rng.normal(size=n), Scale.identity()),
    "gamma, shape 4": (lambda rng, n: rng.gamma(4.0, 0.025, n), Scale.log()),
    "exponential": (lambda rng, n: rng.gamma(1.0, 0.1, n), Scale.log()),
    "lognormal, log-sd 1": (lambda rng, n: 0.1 * np.exp(rng.normal(size=n)), Scale.log()),
    "flips, rate 10%": (lambda rng, n: (rng.random(n) < 0.1).astype(float), Scale.rate()),
}
"""Rows by name, and the scale of their measure."""


@dataclass(frozen=True)
class Truth:
    """What 4 n₀ images reach: the mean width, and what is passed with a chance of 80%."""

    width: float
    limit: float
    margin: float


def pair(kind: str, rng: np.random.Generator, n: int) -> tuple[MeanSample, MeanSample]:
    """A reference and another model of the same true value, alike in most of each row."""
    draw, scale = KINDS[kind]
    first = draw(rng, n)
    # of flips one in five is drawn again, of others each row is moved by a tenth of a row of another image
    other = (
        np.where(rng.random(n) < 0.8, first, draw(rng, n))
        if scale.kind == "rate"
        else 0.9 * first + 0.1 * draw(rng, n)
    )
    return MeanSample(first, scale), MeanSample(other, scale)


def truth(kind: str, images: int, runs: int, seed: int) -> Truth:
    """By simulation of so many audits."""
    widths, uppers, ends = [], [], []
    for run in range(runs):
        reference, other = pair(kind, np.random.default_rng([seed, images, run, 1]), images)
        made = interval(reference, confidence=CONFIDENCE)
        span = Paired.of(finite_rows(reference), finite_rows(other)).limits("corrected-t")(CONFIDENCE)
        assert made.low is not None
        assert made.high is not None
        assert span is not None
        widths.append(made.high - made.low)
        uppers.append(made.high)
        ends.append(max(map(abs, span)))
    return Truth(float(np.mean(widths)), *(float(np.quantile(each, POWER)) for each in (uppers, ends)))


def plans(kind: str, pilot: int, aim: Truth, seed: int) -> dict[str, Needed]:
    """What one pilot plans: for the width, the limit and the margin."""
    reference, other = pair(kind, np.random.default_rng([seed, pilot]), pilot)
    rows = finite_rows(reference)
    made, estimated = interval(reference, confidence=CONFIDENCE), estimate(rows)
    assert made.value is not None
    assert made.low is not None
    assert made.high is not None
    span = made.low, made.high
    if estimated.variance == 0.0:
        wide = images_without_events(pilot, (span[1] - span[0]) / aim.width)
        passed = images_without_events(pilot, (span[1] - made.value) / (aim.limit - made.value))
    else:
        spread = (
            rate_spread_limits(made.value, span) if counts_events(reference) else spread_limits(estimated)
        )
        wide = images_for_width(
            span, aim.width, pilot, spread, 2.0 * half_width(estimated.standard_error, CONFIDENCE)
        )
        end = End(aim.limit - made.value, span[1] - made.value, estimated.standard_error, CONFIDENCE)
        moves = made.value - span[0], made.value - span[1]
        passed = images_for_power([end], pilot, POWER, spread, moves)
    found = {"width": wide, "limit": passed}
    paired = Paired.of(rows, finite_rows(other))
    limits = paired.limits("corrected-t")(CONFIDENCE)
    if paired.estimate is not None and not paired.still and limits is not None:
        delta, error = paired.estimate.value, paired.estimate.standard_error
        ends = (
            End(aim.margin - delta, limits[1] - delta, error, CONFIDENCE),
            End(aim.margin + delta, delta - limits[0], error, CONFIDENCE),
        )
        far, near = delta - limits[0], delta - limits[1]
        shifts = far, near, min(max(delta, near), far)
        found["margin"] = images_for_power(ends, pilot, POWER, spread_limits(paired.estimate), shifts)
    return found


def holds(needed: Needed, images: int) -> bool:
    """Whether the range has the number."""
    return (needed.low or 0) <= images and (needed.high is None or images <= needed.high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pilots", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 50, 200])
    asked = parser.parse_args()
    print("| rows | pilot | width | limit | margin | median range, width | limit | margin |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        for pilot in asked.sizes:
            aim = truth(kind, FACTOR * pilot, max(asked.pilots, 400), asked.seed)
            found: dict[str, list[Needed]] = {}
            for run in range(asked.pilots):
                for name, needed in plans(kind, pilot, aim, asked.seed + 7919 * (run + 1)).items():
                    found.setdefault(name, []).append(needed)
            shares = [np.mean([holds(each, FACTOR * pilot) for each in found[name]]) for name in found]
            middles = []
            for each in found.values():
                low = np.median([needed.low or 0 for needed in each])
                high = np.median([np.inf if needed.high is None else needed.high for needed in each])
                middles.append(f"{low:.0f} to {high:.0f}" if np.isfinite(high) else f"{low:.0f} or more")
            cells = [f"{100 * share:.1f}%" for share in shares] + middles
            print(f"| {kind} | {pilot} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
