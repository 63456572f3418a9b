"""Audits as plain text at a fixed width."""

import io

from rich.console import Console

from geed_cli.report.table import print_result
from geed_cli.result.schema import Result


def printed(result: Result, width: int = 110) -> str:
    """The audit as it is printed, without colour."""
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=width, no_color=True, markup=False, highlight=False))
    return stream.getvalue()
