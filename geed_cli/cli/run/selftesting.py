"""The work of ``geed selftest``: progress on stderr, the table or JSON on stdout."""

from pathlib import Path

from rich.console import Console

from geed_cli.choices import View
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.pipeline.options import RunOptions
from geed_cli.report.console import message_console, result_console
from geed_cli.report.selftest_report import SelftestReport
from geed_cli.report.selftest_table import print_selftest
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.file import to_strict_json
from geed_cli.selftest.run import Errors, run_selftest


def print_answers(run: RunOptions, json: Path | None, view: View, *, debug: bool) -> int:
    """Run the checks, print and save them; the exit code.

    With ``debug`` the first error in a check ends the run with its traceback.

    Raises:
        InputError: a JSON file that cannot be written, or fp64 on a device without it.
        RunError: the device is not there.
    """
    check_outputs(json)
    report = _run(run, message_console(), () if debug else (Exception,), quiet=view.quiet)
    hand_over(
        [(json, lambda: to_strict_json(report))], lambda: print_selftest(report, result_console(), view)
    )
    return report.exit_code


def _run(run: RunOptions, console: Console, caught: Errors, *, quiet: bool) -> SelftestReport:
    """Run the checks under a line that goes when they are done, or with one every ten seconds elsewhere."""
    with TerminalProgress(console, quiet=quiet) as progress:
        return run_selftest(run, progress.checks, caught=caught)
