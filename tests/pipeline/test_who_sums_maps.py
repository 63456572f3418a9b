"""Who sums maps, the kernel or torch, is recorded, and rows of one are not taken for rows of the other."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.audits import StopAfter
from support.networks import small_conv_net
from support.results import numbers

from geed_cli.engine.batches import Placement
from geed_cli.kernel.library import VARIABLE, kernel
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.pipeline.reuse.row_cache import machine_of
from geed_cli.result.schema import Result

SIZE = 16
PICTURES = (4, SIZE)


def audited(folder: Path, cache: Path | None, progress: Progress | None = None) -> Result:
    """Rows are kept of networks of known libraries alone, which their weights tell apart."""
    network = replace(small_conv_net(size=SIZE), source="timm")
    options = AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("cpu", 3),
        controls=ControlOptions(probes=2),
        layers=("block*",),
        cache=cache,
    )
    return audit(network, ["c4", "c3"], options, progress or Silent())


def test_without_the_kernel(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh, from the cache and resumed the same digits; with it others of the same size, and rows of its own."""
    monkeypatch.setenv(VARIABLE, "off")
    fresh = audited(folder, None)
    assert fresh.environment.map_sums == "torch"
    assert audited(folder, tmp_path, StopAfter(2)).status == "partial"
    resumed, again = audited(folder, tmp_path), audited(folder, tmp_path)
    assert (resumed.timing.cached, again.timing.cached) == (2, 4)
    assert numbers(fresh) == numbers(resumed) == numbers(again)
    monkeypatch.delenv(VARIABLE)
    if kernel() is None:
        pytest.skip("the kernel is not built here")
    other = audited(folder, tmp_path)
    assert (other.environment.map_sums, other.timing.cached) == ("kernel", 0)
    assert audited(folder, tmp_path).timing.cached == 4
    assert other.digest != fresh.digest
    for one, another in zip(fresh.results, other.results, strict=True):
        if one.per_image is not None and another.per_image is not None:
            assert one.per_image.value == pytest.approx(another.per_image.value, abs=1e-6)


@pytest.mark.parametrize(
    ("dtype", "device", "by"),
    [
        (torch.float32, "cpu", "kernel"),
        (torch.bfloat16, "cpu", "kernel"),
        (torch.float64, "cpu", "torch"),
        (torch.float32, "mps", "torch"),
    ],
)
def test_rows_say_who_summed(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, device: str, by: str
) -> None:
    """Row files and keys of the cache, as they say the kind of CPU: merging says where it differs."""
    monkeypatch.setattr("geed_cli.measures.maps.compared.kernel", object)
    assert machine_of(Placement(torch.device(device), dtype, 8))["map_sums"] == by
    monkeypatch.setattr("geed_cli.measures.maps.compared.kernel", lambda: None)
    assert machine_of(Placement(torch.device(device), dtype, 8))["map_sums"] == "torch"
