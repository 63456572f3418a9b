"""The printed self-test: the verdict first, then each check with its values beside what was expected.

Values that are not as expected, and checks that could not be carried out, are told once more at the end with reasons.
"""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from geed_cli.report.cells import Column, fitted_table, texts
from geed_cli.report.console import emit, plain
from geed_cli.report.selftest_report import Case, Finding, SelftestReport

NUMBER_WIDTH = 14
"""Of the longest number, ``> -1.23457e-05``; longer words are folded."""
GOOD, BAD = "green", "bold red"


def print_selftest(report: SelftestReport, console: Console) -> None:
    """Print the whole report."""
    emit(render(report, console.width), console)


def render(report: SelftestReport, width: int) -> Iterator[RenderableType]:
    """The parts of the printed report, top to bottom."""
    yield Text(f"geed selftest · {_headline(report)}", style=GOOD if report.ok else BAD)
    where = report.environment
    versions = f"geed {where.geed}, torch {where.torch}, timm {where.timm}, python {where.python}"
    yield Text(
        f"on {plain(where.device)} in {report.precision}, {report.seconds:.1f} s; {versions}", style="dim"
    )
    yield Text()
    yield _table(report, width)
    for case in report.cases:
        yield from _failures(case)


def _headline(report: SelftestReport) -> str:
    findings = [finding for case in report.cases for finding in case.findings]
    good = sum(finding.ok for finding in findings)
    tally = f"{good} of {len(findings)} values as expected, {len(report.cases)} checks"
    broken = sum(case.error is not None for case in report.cases)
    return f"{'PASS' if report.ok else 'FAIL'} · {tally}" + (f", {broken} not carried out" if broken else "")


def _table(report: SelftestReport, width: int) -> Table:
    rows = [row for case in report.cases for row in _rows(case)]
    check, expected, found, tolerance, ok = zip(*rows, strict=True) if rows else [()] * 5
    columns = [
        texts("check", check),
        Column("expected", expected, folds_to=NUMBER_WIDTH),
        Column("found", found, folds_to=NUMBER_WIDTH),
        Column("tolerance", tolerance, keep=1),
        Column("ok", ok, justify="left"),
    ]
    return fitted_table(columns, width)


def _rows(case: Case) -> Iterator[tuple[str | Text, ...]]:
    """The check's name, then its values."""
    yield Text(case.name, style="bold"), "", "", "", ""
    for finding in case.findings:
        yield f"  {finding.quantity}", *_numbers(finding), _mark(ok=finding.ok)
    if case.error is not None:
        yield "  carried out to its end", "yes", "no", "", _mark(ok=False)


def _numbers(finding: Finding) -> tuple[str, str, str]:
    """Expected, found, tolerance."""
    expected = f"> {_digits(finding.expected)}" if finding.relation == "above" else _digits(finding.expected)
    return expected, _digits(finding.found), _tolerance(finding.tolerance)


def _tolerance(value: float | None) -> str:
    """One digit is enough; nothing where none belongs, and none is exact."""
    if value is None:
        return ""
    return "exact" if value == 0 else f"±{value:.1g}"


def _digits(value: float | str) -> str:
    """Six significant digits, two of what is nearly nothing; words as they are."""
    if isinstance(value, str):
        return plain(value)
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.6g}"


def _mark(*, ok: bool) -> Text:
    return Text("ok" if ok else "FAILED", style=GOOD if ok else BAD)


def _failures(case: Case) -> Iterator[RenderableType]:
    """What is not as expected, with its reason."""
    for finding in case.findings:
        if not finding.ok:
            expected, found, tolerance = _numbers(finding)
            line = f"{case.name}, {finding.quantity}: {found} instead of {expected} {tolerance}".rstrip()
            yield Text()
            yield Text(line, style=BAD)
            yield Text(f"  {finding.reason}")
    if case.error is not None:
        yield Text()
        yield Text(f"{case.name}: {plain(case.error)}", style=BAD)
