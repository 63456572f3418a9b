"""Pairs of torch and torchvision: which fit, and that a wrong one is named before anything of it is imported."""

import os
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest

import geed_cli
from geed_cli.runtime.versions import mismatch, require_matching_torchvision


@pytest.mark.parametrize(
    ("torch", "torchvision", "requirement", "why"),
    [
        ("2.10.0", "0.25.0", "torch==2.10.0", None),
        ("2.10.0+cpu", "0.25.0+cpu", "torch==2.10.0", None),
        ("2.10.0+cu126", "0.25.0+cu128", "torch==2.10.0", None),
        ("2.10.0", "0.25.0+cu126", "torch==2.10.0", None),
        ("2.10.0+cu126", "0.25.0+cpu", "torch==2.10.0", None),
        ("2.14.1", "0.29.1", "torch (>=2.14.0)", None),
        ("2.11.0.dev20260101+cpu", "0.26.0.dev20260101+cpu", "torch==2.11.0.dev20260101", None),
        ("2.10.0a0+git12ab", "0.25.0a0", "torch==2.10.0", None),
        ("2.10.0a0+git12ab", "0.25.0a0", "torch", None),
        ("unknown", "0.25.0", "torch==2.10.0", None),
        ("2.11.0", "0.25.0", "torch==2.10.0", "it requires torch ==2.10.0"),
        ("2.10.1", "0.25.0", "torch (==2.10.0)", "it requires torch ==2.10.0"),
        ("2.9.0", "0.29.1", "torch>=2.14.0", "it requires torch >=2.14.0"),
        (
            "2.10.0+cpu",
            "0.25.0+cu126",
            "torch==2.10.0",
            "it was built for CUDA 12, and the torch for the CPU",
        ),
        (
            "2.10.0+cu118",
            "0.25.0+cu126",
            "torch==2.10.0",
            "it was built for CUDA 12, and the torch for CUDA 11",
        ),
    ],
)
def test_pairs(torch: str, torchvision: str, requirement: str, why: str | None) -> None:
    """The CPU's torchvision serves beside any torch of its version; builds from source count as what they become."""
    assert mismatch(torch, torchvision, requirement) == why


def test_what_is_installed_here_fits() -> None:
    """It is what the tests run with, and its requirement is found."""
    require_matching_torchvision()
    (needed,) = [text for text in requires("torchvision") or () if text.startswith("torch")]
    assert mismatch("1.0", version("torchvision"), needed) is not None


@pytest.mark.heavy
def test_a_wrong_pair_is_named(tmp_path: Path) -> None:
    """With the metadata of another torchvision in front of the real one's, which is not imported."""
    metadata = tmp_path / "torchvision-0.1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(
        "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.1.0\nRequires-Dist: torch (==1.0.0)\n"
    )
    code = (
        "import sys; from geed_cli.__main__ import main\n"
        "try: main()\n"
        "finally: print('torchvision' in sys.modules)\n"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(geed_cli.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", code, "audit", "resnet50", "-g", "flip"],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stdout == "False\n"
    found = f"torchvision 0.1.0 does not belong to the installed torch {version('torch')}: it requires torch ==1.0.0"
    assert " ".join(done.stderr.split()).startswith(f"error: {found}")
    assert "python -m pip install --upgrade torch torchvision" in done.stderr
