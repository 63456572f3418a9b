"""The printed self-test in narrow terminals: whether a value is as expected is always there."""

import io

import pytest
from rich.console import Console

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
    """A FAILED for each of three rows, expected and found beside it; the tolerance where there is room."""
    lines = shown(width)
    assert max(map(len, lines)) <= width
    table = lines[: next(at for at, line in enumerate(lines) if "instead of" in line)]
    assert sum(line.split().count("FAILED") for line in table) == 3
    (row,) = [line for line in table if "-1.2e-05" in line]
    assert "-0.987654" in row
    assert ("±1e-06" in row) == any("tolerance" in line and "expected" in line for line in table)
    assert ("±1e-06" in row) == (width > 60)
