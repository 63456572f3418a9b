"""GitHub's ways to be told: annotations on standard output, and the job summary file.

About ten annotations of a kind are shown for a step, so no more are made and the last one counts the rest.
Values in a command are escaped as the runner unescapes them: %, CR and LF, in properties also : and the comma.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from geed_cli.gate.outcome import GateReport, Outcome
from geed_cli.report.console import plain
from geed_cli.report.gate.junit import findings
from geed_cli.report.gate.markdown import to_markdown
from geed_cli.verdict.policy_check import word

MOST_ANNOTATIONS = 10
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
MOST_SUMMARY_BYTES = 1024 * 1024 - 1024
"""GitHub drops a step's whole summary at 1 MiB; a little room is left for the step's other commands."""


def annotations(report: GateReport) -> Iterator[str]:
    """``::error`` for what fails the gate, ``::warning`` for what does not; one line each."""
    kinds: dict[str, list[Outcome]] = {"error": [], "warning": []}
    for outcome in report.outcomes:
        if outcome.verdict != "pass":
            kinds["error" if report.stops(outcome) else "warning"].append(outcome)
    for kind, outcomes in kinds.items():
        yield from _limited(kind, outcomes, report.claims)


def append_summary(report: GateReport, path: Path) -> None:
    """Add the report to the job summary, as much of it as there is room for.

    Raises:
        OSError: the file cannot be written.
    """
    taken = path.stat().st_size if path.exists() else 0
    text = to_markdown(report, MOST_SUMMARY_BYTES - taken)
    if len(text.encode()) + taken <= MOST_SUMMARY_BYTES:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)


def _limited(kind: str, outcomes: Sequence[Outcome], claims: int) -> Iterator[str]:
    shown = len(outcomes) if len(outcomes) <= MOST_ANNOTATIONS else MOST_ANNOTATIONS - 1
    for outcome in outcomes[:shown]:
        title = f"geed {word(outcome)}: {plain(outcome.rule)}"
        about = f"{plain(outcome.model)} × {plain(outcome.group)}, {plain(outcome.demand)}"
        yield _command(kind, title, "\n".join([about, *findings(outcome, claims)]))
    if shown < len(outcomes):
        more = f"{len(outcomes) - shown} more; the job summary and the reports list them"
        yield _command(kind, "geed", more)


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
