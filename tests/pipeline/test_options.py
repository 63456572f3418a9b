"""What an audit is told reaches it, and what it cannot be told is refused where it is said."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DataOptions,
    RunOptions,
)


def test_the_action_options_reach_the_action(tmp_path: Path) -> None:
    """Boundary and interpolation change values of c8, and stand in the signature and in the result's groups."""
    folder = smooth_pictures(tmp_path / "p", 2, 15)
    values, signatures = [], []
    for action in (
        ActionOptions(),
        ActionOptions("zero"),
        ActionOptions("reflect"),
        ActionOptions("disc", "bicubic"),
    ):
        options = AuditOptions(data=DataOptions(folder), action=action, run=RunOptions("cpu", 8, "fp64"))
        result = audit(small_conv_net(size=15), ["flip", "c8"], options)
        values.append(next(e.raw for e in result.results if (e.metric, e.group) == ("latent.l2", "c8")))
        signatures.append(result.signature)
        assert (result.groups[1].boundary, result.groups[1].interpolation) == (
            action.boundary,
            action.interpolation,
        )
    assert len(set(values)) == len(set(signatures)) == 4


def test_the_signature_literally(tmp_path: Path) -> None:
    """One line with everything that two results must share."""
    folder = smooth_pictures(tmp_path / "p", 2, 15)
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"))
    result = audit(small_conv_net(size=15), "flip,c8", options)
    assert result.signature == (
        f"measure=1 data={result.data.sha256[:12]} n=2 norm=audited group=flip,c8:disc:bilinear "
        "input=15:15:center:bilinear precision=fp64"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: RunOptions(batch_size=0),
        lambda: RunOptions(batch_size="many"),
        lambda: RunOptions(batch_size=2.5),
        lambda: ActionOptions("dsic"),
        lambda: DataOptions(samples="20"),
        lambda: DataOptions(samples=True),
        lambda: DataOptions(norm_samples=2.0),
        lambda: DataOptions(seed=None),
        lambda: ControlOptions(probes="16"),
    ],
)
def test_options_are_checked_where_they_are_made(wrong: Callable[[], object]) -> None:
    """The Python API gets the same clear errors as the command line."""
    with pytest.raises(InputError):
        wrong()
