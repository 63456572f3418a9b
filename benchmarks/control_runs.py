"""The audits behind docs/controls.md: bundled pictures, efficientnet_lite0, and a network known to be symmetric.

All of them are seeded and run on the CPU, so that the same versions give the same numbers.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import ActionOptions, AuditOptions, ControlOptions
from geed_cli.result.schema import Result

MODEL = "efficientnet_lite0"
BOUNDARIES: tuple[Boundary, ...] = ("disc", "context", "reflect", "zero")
FILTERS: tuple[Resampling, ...] = ("bilinear", "bicubic")


def trained_and_twin(groups: Sequence[str], metrics: tuple[str, ...] = ()) -> tuple[Result, Result]:
    """The network with its twin beside it, and the twin by itself."""
    twin = load_model(MODEL, weights="random")
    options = AuditOptions(metrics=metrics)
    return audit(load_model(MODEL), groups, options, twin=twin), audit(twin, groups, options)


def at_sizes(*, symmetric: bool) -> tuple[Result, Result]:
    """Flip at 224 pixels, with phase correction, and at 225.

    Args:
        symmetric: whether a ResNet-18 of mirrored random filters takes the place of the trained network.
    """
    options = AuditOptions(
        metrics=("channelwise.cosine",), controls=ControlOptions(probes=0, phase_correct=True)
    )
    networks = [
        mirrored_resnet(size) if symmetric else load_model(MODEL, img_size=size) for size in (224, 225)
    ]
    small, odd = (audit(network, "flip", options) for network in networks)
    return small, odd


def mirrored_resnet(size: int) -> Network:
    """A ResNet-18 with random filters, each averaged with its own mirror image.

    Every layer of it is equivariant under the flip, channel by channel, but for its strides.
    """
    network = load_model("timm:resnet18", weights="random", img_size=size)
    for part in network.module.modules():
        if isinstance(part, nn.Conv2d):
            with torch.no_grad():
                part.weight.copy_((part.weight + part.weight.flip(-1)) / 2)
    return network


def resampled(group: str) -> Iterator[tuple[Boundary, Resampling, Result]]:
    """The network under every boundary and interpolation."""
    network = load_model(MODEL)
    for boundary in BOUNDARIES:
        for filter_ in FILTERS:
            options = AuditOptions(
                action=ActionOptions(boundary, filter_),
                metrics=("latent.l2", "channelwise.cosine"),
                layers=("blocks.0", "blocks.6"),
            )
            yield boundary, filter_, audit(network, group, options)


def turned(group: str, filter_: Resampling) -> Result:
    """The network under rotations, its features alone."""
    options = AuditOptions(action=ActionOptions(interpolation=filter_), metrics=("latent.l2",))
    return audit(load_model(MODEL), group, options)
