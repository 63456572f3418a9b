"""The self-test passes here, and it can fail: each fault turns the checks red that it should, and no others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sabotage import SABOTAGE, SUMS

from geed_cli.errors import InputError
from geed_cli.kernel.library import kernel
from geed_cli.pipeline.options import Precision, RunOptions
from geed_cli.report.selftest_report import Finding, SelftestReport
from geed_cli.selftest.bench import Bench
from geed_cli.selftest.expectation import above, near, word
from geed_cli.selftest.run import CHECKS, Check, run_selftest


def run(precision: Precision = "fp32", checks: tuple[Check, ...] = CHECKS) -> SelftestReport:
    return run_selftest(RunOptions("cpu", precision=precision), lambda *_: None, checks)


def red(report: SelftestReport) -> set[str]:
    """The names of the checks that failed."""
    return {
        case.name
        for case in report.cases
        if case.error is not None or not all(one.ok for one in case.findings)
    }


# in both the command's own tests run it whole (tests/cli/test_selftest_command.py)
@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_everything_is_as_expected_here(precision: Precision) -> None:
    """In both precisions."""
    report = run(precision)
    assert red(report) == set()
    assert report.ok
    assert report.exit_code == 0
    assert len(report.cases) == len(CHECKS)
    assert all(case.findings for case in report.cases)


FAULTS = pytest.mark.parametrize(
    ("fault", "seen"), SABOTAGE.items(), ids=lambda one: getattr(one, "__name__", "")
)


@FAULTS
def test_it_can_fail(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None], seen: set[str]
) -> None:
    """A fault in the program turns the checks red that rest on what is broken; the first of the others stays green."""
    fault(monkeypatch)
    others = [check for check in CHECKS if check.name not in seen]
    report = run(checks=(*(check for check in CHECKS if check.name in seen), *others[:1]))
    assert red(report) == seen
    assert not report.ok
    assert report.exit_code == 1


@pytest.mark.slow
@FAULTS
def test_nothing_else_fails(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None], seen: set[str]
) -> None:
    """The whole self-test: exactly those checks turn red."""
    fault(monkeypatch)
    assert red(run()) == seen


def test_every_check_is_seen_to_fail() -> None:
    """No check is only ever green: some fault turns it red."""
    silent = {SUMS} if kernel() is None else set()
    assert set().union(*SABOTAGE.values()) == {check.name for check in CHECKS} - silent


def _breaks_halfway(_bench: Bench) -> Iterator[Finding]:
    yield near("first", 0.0, 0.0, tolerance=0.0, reason="")
    raise ValueError("lost\n  its way")


def _refuses(_bench: Bench) -> Iterator[Finding]:
    raise InputError("no such thing", expected="another", remedy="that")
    yield


def test_a_check_that_raises_has_failed_and_the_others_go_on() -> None:
    """What it found before is kept, and the message is in one line, with the kind of an unforeseen error."""
    good = CHECKS[0]
    report = run(checks=(Check("halfway", _breaks_halfway), Check("refuses", _refuses), good))
    halfway, refused, other = report.cases
    assert not report.ok
    assert [one.ok for one in halfway.findings] == [True]
    assert halfway.error == "ValueError: lost its way"
    assert refused.error == "no such thing expected: another try: that"
    assert other.error is None


def test_errors_that_are_not_caught_end_the_run() -> None:
    """For --debug."""
    with pytest.raises(ValueError, match="lost"):
        run_selftest(RunOptions("cpu"), lambda *_: None, (Check("halfway", _breaks_halfway),), ())


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The pictures are removed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run(checks=CHECKS[2:3]).ok
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("found", [float("nan"), float("inf"), "undefined"])
def test_what_is_no_number_meets_no_number(found: float | str) -> None:
    """Neither a tolerance nor a bound is met by NaN, by infinity, or by a word; all of them can be saved."""
    for one in (
        near("x", 1.0, found, tolerance=1e9, reason=""),
        above("x", -1e9, found, reason=""),
    ):
        assert not one.ok
        assert one.found == str(found)


def test_expectations_at_their_edges() -> None:
    """A tolerance includes its end, a bound does not; a word is met by itself alone."""
    assert near("x", 1.0, 1.5, tolerance=0.5, reason="").ok
    assert not near("x", 1.0, 1.5000001, tolerance=0.5, reason="").ok
    assert not above("x", 1.0, 1.0, reason="").ok
    assert above("x", 1.0, 1.0000001, reason="").ok
    assert word("x", "undefined", "undefined", reason="").ok
    assert not word("x", "undefined", 0.0, reason="").ok
