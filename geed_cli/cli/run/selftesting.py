"""The work of ``geed selftest``: progress on stderr, the table or JSON on stdout."""

import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.cli.run.terminal_progress import EVERY_S
from geed_cli.pipeline.options import RunOptions
from geed_cli.report.console import message_console, result_console
from geed_cli.report.selftest_report import SelftestReport
from geed_cli.report.selftest_table import print_selftest
from geed_cli.result.file import to_strict_json
from geed_cli.selftest.run import Errors, run_selftest


def print_answers(run: RunOptions, json: Path | None, *, quiet: bool, debug: bool) -> int:
    """Run the checks, print and save them; the exit code.

    With ``debug`` the first error in a check ends the run with its traceback.

    Raises:
        InputError: a JSON file that cannot be written, or fp64 on a device without it.
        RunError: the device is not there.
    """
    check_outputs(json)
    report = _run(run, message_console(), () if debug else (Exception,), quiet=quiet)
    hand_over([(json, lambda: to_strict_json(report))], lambda: print_selftest(report, result_console()))
    return report.exit_code


def _run(run: RunOptions, console: Console, caught: Errors, *, quiet: bool) -> SelftestReport:
    """Run the checks under a bar, or with a line every ten seconds where there is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn())
    last_line = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None)

        def progress(done: int, total: int, name: str) -> None:
            nonlocal last_line
            bar.update(task, completed=done, total=total, description=name)
            now = time.monotonic()
            if not quiet and not console.is_terminal and now - last_line >= EVERY_S:
                last_line = now
                console.print(f"{done}/{total} checks, {name}")

        return run_selftest(run, progress, caught=caught)
