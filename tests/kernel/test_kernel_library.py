"""Which library is used: one that was compiled from the source as it stands, unless the environment says off."""

import ctypes
import shutil
from pathlib import Path

import pytest

from benchmarks.package_kernel import DIGITS as DIGITS_OF_BUILDS
from benchmarks.package_kernel import LIBRARY as BUILT
from benchmarks.package_kernel import SOURCE as COMPILED
from benchmarks.package_kernel import compiled
from geed_cli.kernel import library as module
from geed_cli.kernel.library import DIGITS, LIBRARY, OFF, SOURCE, VARIABLE, kernel, load

ROOT = Path(__file__).resolve().parents[2]


def test_builds_write_what_is_looked_for() -> None:
    """They import nothing of the package, so each says it once more."""
    assert ROOT / COMPILED == SOURCE
    assert ROOT / BUILT == LIBRARY
    assert DIGITS_OF_BUILDS == DIGITS


def test_a_library_of_another_source_is_not_used(library: ctypes.CDLL, tmp_path: Path) -> None:
    """As an editable installation has one after an update of the source: torch sums, and nothing is said."""
    path, source = tmp_path / LIBRARY.name, tmp_path / SOURCE.name
    shutil.copy(SOURCE, source)
    assert compiled(source, path) is None
    assert load(path, source) is not None
    source.write_text(source.read_text("utf-8") + "\n", "utf-8")
    assert load(path, source) is None
    assert library.map_sums_source() != b""


@pytest.mark.parametrize("content", [None, b"", b"no library at all"])
def test_what_is_no_library_is_not_used(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / LIBRARY.name).write_bytes(content)
    assert load(tmp_path / LIBRARY.name, SOURCE) is None


@pytest.mark.parametrize("word", [*sorted(OFF), "OFF"])
def test_the_environment_switches_it_off(
    library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(module, "_built", lambda: library)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert kernel() is library
    monkeypatch.setenv(VARIABLE, word)
    assert kernel() is None
