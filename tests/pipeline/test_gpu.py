"""On a CUDA device: the same values as on the CPU, to the rounding of float32 convolutions."""

from pathlib import Path

import pytest
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("fp64", 1e-9)])
def test_cuda_agrees_with_the_cpu(tmp_path: Path, precision: str, tolerance: float) -> None:
    """TF32 off: 1e-4 relative in float32, 1e-9 in float64, for every value of four groups."""
    folder = smooth_pictures(tmp_path / "p", 24, 16)
    found = [
        audit(
            small_conv_net(),
            ["flip", "c4", "d4", "c8"],
            AuditOptions(data=DataOptions(folder), run=RunOptions(device, 8, precision)),
        )
        for device in ("cpu", "cuda")
    ]
    for one, other in zip(found[0].results, found[1].results, strict=True):
        assert other.value == pytest.approx(one.value, rel=tolerance, abs=1e-6)
