"""Channels last or contiguous: which is taken, what a network is shown, and that rows of the two are never mixed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.networks import MEAN, STD, SmallConvNet, network_of, small_conv_net
from support.results import measured
from torch import Tensor

import geed_cli as geed
from geed_cli.engine.batches import Placement
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.fastest_batch import is_channels_last, keeps_channels_last, with_batch_size
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions

PICTURES = (6, 16)
LAST, CONTIGUOUS = RunOptions("cpu", 4), RunOptions("cpu", 4, channels_last=False)


SEEN: set[tuple[bool, bool]] = set()
"""Not on the module, which is put back as it was where it is lent."""


class Watching(SmallConvNet):
    """Keeps how each batch, and the weights of its first convolution, lie in memory."""

    def forward(self, x: Tensor) -> Tensor:
        weight = next(each for each in self.parameters() if each.dim() == 4)
        if len(x) > 2:  # the two plain pictures by which shapes are found out are no batch
            SEEN.add((x.stride(1) == 1, weight.stride(1) == 1))
        return super().forward(x)


def watched(network: Network, run: RunOptions, folder: Path) -> set[tuple[bool, bool]]:
    SEEN.clear()
    audit(network, ["flip"], AuditOptions(DataOptions(folder), run=run))
    return set(SEEN)


@pytest.mark.parametrize("wrapped", [False, True])
def test_batches_and_weights_lie_as_they_were_asked_to(folder: Path, wrapped: bool) -> None:
    """Those of a module of one's own while it is lent."""
    network = (
        geed.wrap(Watching(), size=16, mean=MEAN, std=STD, features="pool")
        if wrapped
        else network_of(Watching(), features=Site("fc", "input"), size=16)
    )
    assert watched(network, CONTIGUOUS, folder) == {(False, False)}
    assert watched(network, LAST, folder) == {(True, True)}


@pytest.mark.parametrize(
    ("last", "contiguous", "kept"),
    [
        ([2.0, 1.0], [1.0, 3.0], True),  # as fast: one format for all
        ([1.0], [0.96], True),  # within 5%, which is noise
        ([1.0], [0.95], False),
        ([2.0, 1.0], [0.9, 3.0], False),  # the best of each counts
        ([1.0], [], True),  # memory ran out
    ],
)
def test_contiguous_memory_has_to_be_clearly_faster(
    last: list[float], contiguous: list[float], kept: bool
) -> None:
    """By hand."""
    assert keeps_channels_last(last, contiguous) is kept


def test_a_network_is_channels_last_after_the_trial() -> None:
    """Whatever was found, the run itself moves it where it has to be."""
    network = small_conv_net()
    is_channels_last([network], Placement(torch.device("cpu"), torch.float32, 2), 2)
    convolutions = [each for each in network.module.parameters() if each.dim() == 4]
    assert convolutions
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in convolutions)


def test_a_module_of_ones_own_is_not_tried(folder: Path) -> None:
    """Its weights are channels last while it is lent."""
    wrapped = geed.wrap(small_conv_net(size=16).module, size=16, mean=MEAN, std=STD)
    options = with_batch_size([wrapped], AuditOptions(DataOptions(folder), run=RunOptions("cpu", "auto")))
    assert options.run.channels_last
    asked = RunOptions("cpu", "auto", channels_last=False)
    assert not with_batch_size([wrapped], AuditOptions(DataOptions(folder), run=asked)).run.channels_last


def test_rows_of_the_two_formats_are_never_mixed(folder: Path, tmp_path: Path) -> None:
    """A run in the other format finds none of the rows; in its own all, with the digits of a run without a cache."""
    network = cacheable()
    options = AuditOptions(DataOptions(folder), run=LAST, cache=tmp_path)
    first = audit(network, ["c4"], options)
    other = audit(network, ["c4"], replace(options, run=CONTIGUOUS))
    again = audit(network, ["c4"], replace(options, run=CONTIGUOUS))
    fresh = audit(network, ["c4"], replace(options, run=CONTIGUOUS, cache=None))
    assert [each.timing.cached for each in (first, other, again)] == [0, 0, 6]
    assert other.results == again.results == fresh.results
    assert (first.settings.channels_last, other.settings.channels_last) == (True, False)
    for one, both in zip(measured(first), measured(other), strict=True):
        assert one.value == pytest.approx(both.value, rel=1e-4, abs=1e-6)  # rounding of float32 sums


def cacheable() -> Network:
    """A network whose code has a name, so that its rows are kept."""
    return replace(small_conv_net(size=16), source="timm")
