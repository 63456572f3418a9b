"""``--engine ray`` on the command line: what is refused before any weights are loaded, each with a way out."""

import sys

import pytest
from support.command import Geed

AUDIT = ("audit", "timm:resnet18", "--weights", "random")
SLURM = ("--engine", "slurm", "--workers", "2")


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
        (("--slurm", "partition=a"), "--slurm cannot act on anything but Slurm", "add --engine slurm"),
        ((*SLURM[:2],), "--engine slurm without a number of jobs", "--workers 16"),
        ((*SLURM, "--ray-address", "auto"), "--ray-address cannot act on jobs of Slurm", "--engine ray"),
        ((*SLURM, "--gpus-per-worker", "0.5"), "--gpus-per-worker 0.5 together with --engine slurm", "-worker 1"),
        ((*SLURM, "--slurm", "partition"), "--slurm 'partition'", "--slurm partition=gpu"),
        ((*SLURM, "--slurm", "comment=a\nb"), "--slurm 'comment=a\\nb'", "--slurm partition=gpu"),
        ((*SLURM, "--slurm", "cluster=other"), "--slurm cluster=other", "cluster=local"),
        ((*SLURM, "--slurm", "setup=id"), "--slurm setup=…", "leave it out"),
        ((*SLURM, "--slurm", "nodes=2"), "--slurm nodes=…", "leave it out"),
        ((*SLURM, "--no-cache"), "--no-cache together with --engine slurm", "--cache-dir DIR"),
        ((*SLURM, "--discover", "linear"), "--engine slurm together with --discover", "leave out --discover"),
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


def test_without_slurm_the_machine_that_has_it_is_named(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit", reason="needs the extra integrations")
    monkeypatch.setenv("PATH", "/nowhere")
    done = geed(*AUDIT, *SLURM)
    assert done.exit_code == 3
    said = " ".join(done.stderr.split())
    assert "there is no Slurm on this machine: srun and sbatch cannot be found" in said
    assert "login node" in said


def test_jobs_are_of_one_audit(geed: Geed) -> None:
    done = geed("compare", "timm:resnet18", "timm:resnet34", "--weights", "random", *SLURM)
    assert done.exit_code == 2
    assert "--engine slurm on a command other than geed audit" in " ".join(done.stderr.split())
