"""The printed self-test: the verdict and what is not as expected, where it ran, each check, what to do next.

``-v`` shows every value beside what was expected; a value that is not as expected has its row always.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console

from geed_cli.choices import View
from geed_cli.phrases import counted
from geed_cli.report.console import plain, write
from geed_cli.report.page import (
    BLANK,
    Block,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    key_values,
    print_page,
)
from geed_cli.report.selftest_report import Case, Finding, SelftestReport

GOOD, BAD = "bold green", "bold red"
LONGEST = 2000


def print_selftest(report: SelftestReport, console: Console, view: View = View()) -> None:  # noqa: B008 - it is frozen
    """Print the whole report: in full, as one line, or one statement a line, as the view says."""
    if view.quiet:
        write(one_line(report), console)
        return
    print_page(selftest_page(report, view), console, linear=view.linear)


def selftest_page(report: SelftestReport, view: View) -> Iterator[Block]:
    """The blocks of the printed report, top to bottom."""
    yield Paragraph(f"{_word(report)}:", _sentence(report), style=GOOD if report.ok else BAD)
    for case in report.cases:
        yield from _failures(case)
    yield BLANK
    yield Line(
        f"· {plain(report.environment.device)}, {report.precision} · {report.seconds:.1f} s",
        strong="geed selftest",
    )
    where = report.environment
    yield Line(f"geed {where.geed}, torch {where.torch}, timm {where.timm}, python {where.python}")
    if where.map_sums is not None:
        yield Line(f"maps are summed by {'the kernel' if where.map_sums == 'kernel' else where.map_sums}")
    yield BLANK
    yield _values(report.cases) if view.verbose else _checks(report.cases)
    failed = [case for case in report.cases if not _as_expected(case)]
    if failed and not view.verbose:
        yield BLANK
        yield _values(failed)
    yield BLANK
    if not view.verbose:
        yield Line("every value beside what was expected: -v", style="dim")
    yield Paragraph("next:", _next(report))


def one_line(report: SelftestReport) -> str:
    """The report as one line of ``key=value``."""
    good, count = _tally(report.cases)
    return key_values(
        ("geed", "selftest"),
        ("verdict", _word(report).lower()),
        ("values", count),
        ("as_expected", good),
        ("checks", len(report.cases)),
        ("not_carried_out", sum(case.error is not None for case in report.cases)),
        ("device", plain(report.device)),
        ("precision", report.precision),
    )


def _word(report: SelftestReport) -> str:
    return "PASS" if report.ok else "FAIL"


def _sentence(report: SelftestReport) -> str:
    good, count = _tally(report.cases)
    broken = sum(case.error is not None for case in report.cases)
    missing = f", {broken} not carried out" if broken else ""
    end = "." if report.ok else ": numbers of this machine and device cannot be relied upon."
    return f"{good} of {count} values are as expected, in {counted(len(report.cases), 'check')}{missing}{end}"


def _tally(cases: Sequence[Case]) -> tuple[int, int]:
    """How many values are as expected, and how many there are."""
    findings = [finding for case in cases for finding in case.findings]
    return sum(finding.ok for finding in findings), len(findings)


def _as_expected(case: Case) -> bool:
    return case.error is None and all(finding.ok for finding in case.findings)


def _failures(case: Case) -> Iterator[Block]:
    """What is not as expected, with its reason."""
    for finding in case.findings:
        if not finding.ok:
            expected, found, tolerance = _numbers(finding)
            instead = f"{found} instead of {expected} {tolerance}".rstrip()
            yield Paragraph(f"{case.name}, {finding.quantity}:", f"{instead}; {finding.reason}", style=BAD)
    if case.error is not None:
        yield Paragraph(f"{case.name}:", plain(case.error, LONGEST), style=BAD)


def _checks(cases: Sequence[Case]) -> Rows:
    """One row a check: how many of its values are as expected."""
    columns = [Column("check", left=True), Column("as expected"), Column("", left=True)]
    rows = [
        [case.name, "{} of {}".format(*_tally([case])), "ok" if _as_expected(case) else "FAILED"]
        for case in cases
    ]
    return Rows(columns, [Section(rows)])


def _values(cases: Sequence[Case]) -> Rows:
    """One row a value, below the name of its check."""
    columns = [
        Column("value", left=True),
        Column("expected"),
        Column("found"),
        Column("tolerance", keep=1),
        Column("ok", left=True),
    ]
    return Rows(columns, [Section(list(_rows(case)), case.name) for case in cases])


def _rows(case: Case) -> Iterator[list[str]]:
    for finding in case.findings:
        yield [f"  {finding.quantity}", *_numbers(finding), _mark(ok=finding.ok)]
    if case.error is not None:
        yield ["  carried out to its end", "yes", "no", "", _mark(ok=False)]


def _next(report: SelftestReport) -> str:
    if report.ok:
        return "audit a network: geed audit efficientnet_lite0 -g flip"
    return "report it with the file of --json; meanwhile another --device, or --precision fp64"


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


def _mark(*, ok: bool) -> str:
    return "ok" if ok else "FAILED"
