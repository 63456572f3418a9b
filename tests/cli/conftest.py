"""Fixtures of the tests of the command line."""

from pathlib import Path

import pytest
from support.checkpoints import read_in_this_process
from support.command import geed
from support.pictures import smooth_pictures

__all__ = ["enough_pictures", "geed", "pictures", "read_in_this_process"]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six smooth pictures of 40 pixels: values, and no intervals."""
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 6, 40)


@pytest.fixture(scope="session")
def enough_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two of them: enough for intervals, and so for gates and growing runs."""
    return smooth_pictures(tmp_path_factory.mktemp("enough"), 22, 40)
