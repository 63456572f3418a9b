"""``--engine ray`` on the command line: what is refused before any weights are loaded, each with a way out."""

import sys

import pytest
from support.command import Geed

AUDIT = ("audit", "timm:resnet18", "--weights", "random")


@pytest.mark.parametrize(
    ("words", "found", "remedy"),
    [
        (("--workers", "2"), "--workers cannot act on this process alone", "add --engine ray"),
        (("--ray-address", "auto"), "--ray-address cannot act on this process alone", "add --engine ray"),
        (("--engine", "ray", "--no-cache"), "--no-cache together with --engine ray", "--cache-dir DIR"),
        (("--engine", "ray", "--devices", "0,1"), "--devices 0,1 together with --engine ray", "--gpus-per-worker 1"),
        (("--engine", "ray", "--discover", "linear"), "--engine ray together with --discover", "leave out --discover"),
        (("--engine", "ray", "--gpus-per-worker", "1.5"), "--gpus-per-worker 1.5", "--gpus-per-worker 1"),
        (("--engine", "ray", "--shard", "1/2", "--json", "x.json"), "--shard together with --engine ray", "--shard"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(geed: Geed, words: tuple[str, ...], found: str, remedy: str) -> None:
    done = geed(*AUDIT, *words)
    said = " ".join(done.stderr.split())
    assert done.exit_code == 2, said
    assert found in said
    assert remedy in said.partition("try:")[2]


def test_without_the_package_the_command_that_installs_it_is_named(
    geed: Geed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    done = geed(*AUDIT, "--engine", "ray")
    assert done.exit_code == 2
    assert "--engine ray needs the package ray" in " ".join(done.stderr.split())
    assert "python -m pip install ray" in done.stderr
