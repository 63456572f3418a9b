"""The program run in this process, so that torch is imported once, and audits as it prints them."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from geed_cli.cli.app import app
from geed_cli.report.table import print_result
from geed_cli.result.schema import Result as AuditResult

Geed = Callable[..., Result]
"""The type of the ``geed`` fixture."""


@pytest.fixture
def geed(monkeypatch: pytest.MonkeyPatch) -> Geed:
    """``geed("audit", "resnet50")`` → exit code, stdout, stderr; 100 columns, no terminal, no debug."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GEED_DEBUG", raising=False)

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def printed(result: AuditResult, width: int = 110) -> str:
    """The audit as it is printed, without colour."""
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=width, no_color=True, markup=False, highlight=False))
    return stream.getvalue()
