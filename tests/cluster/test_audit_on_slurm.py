"""Audits by jobs of submitit, which its local executor runs as processes here: the digest of one process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.pictures import smooth_pictures

from geed_cli.result.file import read_result
from geed_cli.result.schema import Result

pytestmark = pytest.mark.heavy
pytest.importorskip("submitit", reason="needs the extra integrations")
ROOT = Path(__file__).parents[2]
COUNT = 96
AUDIT = (
    *("audit", "timm:resnet18", "--weights", "random", "--img-size", "64", "-g", "c4"),
    *("-d", "photos", "--samples", str(COUNT)),
)
SKIPPING, STRICT = ("--on-bad-image", "skip"), ("--on-bad-image", "error")
JOBS = ("--engine", "slurm", "--workers", "2", "--slurm", "cluster=local")
PAUSE_S = 0.02


class Run:
    """``geed audit`` in a process of its own, from the folder with the pictures; it writes ``FILE.json`` there."""

    def __init__(self, folder: Path, cache: Path, *options: str) -> None:
        cache.mkdir(exist_ok=True)
        self.file, self.kept = cache / "made.json", cache / "rows"
        words = [sys.executable, "-m", "geed_cli", *AUDIT, *options, "--json", str(self.file)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "GEED_CACHE_DIR": str(cache),
        }
        self.process = subprocess.Popen(
            words, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def said(self, code: int = 0) -> str:
        """What it said, once it has ended with that code."""
        said, _ = self.process.communicate()
        assert self.process.returncode == code, said
        return said

    def result(self, code: int = 0) -> Result:
        """The result, once it has ended with that code."""
        self.said(code)
        return read_result(self.file)

    def jobs(self) -> list[int]:
        """The processes in which jobs run."""
        listed = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True, check=True)
        lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
        return [
            int(pid)
            for pid, words in lines
            if "submitit.core._submit" in words and str(self.kept.parent) in words
        ]

    def written(self) -> int:
        """Bytes of rows that are kept."""
        return sum(file.stat().st_size for file in self.kept.rglob("*.rows"))

    def signal_a_job(self, number: int) -> None:
        """A signal to one of its jobs once rows are kept."""
        self.wait_for(self.jobs)
        job = self.jobs()[0]
        self.wait_for(self.written)
        os.kill(job, number)

    def wait_for(self, what: Callable[[], object]) -> None:
        """Until something is so, or the process has ended."""
        while not what() and self.process.poll() is None:
            time.sleep(PAUSE_S)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, of which three cannot be read, so that others stand in their place."""
    folder = tmp_path_factory.mktemp("here")
    smooth_pictures(folder / "photos", COUNT + 8, 64)
    for number in range(3):
        (folder / "photos" / f"broken{number}.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def local(here: Path) -> Result:
    """The audit of one process."""
    made = Run(here, here / "local", *SKIPPING).result()
    assert len(made.data.images) == COUNT
    assert made.data.refused
    return made


def test_jobs_make_what_one_process_makes(tmp_path: Path, here: Path, local: Result) -> None:
    run = Run(here, tmp_path, *JOBS, *SKIPPING, "--slurm", "timeout_min=9", "--slurm", "partition=any")
    made = run.result()
    assert made.digest == local.digest
    assert "slurm" in made.command
    jobs = made.environment.cluster
    assert jobs is not None
    assert (jobs.engine, jobs.deaths, jobs.lost, jobs.retries) == ("slurm", 0, 0, 0)
    assert jobs.images == len(made.data.images) + len(made.data.refused), "each file once"
    assert jobs.workers >= 2, "and further jobs for what stands in the place of broken files"
    left = [path.name for path in run.kept.iterdir()]
    assert left == [".lock"], "rows and logs are gone once their result is there"


def test_a_preempted_job_goes_on_from_its_rows(tmp_path: Path, here: Path, local: Result) -> None:
    """The signal that Slurm sends before it takes the machine: submitit puts the job in the queue again."""
    run = Run(here, tmp_path, *JOBS, *SKIPPING)
    run.signal_a_job(signal.SIGUSR2)
    assert run.result().digest == local.digest


def test_a_killed_job_is_named_and_the_same_command_goes_on(
    tmp_path: Path, here: Path, local: Result
) -> None:
    first = Run(here, tmp_path, *JOBS, *SKIPPING)
    first.signal_a_job(signal.SIGKILL)
    said = " ".join(first.said(3).split())
    assert "without a result" in said
    assert "are not there: shard" in said
    assert list(first.kept.glob("*.jobs/*.err")), "the logs that the message names"
    kept = first.written()
    again = Run(here, tmp_path, *JOBS, *SKIPPING)
    again.wait_for(lambda: again.written() > kept)  # rows were added to those that were there
    assert again.process.poll() is None
    made = again.result()
    assert made.digest == local.digest
    assert made.environment.cluster is not None
    assert 0 < made.environment.cluster.images < COUNT + len(made.data.refused), "some were there"


def test_an_interrupted_run_cancels_its_jobs_and_leaves_rows(
    tmp_path: Path, here: Path, local: Result
) -> None:
    first = Run(here, tmp_path, *JOBS, *SKIPPING)
    first.wait_for(first.written)
    first.process.send_signal(signal.SIGINT)
    partial = first.result(130)
    assert partial.status == "partial"
    assert 0 < len(partial.data.images) < COUNT
    while first.jobs():  # they are told to end, and the process does not wait for that
        time.sleep(PAUSE_S)
    assert first.written()
    assert Run(here, tmp_path, *JOBS, *SKIPPING).result().digest == local.digest


def test_what_one_process_refuses_ends_the_run_likewise(tmp_path: Path, here: Path) -> None:
    """A file that is no picture, which a job finds: the others are cancelled, and it names those of its own tiles."""
    run = Run(here, tmp_path, *JOBS, *STRICT)
    found, alone = (each.said(2).partition("error: ")[2] for each in (run, Run(here, tmp_path, *STRICT)))
    assert found.startswith("cannot use ")
    assert alone.startswith("cannot use ")
    assert "'broken" in found
    while run.jobs():
        time.sleep(PAUSE_S)
