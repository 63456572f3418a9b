"""Runs the command line in this process, so that torch is imported once."""

from pathlib import Path

import pytest
from command import Geed
from pictures import smooth_pictures
from typer.testing import CliRunner, Result

from geed_cli.cli.app import app


@pytest.fixture
def geed(monkeypatch: pytest.MonkeyPatch) -> Geed:
    """``geed("audit", "resnet50")`` → exit code, stdout, stderr; 100 columns, no terminal, no debug."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GEED_DEBUG", raising=False)

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two smooth pictures of 40 pixels."""
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 22, 40)
