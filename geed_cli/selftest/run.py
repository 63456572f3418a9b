"""Runs the checks one after the other; one that raises has failed, and the others go on."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from geed_cli.errors import GeedError, InputError
from geed_cli.pipeline.describe import describe_environment
from geed_cli.pipeline.options import RunOptions
from geed_cli.pipeline.placement import place
from geed_cli.report.selftest_report import Case, Finding, SelftestReport
from geed_cli.selftest.bench import Bench
from geed_cli.selftest.checks import CHECKS, Check

Told = Callable[[int, int, str], None]
"""Called before each check: how many are done, how many there are, what comes."""
Errors = tuple[type[Exception], ...]


def run_selftest(
    run: RunOptions, told: Told, checks: Sequence[Check] = CHECKS, caught: Errors = (Exception,)
) -> SelftestReport:
    """Measure every known answer.

    Args:
        run: device and precision.
        told: called before each check.
        checks: which checks.
        caught: kinds of errors that fail a check; others end the run.

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
    device = place(run).device
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="geed-selftest-") as folder:
        bench = Bench(Path(folder), run)
        cases = []
        for done, check in enumerate(checks):
            told(done, len(checks), check.name)
            cases.append(carry_out(check, bench, caught))
    good = all(case.error is None and all(one.ok for one in case.findings) for case in cases)
    return SelftestReport(
        ok=good,
        device=str(device),
        precision=run.precision,
        cases=tuple(cases),
        seconds=time.perf_counter() - began,
        environment=describe_environment(device),
    )


def carry_out(check: Check, bench: Bench, caught: Errors) -> Case:
    """One check; an error that is caught ends it, and what it found before is kept."""
    began = time.perf_counter()
    findings: list[Finding] = []
    error = None
    try:
        findings.extend(check.measure(bench))
    except caught as raised:
        error = _in_words(raised)
    return Case(name=check.name, findings=tuple(findings), error=error, seconds=time.perf_counter() - began)


def _in_words(raised: Exception) -> str:
    """The error in one line, with its kind where it is none of the program's own."""
    said = " ".join(str(raised).split())
    return said if isinstance(raised, GeedError) else f"{type(raised).__name__}: {said}"
