"""A sweep on a real Ray cluster of this machine: the cells of one process, and a model that fails alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geed_cli.result.file import read_result

ROOT = Path(__file__).parents[2]
OPTIONS = ("--weights", "random", "--img-size", "64", "-g", "flip", "--samples", "40")


def sweep(folder: Path, *words: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the digest of every cell by its file."""
    out = folder / "swept"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "GEED_CACHE_DIR": str(folder / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "geed_cli", "sweep", *words, *OPTIONS, "--out", str(out)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    files = [file for file in out.rglob("*.json") if file.parent != out]
    return done.returncode, {file.name: read_result(file).digest for file in files}


@pytest.mark.heavy
def test_cells_are_those_of_one_process(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra integrations")
    models = ("timm:resnet18", "timm:resnet26")
    code, local = sweep(tmp_path / "local", *models)
    assert (code, len(local)) == (0, 2)
    code, made = sweep(tmp_path / "ray", *models, "timm:nonsense", "--engine", "ray", "--workers", "2")
    assert code == 3
    assert made == local
