"""Audits on a real Ray cluster of this machine: the digest of one process, whatever happens to workers and driver."""

import shutil
import signal
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image
from support.ray_runs import RayRun

from geed_cli.result.file import read_result
from geed_cli.result.schema import Result

pytestmark = pytest.mark.heavy
AUDIT = ("audit", "timm:test_resnet", "--weights", "random", "--img-size", "64", "-g", "c4", "-q")
PHOTOS, SAMPLES = 640, 600
WORKER_KILLS, DRIVER_KILLS = 14, 6
PAUSE_S = 0.5
"""A worker is killed at most so long after it began a task; a task of these takes about as long."""


def audit(folder: Path, photos: Path, *words: str) -> RayRun:
    """An audit that was started."""
    options = ("-d", str(photos), "--samples", str(SAMPLES), "--on-bad-image", "skip", "--json", "made.json")
    return RayRun(folder, *AUDIT, *options, *words)


def on_ray(folder: Path, photos: Path, workers: int = 2) -> RayRun:
    """The same by workers."""
    return audit(folder, photos, "--engine", "ray", "--workers", str(workers))


def result(run: RayRun, folder: Path, code: int = 0) -> Result:
    """What it made, once it has ended; each image has one row, and nothing of the run is left."""
    run.said(code)
    made = read_result(folder / "made.json")
    paths = [image.path for image in made.data.images]
    assert len(set(paths)) == len(paths) == made.data.count
    assert run.left() == ([], [])
    return made


def wait_for_rows(run: RayRun) -> None:
    """Until more are there than now, or it has ended."""
    before = run.written()
    run.wait_for(lambda: run.written() > before)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of which some are no images, and some copies of others: bytes alone, or pixels."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(PHOTOS):
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
    folder = tmp_path_factory.mktemp("local")
    made = result(audit(folder, photos), folder)
    assert len(made.data.images) == SAMPLES
    assert made.data.refused
    assert {copy.same for copy in made.data.duplicates} == {"bytes", "pixels"}
    return made


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_make_what_one_process_makes(
    tmp_path: Path, photos: Path, local: Result, workers: int
) -> None:
    pytest.importorskip("ray", reason="needs the extra integrations")
    made = result(on_ray(tmp_path, photos, workers), tmp_path)
    assert made.digest == local.digest
    assert made.environment.cluster is not None
    assert made.environment.cluster.images >= len(made.data.images)
    assert made.environment.cluster.lost == 0
    assert not list((tmp_path / "cache" / "rows").rglob("*.rows")), "rows are gone once their result is there"


def test_killed_workers_change_nothing(tmp_path: Path, photos: Path, local: Result) -> None:
    """Whichever worker is at a task is killed, again and again, at random points; rows are made between these."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    run, random, killed = on_ray(tmp_path, photos), Random(3), 0
    while killed < WORKER_KILLS and run.running:
        run.wait_for(run.workers)
        time.sleep(random.uniform(0, PAUSE_S))
        killed += run.kill_a_worker()
        wait_for_rows(run)
    made = result(run, tmp_path)
    assert made.digest == local.digest
    assert killed >= WORKER_KILLS // 2, "the run may end before the last of them"
    assert made.environment.cluster is not None
    assert made.environment.cluster.deaths >= killed // 2, "some of them had just ended their task"


def test_a_driver_that_is_killed_again_and_again_changes_nothing(
    tmp_path: Path, photos: Path, local: Result
) -> None:
    """By turns at a random point of a run as long as one left alone, and while rows are made; nothing is left."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    (alone := tmp_path / "alone").mkdir()
    begun = time.monotonic()
    assert result(on_ray(alone, photos), alone).digest == local.digest
    length, random, kept = time.monotonic() - begun, Random(5), [0]
    for number in range(DRIVER_KILLS):
        run = on_ray(tmp_path, photos)
        if number % 2:
            wait_for_rows(run)
        time.sleep(random.uniform(0, PAUSE_S if number % 2 else length))
        if run.running:
            run.kill()
            kept.append(run.written())
            assert run.left() == ([], [])
        else:  # it was faster than the other
            assert result(run, tmp_path).digest == local.digest
    assert max(kept)
    made = result(on_ray(tmp_path, photos), tmp_path)
    assert made.digest == local.digest


def test_a_killed_driver_goes_on_from_its_rows(tmp_path: Path, photos: Path, local: Result) -> None:
    """The driver is killed, then interrupted, then left alone: a partial result, and the whole one."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    first = on_ray(tmp_path, photos)
    first.wait_for(first.written)
    first.kill()
    assert first.left() == ([], [])
    kept = first.written()
    assert kept
    second = on_ray(tmp_path, photos)
    second.wait_for(lambda: second.written() > kept)
    second.process.send_signal(signal.SIGINT)
    partial = result(second, tmp_path, 130)
    assert partial.status == "partial"
    assert 0 < len(partial.data.images) < len(local.data.images)
    made = result(on_ray(tmp_path, photos), tmp_path)
    assert made.environment.cluster is not None
    assert made.environment.cluster.images < len(made.data.images)
    assert made.digest == local.digest
