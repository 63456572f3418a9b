"""The GitHub action's script, run: its words reach geed as they are, and its exit code is the gate's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.result.embedded import read_page

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.heavy
ODD = 'it\'s "odd" $(touch made) `touch made` ; touch made'
POLICY = """\
version: 2
require: {min_images: 24}
rules: [{id: features, metric: latent.l2, group: flip, max: %s, level: error}]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working folder whose network, pictures and policies have names that a shell could take amiss."""
    torch.save(small_conv_net().module.state_dict(), tmp_path / "net.pt")
    (tmp_path / f"{ODD}.yaml").write_text(
        "model: {source: python, name: 'support.networks:SmallConvNet'}\n"
        "weights: {origin: file, path: net.pt}\n"
        "input: {size: 16, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}\n",
        encoding="utf-8",
    )
    smooth_pictures(tmp_path / f"pictures {ODD}", 24, 16)
    (tmp_path / "wide policy.yaml").write_text(POLICY % 100, encoding="utf-8")
    (tmp_path / "narrow.yaml").write_text(POLICY % 0.0001, encoding="utf-8")
    return tmp_path


def ran(place: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The script, with the environment that the action gives it."""
    given = {f"GEED_{name.upper()}": value for name, value in inputs.items()}
    kept = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        "GEED_CACHE_DIR": str(place / "cache"),
    }
    return subprocess.run(
        ["bash", str(ROOT / "action" / "run.sh")],
        cwd=place,
        env={**os.environ, **kept, **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_gate_that_passes(place: Path) -> None:
    """The result, the page with it, the summary; odd names and options are one word each, and nothing is evaluated."""
    done = ran(
        place,
        model=f"{ODD}.yaml",
        data=f"pictures {ODD}",
        group="flip\nc4 c2\n",
        policy="wide policy.yaml",
        args="--allow-code\n--metric\nlatent.l2\n",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((place / "geed-result.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in result["groups"]] == ["flip", "c4", "c2"]
    assert {each["metric"] for each in result["results"]} == {"latent.l2"}
    assert result["data"]["count"] == 24
    assert f"{ODD}.yaml" in result["command"]
    assert len(read_page(place / "geed-report.html")) == 1
    assert "features" in (place / "summary.md").read_text(encoding="utf-8")
    assert not (place / "made").exists()


def test_a_gate_that_fails(place: Path) -> None:
    """Exit code 1, with the page, the annotation and the summary all the same."""
    told = {"model": f"{ODD}.yaml", "data": f"pictures {ODD}", "args": "--allow-code"}
    done = ran(place, **told, policy="narrow.yaml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error" in done.stdout
    assert (place / "geed-report.html").exists()
    assert (place / "summary.md").stat().st_size
    assert not (place / "made").exists()


def test_words_are_not_split_and_baselines_need_a_policy(place: Path) -> None:
    """A line of args is one word, whatever is in it: geed refuses it as one, exit 2."""
    odd = ran(place, model=f"{ODD}.yaml", args=f"--metric\n{ODD}")
    assert odd.returncode == 2, odd.stdout + odd.stderr
    assert not (place / "made").exists()
    option = ran(place, model="--allow-code", args="--group\nflip")
    assert option.returncode == 2
    assert "'--allow-code'" in option.stderr or "--allow-code names no model" in option.stderr, option.stderr
    alone = ran(place, model=f"{ODD}.yaml", baseline="last.json")
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "a baseline without a policy" in alone.stderr


def test_an_audit_without_a_gate_has_a_summary(place: Path) -> None:
    """The page of the terminal, in a fence; the exit code is the audit's."""
    done = ran(place, model=f"{ODD}.yaml", data=f"pictures {ODD}", args="--allow-code")
    assert done.returncode == 0, done.stdout + done.stderr
    summary = (place / "summary.md").read_text(encoding="utf-8")
    assert summary == f"```text\n{done.stdout.rstrip()}\n```\n"
    assert len(read_page(place / "geed-report.html")) == 1
