"""The checks of the self-test, run one after the other; one that raises has failed, and the others go on."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.errors import GeedError, InputError
from geed_cli.pipeline.describe import describe_environment
from geed_cli.pipeline.options import RunOptions
from geed_cli.pipeline.placement import place
from geed_cli.report.selftest_report import Case, Finding, SelftestReport
from geed_cli.selftest import agreement, equivariance, invariance, map_sums, transformer
from geed_cli.selftest import exact_actions as actions
from geed_cli.selftest.bench import Bench

Progress = Callable[[int, int, str], None]
"""Called before each check: how many are done, how many there are, what comes."""
Errors = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Check:
    """One check: its name as it is printed, and what makes its findings one by one."""

    name: str
    measure: Callable[[Bench], Iterator[Finding]]


CHECKS = (
    Check("exact actions, values not as by hand", actions.by_hand),
    Check("ρ(g)ρ(h) = ρ(gh), values that differ", actions.homomorphism),
    Check("the trivial group", invariance.trivial_group),
    Check("white noise, pixels as features", invariance.white_noise),
    Check("(.9, .1) and (.1, .9), swapped by a flip", invariance.swapped_predictions),
    Check("a one-hot prediction for each element", invariance.one_hot_predictions),
    Check("the same as probabilities, labels and pixels", invariance.kinds_of_output),
    Check("a constant network", invariance.constant),
    Check("a network averaged over d4, under d4", invariance.group_averaged),
    Check("a C4 lifting convolution with ReLU", equivariance.lifting),
    Check("discovery finds the roll of its channels", equivariance.discovered),
    Check("a flip-symmetric convolution k3/s2/p1", equivariance.grid_phase),
    Check("a plain ViT without position embedding", transformer.bag_of_patches),
    Check("sums over maps, the kernel against torch", map_sums.kernel_against_torch),
    Check("batch sizes do not matter", agreement.batch_sizes),
    Check("this device against the CPU in float64", agreement.reference_device),
)
"""In the order in which they run: what later ones rest on comes first."""


def run_selftest(
    run: RunOptions, progress: Progress, checks: Sequence[Check] = CHECKS, caught: Errors = (Exception,)
) -> SelftestReport:
    """Measure every known answer; errors of the kinds that are caught fail a check, others end the run.

    Raises:
        InputError: fp64 on a device without it, or a reduced precision.
        RunError: the device is not there.
    """
    if run.reduced:
        raise InputError(
            f"a self-test in {run.precision}",
            expected="one of fp32, fp64: in fewer digits rounding hides what is tested",
            remedy="--precision fp32",
        )
    placement = place(run)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="geed-selftest-") as folder:
        bench = Bench(Path(folder), run)
        cases = []
        for done, check in enumerate(checks):
            progress(done, len(checks), check.name)
            cases.append(_carry_out(check, bench, caught))
    return SelftestReport(
        ok=all(case.error is None and all(finding.ok for finding in case.findings) for case in cases),
        device=str(placement.device),
        precision=run.precision,
        cases=tuple(cases),
        seconds=time.perf_counter() - began,
        environment=describe_environment(placement),
    )


def _carry_out(check: Check, bench: Bench, caught: Errors) -> Case:
    """One check; an error that is caught ends it, and what it found before is kept."""
    began = time.perf_counter()
    findings: list[Finding] = []
    error = None
    try:
        findings.extend(check.measure(bench))
    except caught as raised:
        message = " ".join(str(raised).split())
        error = message if isinstance(raised, GeedError) else f"{type(raised).__name__}: {message}"
    return Case(name=check.name, findings=tuple(findings), error=error, seconds=time.perf_counter() - began)
