"""Audits on a real Ray cluster of this machine: the digest of one process, whatever happens to workers and driver."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from geed_cli.result.file import read_result
from geed_cli.result.schema import Result

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).parents[2]
AUDIT = ["audit", "timm:resnet18", "--weights", "random", "--img-size", "64", "-g", "c4", "-q"]
SAMPLES = ("--samples", "150", "--on-bad-image", "skip")
PAUSE_S = 0.02


class Run:
    """``geed audit`` in a process of its own, which writes ``FILE.json``."""

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        self.file = folder / f"{name}.json"
        words = [sys.executable, "-m", "geed_cli", *AUDIT, *SAMPLES, *options, "--json", str(self.file)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "GEED_CACHE_DIR": str(folder / "cache"),
        }
        self.rows = folder / "cache" / "rows"
        self.process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def result(self, code: int = 0) -> Result:
        """The result, once the process has ended with that code."""
        said, _ = self.process.communicate()
        assert self.process.returncode == code, said
        return read_result(self.file)

    def workers(self) -> list[int]:
        """The processes of workers that are at a task."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True)
        lines = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
        mine = {self.process.pid}
        while more := {int(pid) for pid, parent, _ in lines if int(parent) in mine} - mine:
            mine |= more
        return [
            int(pid) for pid, _, words in lines if int(pid) in mine and words.startswith("ray::Worker.make")
        ]

    def written(self) -> int:
        """Bytes of rows that are kept."""
        return sum(file.stat().st_size for file in self.rows.rglob("*.rows"))

    def wait_for(self, what: Callable[[], object]) -> None:
        """Until something is so, or the process has ended."""
        while not what() and self.process.poll() is None:
            time.sleep(PAUSE_S)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred and seventy files, of which some are no images, and some copies of others: bytes alone, or pixels."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(160):
        picture = Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8))
        picture.save(folder / f"{number:03}.png")
        if number < 4:
            picture.save(folder / f"{number:03}.bmp")
    for number in range(10, 13):
        shutil.copy(folder / f"{number:03}.png", folder / f"copy{number}.png")
        (folder / f"broken{number}.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Result:
    """The audit of one process."""
    made = Run(tmp_path_factory.mktemp("local"), "local", "-d", str(photos)).result()
    assert len(made.data.images) == 150
    assert made.data.refused
    assert {copy.same for copy in made.data.duplicates} == {"bytes", "pixels"}
    return made


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_make_what_one_process_makes(
    tmp_path: Path, photos: Path, local: Result, workers: int
) -> None:
    pytest.importorskip("ray", reason="needs the extra integrations")
    made = Run(tmp_path, "ray", "-d", str(photos), "--engine", "ray", "--workers", str(workers)).result()
    assert made.digest == local.digest
    assert made.environment.cluster is not None
    assert made.environment.cluster.images >= len(made.data.images)
    assert made.environment.cluster.lost == 0
    assert not list((tmp_path / "cache" / "rows").rglob("*.rows")), "rows are gone once their result is there"


def test_killed_workers_change_nothing(tmp_path: Path, photos: Path, local: Result) -> None:
    """Whichever worker is at a task is killed, again and again, at random points."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    run, random, killed = (
        Run(tmp_path, "ray", "-d", str(photos), "--engine", "ray", "--workers", "2"),
        Random(3),
        0,
    )
    while killed < 5 and run.process.poll() is None:
        run.wait_for(run.workers)
        time.sleep(random.uniform(0, 0.5))
        for worker in run.workers()[:1]:
            os.kill(worker, signal.SIGKILL)
            killed += 1
    made = run.result()
    assert killed
    assert made.digest == local.digest
    assert made.environment.cluster is not None
    assert made.environment.cluster.deaths


def test_a_killed_driver_goes_on_from_its_rows(tmp_path: Path, photos: Path, local: Result) -> None:
    """The driver is killed, then interrupted, then left alone: a partial result, and the whole one."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    options = ("-d", str(photos), "--engine", "ray", "--workers", "2")
    first = Run(tmp_path, "ray", *options)
    first.wait_for(first.written)
    first.process.kill()
    first.process.communicate()
    kept = first.written()
    assert kept
    second = Run(tmp_path, "ray", *options)
    second.wait_for(lambda: second.written() > kept)
    second.process.send_signal(signal.SIGINT)
    partial = second.result(130)
    assert partial.status == "partial"
    assert 0 < len(partial.data.images) < len(local.data.images)
    made = Run(tmp_path, "ray", *options).result()
    assert made.environment.cluster is not None
    assert made.environment.cluster.images < len(made.data.images)
    assert made.digest == local.digest
