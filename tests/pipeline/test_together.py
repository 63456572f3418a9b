"""Several networks over shared pixels give what each gives alone."""

from dataclasses import replace

import pytest
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> AuditOptions:
    folder = smooth_pictures(tmp_path_factory.mktemp("pictures"), count=21, size=16)
    return AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 5, "fp64"))


@pytest.mark.heavy
def test_together_is_the_same_as_alone(options: AuditOptions) -> None:
    """Digit for digit, with different weights, mean and std: nothing leaks from one network to the next."""
    second = small_conv_net(1)
    second = replace(second, input=replace(second.input, mean=(0.1, 0.2, 0.3), std=(0.9, 0.8, 0.7)))
    together = audit_together([small_conv_net(0), second], ["flip", "c4"], options)
    for found, network in zip(together, (small_conv_net(0), second), strict=True):
        assert found.results == audit(network, ["flip", "c4"], options).results
    assert together[0].results != together[1].results


def test_different_geometry_is_refused(options: AuditOptions) -> None:
    """They would not see the same pixels; the message names both."""
    with pytest.raises(InputError, match=r"16:16:center:bilinear.*15:15:center:bilinear"):
        audit_together([small_conv_net(0), small_conv_net(0, size=15)], ["flip"], options)
