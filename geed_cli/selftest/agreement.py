"""Runs that must agree: other batch sizes, and this device against the CPU in float64.

What is compared is every picture's own deviation, in every measure, of a network without any symmetry, so that there
are deviations to speak of.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

from geed_cli.pipeline.options import RunOptions
from geed_cli.report.selftest_report import Finding
from geed_cli.result.schema import Entry, Result
from geed_cli.selftest.bench import WHY_ROUNDING, Bench
from geed_cli.selftest.convolutions import plain_network
from geed_cli.selftest.expectation import near

METRICS = ("latent.l2", "softmax.kl", "channelwise.cosine")


def batch_sizes(bench: Bench) -> Iterator[Finding]:
    """Batches that cut orbits at other places."""
    usual = bench.audit(plain_network(), "c4", METRICS)
    for rows in (1, 3):
        other = bench.audit(plain_network(), "c4", METRICS, run=replace(bench.run, batch_size=rows))
        yield near(
            f"relative difference, batches of {rows}",
            0.0,
            _difference(usual, other),
            tolerance=bench.rounding,
            reason=f"the largest of all pictures and measures: a batch is only a way to run; {WHY_ROUNDING}",
        )


def reference_device(bench: Bench) -> Iterator[Finding]:
    """This device and precision against the CPU in float64, in batches of one size."""
    here = bench.audit(plain_network(), "c4", METRICS)
    there = RunOptions("cpu", here.settings.batch_size, "fp64")
    reference = bench.audit(plain_network(), "c4", METRICS, run=there)
    yield near(
        "relative difference",
        0.0,
        _difference(here, reference),
        tolerance=bench.rounding,
        reason=f"the largest of all pictures and measures; {WHY_ROUNDING}, and TF32 would leave 5e-3",
    )


def _difference(one: Result, other: Result) -> float:
    """The largest over all measures, relative to the measure's mean deviation."""
    return max(_relative(left, right) for left, right in zip(one.results, other.results, strict=True))


def _relative(one: Entry, other: Entry) -> float:
    """The largest difference between two pictures' deviations; infinite where there is nothing to compare."""
    if one.per_image is None or other.per_image is None or not one.raw:
        return math.inf
    pairs = zip(one.per_image.value, other.per_image.value, strict=True)
    largest = max(math.inf if a is None or b is None else abs(a - b) for a, b in pairs)
    return largest / abs(one.raw)
