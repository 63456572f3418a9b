"""The program run in this process, so that torch is imported once, and audits as it prints them."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner, Result

from geed_cli.choices import View
from geed_cli.cli.app import app
from geed_cli.cli.settings import PROJECT
from geed_cli.report.audit_page import print_result
from geed_cli.report.console import PipeConsole
from geed_cli.result.schema import Result as AuditResult

Geed = Callable[..., Result]
"""The type of the ``geed`` fixture."""
COMMAND = get_command(app)
"""The program as typer makes it of its declarations, once: a quarter of the time of a small audit."""

ROOT = Path(__file__).resolve().parents[2]
ABSENT = Path("no-pyproject.toml")


@pytest.fixture
def geed(monkeypatch: pytest.MonkeyPatch) -> Geed:
    """``geed("audit", "resnet50")`` → exit code, stdout, stderr; 100 columns, no terminal, no debug."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GEED_DEBUG", raising=False)
    # typer's runner makes the program anew for every command that it is given
    monkeypatch.setattr("typer.testing._get_command", {app: COMMAND}.__getitem__)

    def run(*arguments: str | Path) -> Result:
        if Path.cwd() == ROOT:  # whose pyproject.toml, read by every command, has nothing for the program
            monkeypatch.setattr("geed_cli.cli.settings.PROJECT", ABSENT)
        else:
            monkeypatch.setattr("geed_cli.cli.settings.PROJECT", PROJECT)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def printed(result: AuditResult, width: int = 110, view: View = View(), *, encoding: str = "utf-8") -> str:  # noqa: B008
    """The audit as it is printed, without colour, on a stream of that encoding."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    console = PipeConsole(file=stream, width=width, no_color=True, markup=False, highlight=False)
    print_result(result, console, view)
    stream.flush()
    return data.getvalue().decode(encoding)


def in_full(result: AuditResult, width: int = 100) -> str:
    """What ``-v`` adds to the page of an audit."""
    return printed(result, width, View(verbose=True)).partition("What was audited, in full\n")[2]


OF_THE_TERMINAL = frozenset({"verbose", "quiet", "linear", "debug", "help", "config", "print_config"})
"""Options of every command that say how it is run and shown, by their parameters' names."""


def options_of(command: str, *beside: str) -> set[str]:
    """The long options of a command, but for those of the terminal and those named beside."""
    return {
        max(parameter.opts, key=len)
        for parameter in COMMAND.commands[command].params  # type: ignore[attr-defined]
        if isinstance(parameter, typer.core.TyperOption)
        and parameter.name not in OF_THE_TERMINAL | set(beside)
    }
