"""How a layer's output lies in memory, so that its maps can be read as channels × height × width.

Inputs are square, so the two equal axes of an output are its height and width. Where that does not tell (all three
are equal, or none) a network that works on B×H×W×C says so; its convolutions still put out B×C×H×W. An output of
B×tokens×C is laid out on the grid that the network states, without its prefix tokens.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from geed_cli.models.network import Network, module_of
from geed_cli.models.tokens import NoGrid, TokenGrid, token_grid

CHANNELS_FIRST = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
"""Modules whose 4-D output is B×C×H×W in any network."""


@dataclass(frozen=True)
class Layout:
    """The axes of a layer's output behind the batch axis.

    Attributes:
        channels_last: whether channels are the last axis of the output instead of the first.
        tokens: the grid on which an output of tokens × channels lies; None for one that has height and width.
    """

    channels_last: bool = False
    tokens: TokenGrid | None = None

    def shape(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """An output shape as (C, H, W)."""
        if self.tokens is not None:
            return shape[-1], self.tokens.height, self.tokens.width
        first, second, third = shape
        return (third, first, second) if self.channels_last else (first, second, third)

    def maps(self, activation: Tensor) -> Tensor:
        """An activation as B×C×H×W, without copying."""
        if self.tokens is not None:
            grid = self.tokens
            placed = activation[:, grid.prefix :]
            activation = placed.view(placed.shape[0], grid.height, grid.width, placed.shape[2])
        return activation.permute(0, 3, 1, 2) if self.channels_last else activation


def layout_or_why_not(network: Network, layer: str, shape: tuple[int, ...]) -> Layout | str:
    """The layout of a layer's output of that shape, without the batch; or why it is no map, as a clause.

    Raises:
        InputError: a token grid that the spec declares does not fit.
    """
    text = f"its output of shape {'×'.join(map(str, shape))} is no channels × height × width map"
    if min(shape, default=0) >= 1 and len(shape) == 3:
        return _of_axes(network, layer, shape)
    if min(shape, default=0) >= 1 and len(shape) == 2:
        grid = token_grid(network, layer, shape[0])
        if isinstance(grid, NoGrid):
            return f"{text}: {grid.reason}"
        return Layout(channels_last=True, tokens=grid)
    return text


def _of_axes(network: Network, layer: str, shape: tuple[int, ...]) -> Layout:
    """The layout of an output with three axes."""
    chw, hwc = shape[1] == shape[2], shape[0] == shape[1]
    if chw != hwc:
        return Layout(channels_last=hwc)
    first = isinstance(network.module.get_submodule(module_of(layer)), CHANNELS_FIRST)
    return Layout(channels_last=network.channels_last and not first)
