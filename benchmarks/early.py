"""``--stop-early``: how often a gate that looks several times is wrong, and how many images it saves.

The entries and scenarios of ``benchmarks.gate``, 24 that share each image's difficulty. Images come in looks; at each
the gate judges the result so far, whose rows of M are of its own images alone, against the baseline over all images.
Two more have a baseline whose rows are those of the result but for a factor, so that nothing but M differs between
looks. Usage: python -m benchmarks.early.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.gate import CELLS, Drawn, Scenario, draw, increase_policy, result, scenarios
from geed_cli.gate.early import first_look
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import GateReport, Verdict
from geed_cli.result.schema import Looks, Result
from geed_cli.statistics.enough import look_confidences, spaced_sizes

LEAST = 50
"""Images of the first look, which a policy of version 2 requires unless it says otherwise."""
COPIES = {
    f"latent.l2 of a copy, {100 * worse:g}% worse in every image, limit 5%": worse for worse in (0.049, 0.051)
}


@dataclass
class Tally:
    """Counts over runs, of the gate over all images and of the one that stops early."""

    runs: int = 0
    failed: int = 0
    passed: int = 0
    failed_early: int = 0
    passed_early: int = 0
    images: int = 0

    def add(self, whole: Verdict, early: GateReport) -> None:
        """Count one run."""
        self.runs += 1
        self.failed += whole == "fail"
        self.passed += whole == "pass"
        self.failed_early += early.verdict == "fail"
        self.passed_early += early.verdict == "pass"
        self.images += early.models[0].images


def all_scenarios() -> Iterator[Scenario]:
    """Those of the gate that are paired, and the copies."""
    yield from (each for each in scenarios() if each.paired)
    for name, worse in COPIES.items():
        cells = {cell: worse for cell in CELLS if cell[0] == "latent.l2"}
        yield Scenario(name, increase_policy(0.05, "latent.l2"), cells)


def simulate(scenario: Scenario, n: int, runs: Iterable[int], seed: int = 0) -> Tally:
    """Verdicts over independent runs of at most n images; every scenario sees the same images."""
    tally = Tally()
    for run in runs:
        before, after = draw(n, np.random.default_rng([seed, run, n]))
        if scenario.name in COPIES:
            before = after
        baseline = result(before, {}) if scenario.policy.needs_baseline else None
        whole = gate({"new": result(after, scenario.worse)}, scenario.policy, baseline)
        tally.add(whole.verdict, stopped_early(scenario, after, baseline))
    return tally


def stopped_early(scenario: Scenario, after: Drawn, baseline: Result | None) -> GateReport:
    """The report of the look that ends a run, as ``pipeline.until.grow`` comes to it."""
    sizes = spaced_sizes(max(LEAST, first_look(scenario.policy)), len(after.gaps))
    confidences = look_confidences(sizes)
    for used, (size, confidence) in enumerate(zip(sizes, confidences, strict=True), start=1):
        made = result(after.first(size), scenario.worse)
        looks = Looks(sizes=sizes, used=used, confidence=confidence, width=None, metric=None)
        settings = made.settings.model_copy(update={"looks": looks})
        report = gate({"new": made.model_copy(update={"settings": settings})}, scenario.policy, baseline)
        if report.decided:
            break
    return report


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--scenarios", type=int, nargs="+", help="their places, from 0; default: all")
    options = parser.parse_args()
    every = list(all_scenarios())
    sys.stdout.write(
        "| scenario | fails | passes | fails, stopping early | passes | images |\n|---|---|---|---|---|---|\n"
    )
    for place in options.scenarios or range(len(every)):
        tally = simulate(every[place], options.images, range(options.runs), options.seed)
        counts = (tally.failed, tally.passed, tally.failed_early, tally.passed_early)
        shares = " | ".join(f"{100 * count / tally.runs:.1f}%" for count in counts)
        sys.stdout.write(f"| {every[place].name} | {shares} | {tally.images / tally.runs:.0f} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
