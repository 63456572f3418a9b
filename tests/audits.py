"""Exact audits for tests, float64 on the CPU, and the entries of their results by name."""

from collections.abc import Sequence
from pathlib import Path

from networks import MEAN, STD
from pictures import pixels_of
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
from geed_cli.result.schema import Entry, Result

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


def entry_of(result: Result, metric: str, group: str, layer: str | None = None) -> Entry:
    """The one entry of that name."""
    (found,) = [e for e in result.results if (e.metric, e.group, e.layer) == (metric, group, layer)]
    return found


def observed_orbits(network: Network, folder: Path, members: Sequence[Member]) -> list[list[Observation]]:
    """What the network makes of every picture under every member, one at a time, read by plain hooks."""
    read = hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )
    return [
        [observe(read, member.show(picture), MEAN, STD) for member in members]
        for picture in pixels_of(folder)
    ]
