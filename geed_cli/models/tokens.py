"""Token grids: how a list of tokens lies on the picture, as the network itself states it.

A token model puts out B×tokens×C: first tokens of its own (class, distillation, registers), then the grid's, row by
row. Its modules hold the grid's height and width; the number of tokens only chooses among the grids that they state,
and nothing is guessed from it. A spec may declare the grid where the modules say nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from geed_cli.errors import InputError
from geed_cli.models.network import Network, declared_for

Grid = tuple[int, int]

GRID_ATTRIBUTES = ("grid_size", "resolution", "input_resolution", "output_resolution")
"""Attributes in which timm's modules keep the height and width of their token grid."""
IMAGE_ATTRIBUTES = ("img_size", "image_size")
"""Attributes in which timm's and torchvision's modules keep the image size that their patches are cut from."""


OF_PATCHES = ("transformers", "open_clip")
"""Sources whose tokens are the patches that a convolution cuts the picture into."""


@dataclass(frozen=True)
class TokenGrid:
    """A grid of height × width tokens, and ``prefix`` tokens before it that stand for no place in the picture."""

    height: int
    width: int
    prefix: int = 0

    @property
    def tokens(self) -> int:
        """How many tokens such a list has."""
        return self.prefix + self.height * self.width


@dataclass(frozen=True)
class NoGrid:
    """Why a list of tokens cannot be read as a map: one clause, and what a spec may declare instead, if anything."""

    reason: str
    declare: str | None = None


def token_grid(network: Network, layer: str, tokens: int) -> TokenGrid | NoGrid:
    """The grid of a layer that puts out ``tokens`` tokens an image, prefix tokens included.

    Returns:
        the grid that the network's spec declares; else the one stated grid that has so many tokens, with or without
        prefix tokens; else the reason why there is none.

    Raises:
        InputError: the spec declares a grid for no layer at all, or one with another number of tokens.
    """
    declared = _declared(network, layer)
    if declared is not None:
        if declared.tokens != tokens:
            raise InputError(
                f"the spec declares {declared.prefix} + {declared.height}×{declared.width} tokens for {layer}, "
                f"which has {tokens}",
                expected=f"prefix + height·width = {tokens}",
                remedy="correct the section tokens in the spec",
            )
        return declared
    if any(hasattr(part, "unroll") for part in network.module.modules()):  # Hiera
        return NoGrid("the network keeps its tokens in another order than row by row")
    stated = sorted(stated_grids(network.module, network.input.size) | _cut(network))
    fitting = [
        TokenGrid(*grid, prefix)
        for grid in stated
        for prefix in sorted({0, network.prefix_tokens})
        if TokenGrid(*grid, prefix).tokens == tokens
    ]
    if len(fitting) == 1:
        return fitting[0]
    grids = ", ".join(f"{height}×{width}" for height, width in stated) or "none"
    problem = "several" if fitting else "none"
    return NoGrid(
        f"of the token grids that the network states ({grids}), {problem} has {tokens} tokens",
        f"tokens: {{{layer}: {{grid: [HEIGHT, WIDTH], prefix: 0}}}}",
    )


def stated_grids(module: nn.Module, size: int) -> set[Grid]:
    """Height and width of every token grid that a module states, where the input has ``size``² pixels."""
    return {grid for part in module.modules() for grid in _grids_of(part, size) if min(grid) >= 1}


def _cut(network: Network) -> set[Grid]:
    """The grids of what cuts the picture into patches, in libraries that state the size that it was built for alone."""
    if network.source not in OF_PATCHES:
        return set()
    size, channels = network.input.size, network.input.channels
    cutting = [
        part
        for part in network.module.modules()
        if isinstance(part, nn.Conv2d) and part.in_channels == channels
    ]
    return {
        (size // part.kernel_size[0], size // part.kernel_size[1])
        for part in cutting
        if part.kernel_size == part.stride and part.padding in {"valid", (0, 0)}
    }


def _grids_of(part: nn.Module, size: int) -> Iterator[Grid]:
    """The grids that one module states."""
    if callable(getattr(part, "dynamic_feat_size", None)) and not getattr(part, "strict_img_size", True):
        # a patch embedding that takes any size: its grid_size is that of the size it was built for
        height, width = part.dynamic_feat_size((size, size))  # type: ignore[operator]
        yield height, width
        return
    grids = [grid for name in GRID_ATTRIBUTES if (grid := _pair(getattr(part, name, None))) is not None]
    yield from grids
    stride = getattr(part, "stride", None)
    if isinstance(stride, int):  # LeViT's attention that keeps every stride-th query
        yield from ((-(-height // stride), -(-width // stride)) for height, width in grids)
    patch = _pair(getattr(part, "patch_size", None))
    sides = [side for name in IMAGE_ATTRIBUTES if (side := _pair(getattr(part, name, None))) is not None]
    if patch is not None and not grids:
        yield from ((height // patch[0], width // patch[1]) for height, width in sides)


def _pair(value: Any) -> Grid | None:  # noqa: ANN401 - whatever a module keeps under that name
    """Height and width, where the value is one whole number or two."""
    both = (value, value) if isinstance(value, int) else value
    if isinstance(both, tuple | list) and len(both) == 2 and all(isinstance(side, int) for side in both):
        return both[0], both[1]
    return None


def _declared(network: Network, layer: str) -> TokenGrid | None:
    """The spec's grid for the layer; every glob of the spec has to select a layer."""
    part = declared_for(network, network.spec.tokens, layer) if network.spec is not None else None
    return None if part is None else TokenGrid(*part.grid, part.prefix)
