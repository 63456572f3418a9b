"""Memory that runs out beside the run itself: nothing that it left out is remembered as measured."""

from pathlib import Path

import pytest
import torch
from support.pictures import smooth_pictures

from geed_cli.engine import engine as local
from geed_cli.engine.passes import OutOfMemoryError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline import planning
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.pipeline.reuse import grid_cache


@pytest.fixture(scope="module")
def network() -> Network:
    return load_model("timm:resnet10t", weights="random", img_size=32)


@pytest.fixture
def options(tmp_path: Path) -> AuditOptions:
    folder = tmp_path / "pictures"
    folder.mkdir()
    data = DataOptions(smooth_pictures(folder, count=3, size=40))
    return AuditOptions(data=data, run=RunOptions("cpu", 1), layers=("layer1",), cache=tmp_path / "cache")


def full(*_: object, **__: object) -> None:
    raise torch.OutOfMemoryError("no room")


def test_a_rounding_without_room_is_measured_the_next_time(
    network: Network, options: AuditOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends, and the next one has the rounding of a run that was never short of memory."""
    with monkeypatch.context() as patch:
        patch.setattr(local, "rounding", full)
        with pytest.raises(OutOfMemoryError):
            audit(network, ["flip"], options)
    found = audit(network, ["flip"], options)
    assert all("rounding" in entry.controls for entry in found.results if entry.value is not None)


def test_grid_phases_without_room_are_found_the_next_time(
    network: Network, options: AuditOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured is not lost; that no layer is broken is not remembered."""
    monkeypatch.setattr(grid_cache, "_remembered", {})
    monkeypatch.setattr(grid_cache, "_remembered_sizes", {})
    with monkeypatch.context() as patch:
        patch.setattr(planning, "trace_alignments", full)
        short = audit(network, ["flip"], options)
    found = audit(network, ["flip"], options)
    assert short.grid_phase == ()
    assert found.grid_phase != ()
    assert found.results == short.results
