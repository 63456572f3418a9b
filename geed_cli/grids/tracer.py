"""Seeing every operation of a run, and giving every tensor that descends from the pictures its sampling grid.

Operations are seen as torch carries them out, whatever module or function called them: "same" padding as the padding
that it became, and branches as the tensors that flow along them. Padding and cropping of windows of B×H×W×C, as in
windowed attention, is no sampling and is not counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils._pytree import tree_leaves

from geed_cli.grids.grid import SamplingGrid, merged
from geed_cli.grids.step import Pair, Step, Window
from geed_cli.grids.windows import (
    ADAPTIVE,
    PADS,
    UPSAMPLES,
    aten,
    centred_upsampling,
    opaque,
    window_of,
)
from geed_cli.grids.without_numbers import carried_out
from geed_cli.runtime.dispatch import OperationMode


class EnoughSeenError(Exception):
    """Ends a run early; never leaves this package."""


@dataclass(frozen=True)
class Running:
    """A module that is running; ``windows`` counts the convolutions and poolings that were seen before it began."""

    name: str
    part: nn.Module
    windows: int


class GridTracer(OperationMode):
    """Sees every operation, and keeps the grid of every tensor that descends from the pictures, (B, 3, S, S).

    ``hopeless`` says whether to end the run after a step; ``path`` has the modules that are running, innermost last.
    """

    def __init__(self, pictures: Tensor, hopeless: Callable[[Step], bool] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path: list[Running] = []
        self._hopeless = hopeless
        # Tensors are kept alive with their grids, so that no id is used twice.
        self._grids: dict[int, tuple[Tensor, SamplingGrid]] = {}
        self._keep(pictures, SamplingGrid(_size(pictures)))
        self._batch = len(pictures)
        self._steps = 0
        self._windows = 0

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation returns
        output = carried_out(func, args, kwargs or {})
        tensors = tensors_of(output)
        grid = self.grid_of(tensors_of((args, kwargs)), [tuple(each.shape) for each in tensors])
        if grid is not None and tensors:
            grid = self._through(func, args, grid, tensors[0])
            for tensor in tensors:
                self._keep(tensor, grid)
        return output

    def grid_of(
        self, tensors: Sequence[Tensor], shapes: Sequence[tuple[int, ...]] = ()
    ) -> SamplingGrid | None:
        """The merged grid of those that have one; ``shapes`` are those of what is made of them."""
        grids = [self._grids[id(tensor)][1] for tensor in tensors if id(tensor) in self._grids]
        return merged(grids, list(shapes)) if grids else None

    def enter(self, name: str, part: nn.Module) -> None:
        """A module begins."""
        self.path.append(Running(name, part, self._windows))

    def leave(self, inputs: object, output: object) -> None:
        """The innermost module ends, which was called with these inputs."""
        running = self.path.pop()
        tokens = tensors_of(inputs)
        if (
            merges(running.part)
            and self._windows == running.windows
            and tokens
            and isinstance(output, Tensor)
        ):
            self._merge_patches(running.name, tokens[0], output)

    def _merge_patches(self, name: str, tokens: Tensor, output: Tensor) -> None:
        """Count a merging of 2×2 tokens of B×H×W×C, which no operation shows; any other is not followed."""
        grid = self.grid_of([tokens])
        if grid is None:
            return
        n_in = tuple(tokens.shape[1:3])
        halved = tuple(-(-n // 2) for n in grid.size)
        if tokens.ndim != 4 or n_in != grid.size or tuple(output.shape[:-1]) != (len(tokens), *halved):
            self._keep(output, grid.lost)
            return
        step = replace(self._step(Window((2, 2), (2, 2)), grid.size, (halved[0], halved[1])), module=name)
        self._keep(output, self._after(grid, step))

    def _through(
        self, func: OpOverload, args: tuple[Any, ...], grid: SamplingGrid, output: Tensor
    ) -> SamplingGrid:
        """The grid of an operation's output, given that of its inputs."""
        if func is aten.slice.Tensor:
            return self._slice(args, grid, output)
        if opaque(func, args):
            self._windows += 1
            return grid.lost
        if output.ndim != 4:
            return grid
        if func in UPSAMPLES or func in ADAPTIVE:
            return self._resized(func, args, grid, output)
        window = window_of(func, args)
        return grid if window is None else self._through_window(func, args, window, grid, output)

    def _through_window(
        self, func: OpOverload, args: tuple[Any, ...], window: Window, grid: SamplingGrid, output: Tensor
    ) -> SamplingGrid:
        """The grid after a padding, convolution or pooling of B×C×H×W."""
        step = self._step(window, _size(args[0]), _size(output))
        if func in PADS:
            return grid.padded(step) if step.n_in == grid.size and any(args[1]) else grid
        step = self._uncirculated(step, grid)
        cut = len(output) > self._batch  # windows of the map lie along the first axis
        if cut and step.n_in != grid.size and step.keeps_place:
            self._windows += 1
            return grid
        return self._sampled(step, grid)

    def _sampled(self, step: Step, grid: SamplingGrid) -> SamplingGrid:
        """The grid after a convolution or pooling; it is lost where the input was not of the size it should have."""
        self._windows += 1
        if step.n_in == step.n_out == (1, 1):
            return grid  # what is left of a map after global pooling has no place
        if step.n_in == grid.size:
            return self._after(grid, step)
        return grid if step.window == Window((1, 1)) else grid.lost  # pixel by pixel, wherever these are

    def _resized(
        self, func: OpOverload, args: tuple[Any, ...], grid: SamplingGrid, output: Tensor
    ) -> SamplingGrid:
        """The grid after an upsampling or an adaptive pooling; what is or was 1×1 has no place."""
        n_in, n_out = _size(args[0]), _size(output)
        if (1, 1) in {n_in, n_out} or n_in == n_out:
            return grid
        if func in ADAPTIVE:
            window = window_of(func, args)
            return grid.lost if window is None else self._sampled(self._step(window, n_in, n_out), grid)
        self._windows += 1
        if n_in != grid.size or not centred_upsampling(args, n_out[0] / n_in[0]):
            return grid.lost
        return grid.refined(n_out)

    def _slice(self, args: tuple[Any, ...], grid: SamplingGrid, output: Tensor) -> SamplingGrid:
        """Cutting a border off B×C×H×W, and keeping every s-th row or column of it or of B×H×W×C."""
        source, dim, start, _, every = (*args, *(None,) * 5)[:5]
        shape, dim, every = tuple(source.shape), (dim or 0) % source.ndim, every or 1
        if len(shape) != 4 or output.shape[dim] == shape[dim]:
            return grid
        if every > 1 and shape[2:] == shape[1:3] == grid.size:
            return grid.lost  # as many channels as rows: which axes are the map's is not known
        begin = min((start or 0) + (shape[dim] if (start or 0) < 0 else 0), shape[dim])
        if shape[2:] == grid.size and dim >= 2:
            first = 2
        elif shape[1:3] == grid.size and dim in {1, 2} and every > 1:
            first = 1
        else:
            return grid
        window = Window((1, 1), _along(dim - first, every, 1), _along(dim - first, -begin, 0))
        n_out = (output.shape[first], output.shape[first + 1])
        return grid.padded(self._step(window, grid.size, n_out))

    def _uncirculated(self, step: Step, grid: SamplingGrid) -> Step:
        """A convolution with circular padding, which torch carries out as copies, on its unpadded input."""
        part = self.path[-1].part if self.path else None
        if not isinstance(part, nn.Conv2d) or part.padding_mode != "circular":
            return step
        left, right, top, bottom = part._reversed_padding_repeated_twice
        if step.n_in != (grid.size[0] + top + bottom, grid.size[1] + left + right):
            return step
        return replace(step, window=replace(step.window, padding=(top, left)), n_in=grid.size)

    def _after(self, grid: SamplingGrid, step: Step) -> SamplingGrid:
        after = grid.after(step)
        if self._hopeless is not None and any(map(self._hopeless, after.steps - grid.steps)):
            raise EnoughSeenError
        return after

    def _step(self, window: Window, n_in: Pair, n_out: Pair) -> Step:
        self._steps += 1
        return Step(self._steps, self.path[-1].name if self.path else "", window, n_in, n_out)

    def _keep(self, tensor: Tensor, grid: SamplingGrid) -> None:
        self._grids[id(tensor)] = (tensor, grid)


def merges(part: nn.Module) -> bool:
    """Whether the module may be Swin's that joins 2×2 tokens by moving memory: no operation shows it as one.

    Others have the name in common alone; convolutions or poolings inside tell them.
    """
    return type(part).__name__ == "PatchMerging"


def tensors_of(value: object) -> list[Tensor]:
    """The tensors in whatever an operation or a module takes or returns, in order; also inside geometric tensors.

    What most operations take is told apart here, since torch's own search takes longer than the operation.
    """
    if isinstance(value, Tensor):
        return [value]
    if value is None or isinstance(value, (int, float, torch.dtype, torch.device)):
        return []
    if type(value) is tuple or type(value) is list:
        return [tensor for each in value for tensor in tensors_of(each)]
    if type(value) is dict:
        return [tensor for each in value.values() for tensor in tensors_of(each)]
    leaves = (getattr(leaf, "tensor", leaf) for leaf in tree_leaves(value))
    return [leaf for leaf in leaves if isinstance(leaf, Tensor)]


def _size(maps: Tensor) -> Pair:
    return maps.shape[-2], maps.shape[-1]


def _along(axis: int, value: int, other: int) -> Pair:
    return (value, other) if axis == 0 else (other, value)
