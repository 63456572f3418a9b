"""Whole audits of compiled networks, with the compiler that users get: the values of plain runs, to rounding."""

from pathlib import Path

import pytest
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from support.results import measured

from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, Precision, RunOptions

pytestmark = pytest.mark.slow


def vision_transformer() -> Network:
    return load_model("timm:vit_tiny_patch16_224", weights="random", img_size=32)


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-3), ("fp64", 1e-9)])
@pytest.mark.parametrize("build", [small_conv_net, vision_transformer])
def test_compiled_and_plain_audits_agree(
    tmp_path: Path, build: type[Network], precision: Precision, tolerance: float
) -> None:
    """Sums in another order: 1e-3 of a value in float32, whose small deviations are differences, 1e-9 in float64."""
    size = build().input.size
    data = DataOptions(smooth_pictures(tmp_path / "p", 5, size))
    plain, compiled = (
        audit(
            build(),
            ["c4", "c8"],
            AuditOptions(data=data, run=RunOptions("cpu", 8, precision, compile=chosen)),
        )
        for chosen in (False, True)
    )
    assert (plain.settings.compiled, compiled.settings.compiled) == (False, True)
    for one, other in zip(measured(plain), measured(compiled), strict=True):
        assert other.raw == pytest.approx(one.raw, rel=tolerance, abs=tolerance**1.5)
