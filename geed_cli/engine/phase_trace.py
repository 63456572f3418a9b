"""Following sampling grids through a network: one run, and the grid of each layer's output.

The run is that of a copy without data (torch's meta device) wherever the network allows it, so that it costs
milliseconds and no memory.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn

from geed_cli.engine.phase_grid import SamplingGrid, Step
from geed_cli.engine.phase_tracer import EnoughSeenError, GridTracer, merges, tensors_of


def data_free(module: nn.Module) -> nn.Module:
    """A copy of the module whose tensors hold no data, on torch's meta device."""
    memo: dict[int, Any] = {}
    for value in (*module.parameters(), *module.buffers()):
        empty = torch.empty_like(value, device="meta")
        is_parameter = isinstance(value, nn.Parameter)
        memo[id(value)] = nn.Parameter(empty, requires_grad=False) if is_parameter else empty
    return copy.deepcopy(module, memo)


def trace_grids(
    module: nn.Module, size: int, layers: Iterable[str], hopeless: Callable[[Step], bool] | None = None
) -> dict[str, SamplingGrid]:
    """The sampling grid of each layer's output for pictures of a size; the run ends with the last of them.

    Args:
        module: the network, or a copy of it without data.
        size: S, the side of the pictures.
        layers: dotted names.
        hopeless: whether to give up after a step.

    Returns:
        By name; a layer is left out that puts out no tensor, or was not reached.

    Raises:
        Exception: whatever the network raises on pictures of that size.
    """
    like = next((value for value in module.parameters() if value.is_floating_point()), torch.zeros(()))
    pictures = torch.zeros(1, 3, size, size, dtype=like.dtype, device=like.device)
    tracer = GridTracer(pictures, hopeless)
    wanted = set(layers)
    found: dict[str, SamplingGrid] = {}

    def leave(name: str, part: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        tracer.path.pop()
        if merges(part) and isinstance(output, Tensor):
            tracer.merge_patches(inputs[0], output)
        grid = tracer.grid_of(tensors_of(output)) if name in wanted else None
        if grid is not None:
            found[name] = grid.settled
            if len(found) == len(wanted):
                raise EnoughSeenError

    # no_grad and not inference_mode: under the latter composite operations would not be seen as their parts
    with torch.no_grad(), _watched(module, tracer.path, leave), suppress(EnoughSeenError), tracer:
        module(pictures)
    return found


@contextmanager
def _watched(
    module: nn.Module, path: list[tuple[str, nn.Module]], leave: Callable[..., None]
) -> Iterator[None]:
    """Keep the running modules in ``path``, and call ``leave`` after each."""
    with ExitStack() as stack:
        for name, part in module.named_modules():
            before = part.register_forward_pre_hook(
                lambda part, _inputs, name=name: path.append((name, part))
            )
            after = part.register_forward_hook(
                lambda part, inputs, output, name=name: leave(name, part, inputs, output)
            )
            stack.callback(before.remove)
            stack.callback(after.remove)
        yield
