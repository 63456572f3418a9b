"""How a layer's output lies in memory, so that its maps can be read as channels × height × width.

Inputs are square, so the two equal axes of an output are its height and width. Where that does not tell (all three
are equal, or none) a network that works on B×H×W×C says so; its convolutions still put out B×C×H×W.
"""

from enum import Enum

from torch import Tensor, nn

from geed_cli.models.network import Network

CHANNELS_FIRST = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
"""Modules whose 4-D output is B×C×H×W in any network."""


class Layout(Enum):
    """The axes of a layer's output behind the batch axis."""

    CHW = "channels × height × width"
    HWC = "height × width × channels"

    def shape(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """An output shape as (C, H, W)."""
        first, second, third = shape
        return (third, first, second) if self is Layout.HWC else (first, second, third)

    def maps(self, activation: Tensor) -> Tensor:
        """An activation as B×C×H×W, without copying."""
        return activation.permute(0, 3, 1, 2) if self is Layout.HWC else activation


def layout_of(network: Network, layer: str, shape: tuple[int, ...]) -> Layout | None:
    """The layout of a layer's output of that shape; None where it is no map, such as tokens or a vector."""
    if len(shape) != 3 or min(shape) < 1:
        return None
    chw, hwc = shape[1] == shape[2], shape[0] == shape[1]
    if chw != hwc:
        return Layout.CHW if chw else Layout.HWC
    first = isinstance(network.module.get_submodule(layer), CHANNELS_FIRST)
    return Layout.HWC if network.channels_last and not first else Layout.CHW
