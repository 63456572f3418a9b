"""Opt-in markers, the hypothesis profile that every test runs under, a cache and a folder of pictures for each."""

import gc
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# several processes with a thread for each core only take each other's time; read once, when torch is imported
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# no test reads or fills the cache of whoever runs it, nor that of another test
os.environ["GEED_CACHE_DIR"] = tempfile.mkdtemp(prefix="geed-tests-")
for profile, examples in (("geed", 25), ("whole", 300)):  # hypothesis's own number is 100
    settings.register_profile(
        profile,
        deadline=None,
        derandomize=True,
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("geed")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache of its own for every test, which would otherwise depend on what ran before it."""
    monkeypatch.setenv("GEED_CACHE_DIR", str(tmp_path_factory.getbasetemp() / f"cache-{os.urandom(8).hex()}"))


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth pictures, as many and as large as the module's ``PICTURES = (count, size)`` says."""
    from support.pictures import (
        smooth_pictures,
    )  # with torch, which must not be imported before its threads are set

    count, size = request.module.PICTURES
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), count, size)


def pytest_configure(config: pytest.Config) -> None:
    """A warning put down to a module of this repository is an error; pyproject.toml says what else is."""
    if config.getoption("--run-slow"):
        settings.load_profile("whole")
    here = Path(__file__).parent
    tests = {path.stem for path in here.rglob("*.py")} | {path.name for path in here.rglob("*/")}
    config.addinivalue_line("filterwarnings", rf"error:::({'|'.join({'geed_cli', 'benchmarks', *tests})})\b")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import modules without the garbage collector, and never search them after: its passes take 7% of a run.

    They are also much rarer than by default: a test makes thousands of objects, and hardly any rings of them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


OPT_IN = ("slow", "heavy", "gpu", "network", "browser")


def pytest_addoption(parser: pytest.Parser) -> None:
    """--run-slow, --run-heavy, --run-gpu, --run-network and --run-browser."""
    for marker in OPT_IN:
        parser.addoption(f"--run-{marker}", action="store_true", help=f"run the tests marked {marker}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what was not asked for."""
    for item in items:
        for marker in OPT_IN:
            if marker in item.keywords and not config.getoption(f"--run-{marker}"):
                item.add_marker(pytest.mark.skip(reason=f"needs --run-{marker}"))
