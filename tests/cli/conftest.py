"""Fixtures of the tests of the command line."""

from pathlib import Path

import pytest
from support.checkpoints import read_in_this_process
from support.command import geed
from support.pictures import smooth_pictures

__all__ = ["geed", "pictures", "read_in_this_process"]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two smooth pictures of 40 pixels."""
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 22, 40)
