"""Sections 4.1 and 4.2 from pictures to verdicts at scale ``tiny``: their numbers mean nothing, their path is whole."""

import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up digits of ten classes, a bar at an angle of its own for each, and made-up clothes."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 10
    row, column = np.mgrid[-13.5:14, -13.5:14]
    angles = labels[:, None, None] * np.pi / 10
    distance = np.abs(np.cos(angles) * row + np.sin(angles) * column)
    images = (255 * np.exp(-((distance / 2) ** 2)) * rng.uniform(0.6, 1, (400, 1, 1))).astype(np.uint8)
    np.savez(folder / "mnist10k.npz", images=images, labels=labels.astype(np.uint8))
    (folder / "fashion-mnist").mkdir()
    clothes = rng.integers(0, 256, (60, 28, 28), dtype=np.uint8)
    header = bytes([0, 0, 8, 3]) + np.array(clothes.shape, ">i4").tobytes()
    (folder / "fashion-mnist" / "t10k-images-idx3-ubyte.gz").write_bytes(
        gzip.compress(header + clothes.tobytes())
    )
    return folder


def run(*words: str, cwd: Path) -> str:
    """A module of the examples, as it is called from the repository's root; what it printed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_both_sections_run_to_their_verdicts_and_go_on_where_they_ended(data: Path, tmp_path: Path) -> None:
    """Every file is there; a second run does nothing; nine numbers of each network agree with the slow code."""
    out = tmp_path / "out"
    given = ("--scale", "tiny", "--data", str(data), "--out", str(out))
    for section, claims in (("4.1", 11), ("4.2", 6)):
        printed = run("examples.paper.run", section, *given, cwd=ROOT)
        assert printed.count("$ ") > 20
        rows = list(csv.DictReader((out / section / "claims.csv").read_text().splitlines()))
        assert [row["number"] for row in rows] == [f"{section}{letter}" for letter in "abcdefghijk"[:claims]]
        assert {row["verdict"] for row in rows} <= {"supported", "not supported", "undecided"}
        again = run("examples.paper.run", section, *given, cwd=ROOT)
        assert again.count("$ ") == 0
    track = out / "4.1" / "hidden_zero.json"
    assert json.loads(track.read_text())["status"] == "complete"
    checked = run("examples.paper.verify", str(track), "--step", "4", "--scale", "tiny", cwd=ROOT)
    assert len(checked.splitlines()) == 18
