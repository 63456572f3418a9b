"""How a layer's output lies in memory, so that its maps can be read as channels × height × width.

A spec may declare it. Else a convolution, pooling or batch normalisation puts out B×C×H×W; in the libraries' networks,
whose maps are square, the two equal axes of an output are its height and width; and of any other network larger
pictures are asked: height and width grow with the picture's side, tokens with its square, channels not at all. What
remains open is not read. An output of B×tokens×C is laid out on the grid that the network states, without its prefix
tokens.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from geed_cli.errors import InputError
from geed_cli.models.network import Network, declared_for, module_of
from geed_cli.models.spec import LayoutName
from geed_cli.models.tokens import NoGrid, TokenGrid, token_grid

CHANNELS_FIRST = (
    *(nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.PixelShuffle),
)
"""Modules whose 4-D output has its channels first in any network."""
LIBRARIES = ("timm", "torchvision")
"""Sources whose networks have square maps for square pictures, and say where their channels are."""

Growth = Literal["fixed", "side", "other"]
BY_GROWTH: Mapping[tuple[Growth, ...], bool] = {
    ("fixed", "side", "side"): False,
    ("side", "side", "fixed"): True,
}
"""Whether channels are last, by how the three axes of a map grow."""


@dataclass(frozen=True)
class Layout:
    """The axes of a layer's output behind the batch axis.

    Attributes:
        channels_last: whether channels are the last axis of the output instead of the first.
        tokens: the grid on which an output of tokens × channels lies; None for one that has height and width.
    """

    channels_last: bool = False
    tokens: TokenGrid | None = None

    def __str__(self) -> str:
        """As a spec declares it, tokens with their grid."""
        if self.tokens is not None:
            prefix = f"{self.tokens.prefix} + " if self.tokens.prefix else ""
            return f"tokens {prefix}{self.tokens.height}×{self.tokens.width}"
        return "nhwc" if self.channels_last else "nchw"

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


@dataclass(frozen=True)
class NoMap:
    """Why an output is not read as a map.

    Attributes:
        why: a clause.
        declare: what a spec would have to say for it to be read; None for what is no map in any way.
    """

    why: str
    declare: str | None = None

    def __str__(self) -> str:
        """The whole clause, for tables and notes."""
        if self.declare is None:
            return self.why
        return f"{self.why}; if it is a map, declare it in a spec, {self.declare}"


@dataclass(frozen=True)
class Grown:
    """What a layer puts out for pictures of one, two and three times the side.

    Attributes:
        shapes: without the batch.
        lengths: of all lists of tokens in the network at each of these sizes.
    """

    shapes: Sequence[tuple[int, ...]]
    lengths: Sequence[Set[int]]

    @property
    def axes(self) -> tuple[Growth, ...]:
        """How each axis grows."""
        return tuple(map(_growth, zip(*self.shapes, strict=True)))

    def as_long_as_tokens(self, axis: int) -> bool:
        """Whether there is a list of tokens of that length at every size, as where tokens attend to each other."""
        return all(shape[axis] in lengths for shape, lengths in zip(self.shapes, self.lengths, strict=True))


Grow = Callable[[str], Grown | None]
"""What a layer puts out for larger pictures, by its name; None where that cannot be had."""
EXCHANGED = "has the picture's height along its width, and its width along the height"
"""Of maps that are transposed; what a group does to the picture's axes, it does to the other ones of these."""


def layout_of(
    network: Network, layer: str, shape: tuple[int, ...], lengths: Set[int], grow: Grow
) -> Layout | NoMap:
    """The layout of a layer's output, or why it is not read as a map.

    Args:
        network: with the spec that may declare it.
        layer: its name.
        shape: of the output, without the batch.
        lengths: of all lists of tokens in the network, which attention weights have as their sides.
        grow: asked where the shape does not tell.

    Raises:
        InputError: a layout or token grid that the spec declares does not fit.
    """
    text = f"its output of shape {'×'.join(map(str, shape))}"
    declared = _declared(network, layer)
    axes = {"nchw": 3, "nhwc": 3, "tokens": 2}
    if declared is not None and axes[declared] != len(shape):
        raise InputError(
            f"the spec declares {declared} for {layer}, and {text} has {len(shape)} axes beside the batch",
            expected=f"{axes[declared]} axes",
            remedy="correct the section layouts in the spec",
        )
    if min(shape, default=0) >= 1 and len(shape) == 3:
        return _of_map(network, layer, shape, text, declared, lengths, grow)
    if min(shape, default=0) >= 1 and len(shape) == 2:
        return _of_tokens(network, layer, shape, text, declared, grow)
    return NoMap(f"{text} is no channels × height × width map")


def _declared(network: Network, layer: str) -> LayoutName | None:
    """What the spec says of a layer; ``logits`` is the network's output and no layer."""
    if network.spec is None:
        return None
    layers = {pattern: name for pattern, name in network.spec.layouts.items() if pattern != "logits"}
    return declared_for(network, layers, layer)


def _of_map(
    network: Network,
    layer: str,
    shape: tuple[int, ...],
    text: str,
    declared: LayoutName | None,
    lengths: Set[int],
    grow: Grow,
) -> Layout | NoMap:
    """The layout of an output with three axes."""
    if declared is not None:
        return Layout(channels_last=declared == "nhwc")
    first = isinstance(network.module.get_submodule(module_of(layer)), CHANNELS_FIRST)
    square = [last for last, sides in ((False, shape[1:]), (True, shape[:2])) if sides[0] == sides[1]]
    weights = False in square and shape[1] in lengths  # heads × tokens × tokens
    known = network.source in LIBRARIES or network.channels_last
    if (first or (known and square == [network.channels_last])) and not weights:
        return Layout(network.channels_last and not first)
    grown = grow(layer)
    axes = set() if grown is None else set(grown.axes)
    if grown is not None and axes != {"fixed"}:
        found = BY_GROWTH.get(grown.axes)
        if found is None or (not found and grown.as_long_as_tokens(1)):
            why = "does not grow with the picture as a map does; attention weights do not"
            return NoMap(f"{text} {why}", f"layouts: {{{layer}: nchw}}")
        return Layout(found)
    likely = square or [network.channels_last] * known
    if len(likely) == 1 and (known or not likely[0]) and not weights:
        return Layout(likely[0])
    why = (
        "may be the weights of attention"
        if weights
        else "does not say which of its axes are height and width"
    )
    return NoMap(f"{text} {why}", f"layouts: {{{layer}: nchw}}")


def _of_tokens(
    network: Network, layer: str, shape: tuple[int, ...], text: str, declared: LayoutName | None, grow: Grow
) -> Layout | NoMap:
    """The layout of an output with two axes: tokens × channels, on a grid."""
    grid = token_grid(network, layer, shape[0])
    if isinstance(grid, NoGrid):
        return NoMap(f"{text} is no channels × height × width map: {grid.reason}", grid.declare)
    if declared is None and (shape[0] == shape[1] or network.source not in LIBRARIES):
        grown = grow(layer)
        axes = ("fixed", "fixed") if grown is None else grown.axes
        unknown = axes == ("fixed", "fixed")
        if axes[1] != "fixed" or (unknown and shape[0] == shape[1]):
            why = (
                "may be tokens × tokens, as attention weights are" if unknown else "is not tokens × channels"
            )
            return NoMap(f"{text} {why}", f"layouts: {{{layer}: tokens}}")
    return Layout(channels_last=True, tokens=grid)


def _growth(sides: Sequence[int]) -> Growth:
    """How an axis grows: by equal steps, but for the pixel that is lost where a stride does not divide a side."""
    if len(set(sides)) == 1:
        return "fixed"
    first, second = (after - before for before, after in pairwise(sides))
    return "side" if first > 0 and abs(second - first) <= 1 else "other"
