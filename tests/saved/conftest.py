"""The saved files in a folder of their own, which is the current one, and the command line."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import geed

__all__ = ["geed", "saved"]


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy, so that no test writes into the kept files; specs and recipes name files without a folder."""
    folder = tmp_path / "saved"
    shutil.copytree(Path(__file__).parent, folder, ignore=shutil.ignore_patterns("*test*", "__pycache__"))
    monkeypatch.chdir(folder)
    yield folder
    sys.modules.pop("net", None)  # the next test has a copy of its own
