"""Exact audits, float64 on the CPU: run whole, counted, ended early, or picture by picture through plain hooks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from reference.network import Observation, hooked_network, observe
from reference.orbits import Member

from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DataOptions,
    Precision,
    RunOptions,
)
from geed_cli.pipeline.progress import Silent
from geed_cli.result.schema import Result
from support.networks import MEAN, STD
from support.pictures import pixels_of

DISC, PLAIN = ActionOptions(), ControlOptions()


def audited(
    network: Network,
    groups: Sequence[str],
    folder: Path,
    *,
    sets: Sequence[str] = (),
    action: ActionOptions = DISC,
    controls: ControlOptions = PLAIN,
    batch: int = 5,
    precision: Precision = "fp64",
) -> Result:
    """Batches of five, so that orbits are cut anywhere."""
    options = AuditOptions(
        data=DataOptions(folder),
        action=action,
        run=RunOptions("cpu", batch, precision),
        sets=tuple(sets),
        controls=controls,
    )
    return audit(network, groups, options)


def observed_orbits(network: Network, folder: Path, members: Sequence[Member]) -> list[list[Observation]]:
    """What the network makes of every picture under every member, one at a time, read by plain hooks."""
    read = hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )
    return [
        [observe(read, member.show(picture), MEAN, STD) for member in members]
        for picture in pixels_of(folder)
    ]


@contextmanager
def counting(network: Network) -> Iterator[list[int]]:
    """The batch of every forward pass of 8 rows: tracing and rounding run others."""
    passes: list[int] = []

    def count(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) == 8 and inputs[0].device.type == "cpu":
            passes.append(len(inputs[0]))

    handle = network.module.register_forward_pre_hook(count)
    try:
        yield passes
    finally:
        handle.remove()


class StopAfter(Silent):
    """A user who asks the run to end once so many images are done."""

    def __init__(self, images: int) -> None:
        self.limit, self.done = images, 0

    def images(self, done: int, total: int) -> None:
        del total
        self.done = done

    def stopping(self) -> bool:
        return self.done >= self.limit
