"""The kernel, compiled from the source as it stands, whether or not it is installed."""

import ctypes
from pathlib import Path

import pytest

from benchmarks.package_kernel import compiled
from geed_cli.kernel.library import LIBRARY, SOURCE, load


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Skips where there is no C compiler."""
    path: Path = tmp_path_factory.mktemp("kernel") / LIBRARY.name
    problem = compiled(SOURCE, path)
    if problem is not None:
        pytest.skip(problem)
    found = load(path, SOURCE)
    assert found is not None, "compiled from that source, here"
    return found
