"""Threads that share work in C: torch's own where it has an OpenMP that is known, and as many as were asked for."""

import ctypes
import sys
import threading

import pytest
import torch

from geed_cli.kernel import team
from geed_cli.kernel.team import openmp, together


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads are started")
def test_torch_lends_its_own() -> None:
    assert "backend: OpenMP" in torch.__config__.parallel_info()
    assert openmp() is not None


@pytest.mark.parametrize("kind", ["of torch", "started"])
def test_each_calls_once(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The caller is one of them; each waits for the others, so that they run at once."""
    if kind == "started":
        monkeypatch.setattr(team, "openmp", lambda: None)
    elif openmp() is None:
        pytest.skip("torch has no OpenMP that is known")
    seen: list[tuple[int, int | None]] = []
    meeting = threading.Barrier(3, timeout=60)

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def work(shared: int | None) -> None:
        meeting.wait()
        seen.append((threading.get_ident(), shared))

    together(work, 16, 3)
    assert {shared for _, shared in seen} == {16}
    assert len({thread for thread, _ in seen}) == len(seen) == 3
    assert threading.get_ident() in {thread for thread, _ in seen}


def test_alone() -> None:
    seen: list[int | None] = []
    together(ctypes.CFUNCTYPE(None, ctypes.c_void_p)(seen.append), 16, 1)
    assert seen == [16]
