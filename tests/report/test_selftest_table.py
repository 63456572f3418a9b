"""The printed self-test in narrow terminals: whether a value is as expected is always there."""

import io

import pytest
from rich.console import Console

from geed_cli.choices import View
from geed_cli.report.selftest_report import Case, Finding, SelftestReport
from geed_cli.report.selftest_table import print_selftest
from geed_cli.result.schema import Environment

WHERE = Environment(geed="1", python="3", torch="2", timm="1", torchvision="0", platform="x", device="cpu")


def finding(quantity: str, expected: float | str, found: float | str, tolerance: float | None) -> Finding:
    """A value that is not as expected."""
    return Finding(
        quantity=quantity, relation="near", expected=expected, found=found, tolerance=tolerance, ok=False,
        reason="by hand",
    )  # fmt: skip


def shown(width: int) -> list[str]:
    """The lines of a report with wide numbers, long names and words."""
    findings = (
        finding("latent.cosine under flip, raw", -1.23456e-5, -0.987654, 1e-6),
        finding("the verdict of a network", "equivariant under a hidden action", "neither of these", None),
    )
    case = Case(name="white noise, pixels as features", findings=findings, error="lost", seconds=1.0)
    report = SelftestReport(
        ok=False, device="cpu", precision="fp32", cases=(case,), seconds=1.0, environment=WHERE
    )
    stream = io.StringIO()
    print_selftest(report, Console(file=stream, width=width, no_color=True, markup=False, highlight=False))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 78, 100, 120])
def test_marks_and_numbers_are_whole(width: int) -> None:
    """A FAILED for the check and each of three rows, expected and found beside it; tolerances where there is room."""
    lines = shown(width)
    assert max(map(len, lines)) <= min(width, 100)
    assert " ".join(" ".join(lines).split()).startswith(
        "FAIL: 0 of 2 values are as expected, in 1 check, 1 not carried out: "
    )
    table = lines[next(at for at, line in enumerate(lines) if line.startswith("geed selftest")) :]
    assert " ".join(table).split().count("FAILED") == 4
    row = " ".join(table[next(at for at, line in enumerate(table) if "-1.2e-05" in line) :])
    assert "-0.987654" in row
    assert ("±1e-06" in row) == (width < 78)


def test_one_line() -> None:
    """The verdict and the counts."""
    case = Case(name="a", findings=(finding("x", 1.0, 2.0, 0.1),), error=None, seconds=1.0)
    report = SelftestReport(
        ok=False, device="cpu", precision="fp32", cases=(case,), seconds=1.0, environment=WHERE
    )
    stream = io.StringIO()
    print_selftest(report, Console(file=stream), View(quiet=True))
    assert stream.getvalue() == (
        "geed=selftest verdict=fail values=1 as_expected=0 checks=1 not_carried_out=0 device=cpu precision=fp32\n"
    )
