"""Seeing every operation of a run, and giving every tensor that descends from the pictures its sampling grid.

Operations are seen as torch carries them out, whatever module or function called them: "same" padding as the padding
that it became, and branches as the tensors that flow along them. Padding and cropping of windows of B×H×W×C, as in
windowed attention, is no sampling and is not counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from geed_cli.engine.phase_grid import Pair, SamplingGrid, Step, Window, merged
from geed_cli.engine.phase_window import PADS, aten, window_of


class EnoughSeenError(Exception):
    """Ends a run early; never leaves this package."""


class GridTracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation, and keeps the grid of every tensor that descends from the pictures.

    Args:
        pictures: shape (B, 3, S, S).
        hopeless: whether to end the run after a step.

    Attributes:
        path: the modules that are running with their names, innermost last.
    """

    def __init__(self, pictures: Tensor, hopeless: Callable[[Step], bool] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path: list[tuple[str, nn.Module]] = []
        self._hopeless = hopeless
        # Tensors are kept alive with their grids, so that no id is used twice.
        self._known: dict[int, tuple[Tensor, SamplingGrid]] = {}
        self._keep(pictures, SamplingGrid(_size(pictures)))
        self._steps = 0

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation returns
        output = func(*args, **(kwargs or {}))
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
        grids = [self._known[id(tensor)][1] for tensor in tensors if id(tensor) in self._known]
        return merged(grids, list(shapes)) if grids else None

    def merge_patches(self, tokens: Tensor, output: Tensor) -> None:
        """Count a merging of 2×2 tokens of B×H×W×C, which no operation shows."""
        grid = self.grid_of([tokens])
        if grid is not None:
            n_in, n_out = (tokens.shape[1], tokens.shape[2]), (output.shape[1], output.shape[2])
            self._keep(output, self._after(grid, self._step(Window((2, 2), (2, 2)), n_in, n_out)))

    def _through(
        self, func: OpOverload, args: tuple[Any, ...], grid: SamplingGrid, output: Tensor
    ) -> SamplingGrid:
        """The grid of an operation's output, given that of its inputs."""
        if func is aten.slice.Tensor:
            return self._slice(args, grid, output)
        window = window_of(func, args)
        if window is None or output.ndim != 4 or _size(args[0]) == _size(output) == (1, 1):
            return grid  # what is left of a map after global pooling has no place
        step = self._step(window, _size(args[0]), _size(output))
        if func not in PADS:
            return self._after(grid, self._uncirculated(step, grid))
        return grid.padded(step) if step.n_in == grid.size and any(args[1]) else grid

    def _slice(self, args: tuple[Any, ...], grid: SamplingGrid, output: Tensor) -> SamplingGrid:
        """Cutting a border off B×C×H×W, and keeping every s-th row or column of B×H×W×C."""
        source, dim, start, _, every = (*args, *(None,) * 5)[:5]
        shape, dim, every = tuple(source.shape), (dim or 0) % source.ndim, every or 1
        if len(shape) != 4 or output.shape[dim] == shape[dim] or (self.path and merges(self.path[-1][1])):
            return grid
        begin = min((start or 0) + (shape[dim] if (start or 0) < 0 else 0), shape[dim])
        if shape[2:] == grid.size and dim >= 2 and every == 1:
            window = Window((1, 1), padding=_along(dim - 2, -begin, 0))
            return grid.padded(self._step(window, _size(source), _size(output)))
        if shape[1:3] == grid.size and dim in {1, 2} and every > 1:
            window = Window((1, 1), _along(dim - 1, every, 1), _along(dim - 1, -begin, 0))
            return self._after(grid, self._step(window, shape[1:3], (output.shape[1], output.shape[2])))
        return grid

    def _uncirculated(self, step: Step, grid: SamplingGrid) -> Step:
        """A convolution with circular padding, which torch carries out as copies, on its unpadded input."""
        part = self.path[-1][1] if self.path else None
        if not isinstance(part, nn.Conv2d) or part.padding_mode != "circular":
            return step
        left, _, top, _ = part._reversed_padding_repeated_twice
        return replace(step, window=replace(step.window, padding=(top, left)), n_in=grid.size)

    def _after(self, grid: SamplingGrid, step: Step) -> SamplingGrid:
        after = grid.after(step)
        if self._hopeless is not None and any(map(self._hopeless, after.steps - grid.steps)):
            raise EnoughSeenError
        return after

    def _step(self, window: Window, n_in: Pair, n_out: Pair) -> Step:
        self._steps += 1
        return Step(self._steps, self.path[-1][0] if self.path else "", window, n_in, n_out)

    def _keep(self, tensor: Tensor, grid: SamplingGrid) -> None:
        self._known[id(tensor)] = (tensor, grid)


def merges(part: nn.Module) -> bool:
    """Whether the module is Swin's that joins 2×2 tokens by moving memory: no operation shows it as one."""
    return type(part).__name__ == "PatchMerging"


def tensors_of(value: object) -> list[Tensor]:
    """The tensors in whatever an operation or a module takes or returns, in order; also inside geometric tensors."""
    leaves = (getattr(leaf, "tensor", leaf) for leaf in tree_leaves(value))
    return [leaf for leaf in leaves if isinstance(leaf, Tensor)]


def _size(maps: Tensor) -> Pair:
    return maps.shape[-2], maps.shape[-1]


def _along(axis: int, value: int, other: int) -> Pair:
    return (value, other) if axis == 0 else (other, value)
