"""Several CUDA devices: the digits of one of them; one device twice stands in where there is a single GPU."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import RunError
from geed_cli.models.load import load_model
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("devices", [("0", "0"), ("0", "1"), ("1",), ("all",)])
def test_the_digits_of_one_gpu(tmp_path: Path, devices: tuple[str, ...]) -> None:
    """A network of timm on pictures enough for several batches on each, controls and the cache among it."""
    if "1" in devices and torch.cuda.device_count() < 2:
        pytest.skip("a single GPU")
    folder = smooth_pictures(tmp_path / "p", 60, 64)
    network = load_model("timm:test_resnet", weights="random", img_size=64)
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cuda", 16), controls=ControlOptions(8))
    one = audit(network, ["flip", "c8"], options)
    shared = replace(options, run=replace(options.run, devices=devices), cache=tmp_path / "cache")
    several = audit(network, ["flip", "c8"], shared)
    assert several.results == one.results
    assert several.environment == one.environment
    assert several.settings.device.startswith("cuda:")
    again = audit(network, ["flip", "c8"], replace(options, cache=tmp_path / "cache"))
    assert again.timing.cached == 60
    assert again.results == one.results


def test_devices_of_two_kinds_are_refused(tmp_path: Path) -> None:
    """Their digits would differ."""
    folder = smooth_pictures(tmp_path / "p", 4, 16)
    with pytest.raises(RunError, match="different devices"):
        audit(
            small_conv_net(),
            ["flip"],
            AuditOptions(DataOptions(folder), run=RunOptions(devices=("0", "cpu"))),
        )


def test_a_number_too_large_is_told_what_there_is(tmp_path: Path) -> None:
    """Exit code 3."""
    folder = smooth_pictures(tmp_path / "p", 4, 16)
    with pytest.raises(RunError, match="CUDA device 99 is not available here") as caught:
        audit(
            small_conv_net(), ["flip"], AuditOptions(DataOptions(folder), run=RunOptions(devices=("0", "99")))
        )
    assert "one of: 0" in str(caught.value)
