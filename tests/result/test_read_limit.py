"""How large a file is read: as large as there is memory for, so that what a run wrote can be read where it was made."""

import os
from pathlib import Path

import pytest
from support.command import Geed, geed
from support.results import small_result

from geed_cli.result import read_limit
from geed_cli.result.file import read_result, write_result

__all__ = ["geed"]


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A result that is larger than what is read everywhere, in miniature."""
    write_result(small_result(), file := tmp_path / "large.json")
    monkeypatch.setattr(read_limit, "ALWAYS", file.stat().st_size - 1)
    return file


def test_memory_for_it_is_what_it_takes(saved: Path, geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the file's size, as a container has it; with a byte less, every command says what would do."""
    container = saved.with_name("memory.max")
    monkeypatch.setattr(read_limit, "CGROUP", container)
    enough = 8 * saved.stat().st_size
    container.write_text(f"{enough}\n")
    assert read_result(saved) == small_result()
    assert geed("validate", str(saved)).exit_code == 0
    container.write_text(f"{enough - 1}\n")
    for command in (["validate", str(saved)], ["compare", f"a={saved}", f"b={saved}"]):
        refused = geed(*command)
        assert refused.exit_code == 2
        said = " ".join(refused.stderr.split())
        assert f"has {saved.stat().st_size} bytes" in said
        assert f"expected: at most {saved.stat().st_size - 1}: 512 MiB, or an eighth" in said


def test_the_whole_machine_counts_where_no_container_has_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure is the one of /proc/meminfo, which says so itself; without either 512 MiB are read."""
    monkeypatch.setattr(read_limit, "CGROUP", Path("nowhere"))
    said = Path("/proc/meminfo")
    if said.exists():
        kib = int(said.read_text().split()[1])
        assert read_limit.memory() == kib * 1024
    assert read_limit.most_bytes() == max(512 * 2**20, read_limit.memory() // 8)
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert (read_limit.memory(), read_limit.most_bytes()) == (0, 512 * 2**20)
