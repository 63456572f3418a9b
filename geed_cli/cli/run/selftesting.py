"""The work of ``geed selftest``: progress on stderr, the table or JSON on stdout."""

import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from geed_cli.cli.run.terminal_progress import EVERY_S
from geed_cli.pipeline.options import RunOptions
from geed_cli.report.console import message_console, result_console
from geed_cli.report.selftest_report import SelftestReport
from geed_cli.report.selftest_table import print_selftest
from geed_cli.result.file import check_writable, to_strict_json, write_atomically
from geed_cli.selftest.run import Errors, run_selftest

STDOUT = Path("-")


def print_answers(run: RunOptions, json: Path | None, *, quiet: bool, debug: bool) -> int:
    """Run the checks, print and save them; the exit code.

    Args:
        run: device and precision.
        json: file for the report, or STDOUT in place of the table.
        quiet: no progress.
        debug: the first error in a check ends the run with its traceback.

    Raises:
        InputError: a JSON file that cannot be written, or fp64 on a device without it.
        RunError: the device is not there.
    """
    if json is not None and json != STDOUT:
        check_writable(json)
    report = _run(run, message_console(), () if debug else (Exception,), quiet=quiet)
    if json is not None and json != STDOUT:
        write_atomically(to_strict_json(report), json)  # before the table, whose reader may have gone
        message_console().print(f"wrote {json}")
    if json == STDOUT:
        sys.stdout.write(to_strict_json(report))
    else:
        print_selftest(report, result_console())
    return report.exit_code


def _run(run: RunOptions, console: Console, caught: Errors, *, quiet: bool) -> SelftestReport:
    """Run the checks under a bar, or with a line every ten seconds where there is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn())
    said = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None)

        def told(done: int, total: int, name: str) -> None:
            nonlocal said
            bar.update(task, completed=done, total=total, description=name)
            now = time.monotonic()
            if not quiet and not console.is_terminal and now - said >= EVERY_S:
                said = now
                console.print(f"{done}/{total} checks, {name}")

        return run_selftest(run, told, caught=caught)
