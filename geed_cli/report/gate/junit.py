"""The gate's report as JUnit XML: a suite for each model and group, a case for each rule.

Whoever counts failures and errors agrees with the exit code: what stops the gate is an error or a failure, an
undecided rule too; what it lets through (level warn, ``--on-undecided pass``) is skipped with its finding.
"""

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from geed_cli.gate.outcome import GateReport, Outcome
from geed_cli.report.console import plain
from geed_cli.report.gate import wording as say
from geed_cli.report.gate.gate_table import suites
from geed_cli.verdict.policy_check import word

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def to_junit(report: GateReport) -> str:
    """The report as one XML document."""
    document = JUnitXml("geed check")
    for model, group, outcomes in suites(report):
        suite = TestSuite(f"{plain(model)} × {plain(group)}")
        for outcome in outcomes:
            suite.add_testcase(_case(outcome, report))
        document.add_testsuite(suite)
    # junitparser annotates in part
    document.update_statistics()  # type: ignore[no-untyped-call]
    text: str = document.tostring().decode("utf-8")  # type: ignore[no-untyped-call]
    return f"{DECLARATION}\n{text}\n"


def _case(outcome: Outcome, report: GateReport) -> TestCase:
    case = TestCase(plain(outcome.rule), classname=f"geed.{plain(outcome.model)}.{plain(outcome.group)}")
    case.time = 0.0
    message = f"{word(outcome)}: {plain(outcome.demand)}"
    lines = "\n".join(findings(outcome, report.claims))
    if outcome.verdict == "error":
        result: Error | Failure | Skipped = Error(message)
    elif report.stops(outcome):
        result = Failure(message)
    elif outcome.verdict != "pass":
        result = Skipped(f"{message}; {lines}".replace("\n", "; "))
    else:
        case.system_out = lines
        return case
    result.text = lines
    case.result = [result]
    return case


def findings(outcome: Outcome, claims: int) -> list[str]:
    """What a reader has to see of one rule, a line for each entry."""
    if not outcome.examined:
        return [say.why(outcome) or plain(outcome.demand)]
    return [
        f"{word(outcome, line.verdict)}: {line.entry} {line.tested}, limit {line.limit}"
        + (f"; {line.remark}" if line.remark else "")
        for line in say.lines(outcome, claims)
    ]
