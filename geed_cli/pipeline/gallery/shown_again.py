"""What a network makes of one picture under every element of a group: what it is shown, its output, a layer's maps."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.engine.batches import normalise
from geed_cli.engine.engine import full_precision, in_full
from geed_cli.engine.hooks import hooked, require_rows
from geed_cli.engine.passes import explained
from geed_cli.engine.plan import GroupPlan, Plan
from geed_cli.measures.distribution import distribution
from geed_cli.models.network import OUTPUT, Network, Site
from geed_cli.pipeline.entries.top_classes import CLASSIFIERS

ROWS = 8
"""Rows that are run at once, of a network that takes any number."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture under n elements.

    Attributes:
        shown: in [0, 1], shape (n, C, S, S).
        probabilities: p(gx), shape (n, K); None where the network is no classifier.
        maps: of the layer, shape (n, C, H, W); None without one.
    """

    shown: Tensor
    probabilities: Tensor | None
    maps: Tensor | None


def show_again(network: Network, plan: Plan, group: GroupPlan, layer: str | None, pixels: Tensor) -> Seen:
    """Show the network a picture under every element of a group.

    Args:
        network: on its device, in its floating type.
        plan: which knows how the layer is read.
        group: of the plan.
        layer: of the plan.
        pixels: bytes, shape (C, P, P).
    """
    weight = next((each for each in network.module.parameters() if each.is_floating_point()), None)
    like = torch.zeros(()) if weight is None else weight
    # as in an audit: rounded last, so that pictures are transformed and normalised in full
    dtype = torch.promote_types(like.dtype, torch.float32)
    unit = pixels.to(like.device, dtype) / 255
    shown = torch.stack([view.show(unit, plan.size) for view in group.views])
    at = None if layer is None else Site(layer, "output")
    predicts = network.output.kind in CLASSIFIERS
    held: dict[Site, list[Tensor]] = {
        site: [] for site in (OUTPUT if predicts else None, at) if site is not None
    }

    def read(site: Site, activation: Tensor) -> None:
        require_rows(network, site, activation, rows)
        held[site].append(activation.clone())

    rows = network.batch or ROWS
    with full_precision(), explained(network):
        for part in _parts(
            normalise(shown.contiguous(memory_format=torch.channels_last), network.input).to(like.dtype), rows
        ):
            with hooked(network.module, held, read):
                network.module(part)
    found = {site: torch.cat(each)[: len(shown)].cpu() for site, each in held.items()}
    return Seen(
        shown,
        torch.stack([distribution(network.output, z) for z in found[OUTPUT].flatten(1)])
        if predicts
        else None,
        None if at is None or layer is None else in_full(plan.layers[layer].layout.maps(found[at])),
    )


def _parts(inputs: Tensor, rows: int) -> Iterator[Tensor]:
    """So many rows at a time, the last ones repeated where they are fewer."""
    for start in range(0, len(inputs), rows):
        part = inputs[start : start + rows]
        yield torch.cat([part, part[-1:].expand(rows - len(part), *part.shape[1:])])
