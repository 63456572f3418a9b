"""A track on a real Ray cluster of this machine: at every step the audit of one process."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support.pictures import smooth_pictures
from support.ray_runs import RayRun

from geed_cli.tracking.track_file import read_track

CODE = """
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 3))
        self.register_buffer("noise", torch.zeros(()))

    def forward(self, x):
        return super().forward(x + self.noise * torch.rand(()))
"""
SPEC = """
model: {source: python, name: "ray_track:Net", cache_key: v1}
weights: {origin: random}
layers: ["0"]
split: {features: "3", classifier: "4"}
input: {size: 64, crop_pct: 1.0, interpolation: bilinear, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
"""
TRACK = (
    *("track", "step_*.safetensors", "--model", "net.yaml", "--allow-code", "-g", "c4", "-d", "pictures"),
    *("--samples", "100", "-q"),
)
ON_RAY = ("--engine", "ray", "--workers", "2")


def checkpoint(folder: Path, step: int, *, noise: float = 0.0) -> Path:
    """A checkpoint of the network, which with noise is no function of one image."""
    torch.manual_seed(step)
    body, head = torch.nn.Conv2d(3, 32, 3).state_dict(), torch.nn.Linear(32, 3).state_dict()
    state = {f"0.{name}": value for name, value in body.items()}
    state |= {f"4.{name}": value for name, value in head.items()}
    file = folder / f"step_{step}.safetensors"
    save_file({**state, "noise": torch.tensor(noise)}, file)
    return file


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Six checkpoints: two of the same bytes, one that is noisy, one that was cut short."""
    (tmp_path / "ray_track.py").write_text(CODE)
    (tmp_path / "net.yaml").write_text(SPEC)
    smooth_pictures(tmp_path / "pictures", 100, 64)
    files = [checkpoint(tmp_path, step, noise=float(step == 3)) for step in (1, 2, 3, 4, 5, 6)]
    files[3].write_bytes(files[1].read_bytes())
    files[4].write_bytes(files[0].read_bytes()[:2000])
    return tmp_path


def digests(file: Path) -> dict[int, str]:
    """Of the audit of every step."""
    records = read_track(file).records
    assert all(record.source == "checkpoint" for record in records)
    return {record.step: record.result.digest for record in records}


@pytest.mark.heavy
def test_steps_are_those_of_one_process(run: Path) -> None:
    """A worker is killed; what is wrong with two of the files is said of these, and the track goes on from its file."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    alone = RayRun(run, *TRACK, "--json", "local.json").said(2)
    local = digests(run / "local.json")
    assert sorted(local) == [1, 2, 4, 6]
    words = (*TRACK, *ON_RAY, "--json", "ray.json")
    made = RayRun(run, *words, cache=run / "cache of ray")
    assert made.kill_a_worker()
    said = made.said(2)
    assert digests(run / "ray.json") == local
    for found in ("step_5.safetensors", "step_3.safetensors", "is no function of one image"):
        assert found in said
        assert found in alone
    checkpoint(run, 3)
    checkpoint(run, 5)
    RayRun(run, *words, cache=run / "cache of ray").said()
    RayRun(run, *TRACK, "--json", "local.json").said()
    assert digests(run / "ray.json") == digests(run / "local.json")
