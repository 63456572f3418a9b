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

from geed_cli.grids.grid import SamplingGrid
from geed_cli.grids.step import Step
from geed_cli.grids.tracer import EnoughSeenError, GridTracer, tensors_of


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
    """The sampling grid of each layer's output for pictures of a side, by name; the run ends with the last of them.

    A layer is left out that puts out no tensor, was not reached, or lies behind an operation whose sampling is not
    understood: one that says so itself, or whose output is not of the size that was followed. ``hopeless`` says whether
    to give up after a step.

    Raises:
        Exception: whatever the network raises on pictures of that size.
    """
    like = next((value for value in module.parameters() if value.is_floating_point()), torch.zeros(()))
    pictures = torch.zeros(1, 3, size, size, dtype=like.dtype, device=like.device)
    tracer = GridTracer(pictures, hopeless)
    wanted = set(layers)
    grids: dict[str, SamplingGrid | None] = {}

    def seen(name: str, output: object) -> None:
        if name not in wanted:
            return
        grids[name] = _followed(tracer, tensors_of(output))
        if len(grids) == len(wanted):
            raise EnoughSeenError

    # no_grad and not inference_mode: under the latter composite operations would not be seen as their parts
    with torch.no_grad(), _watched(module, tracer, seen), suppress(EnoughSeenError), tracer:
        module(pictures)
    return {name: grid for name, grid in grids.items() if grid is not None}


def _followed(tracer: GridTracer, outputs: list[Tensor]) -> SamplingGrid | None:
    """The grid of a layer's output; None where it is not known."""
    grid = tracer.grid_of(outputs)
    if grid is None:
        return None
    whole = grid.settled
    understood = whole.followed and any(whole.describes(tuple(output.shape)) for output in outputs)
    return whole if understood else None


@contextmanager
def _watched(module: nn.Module, tracer: GridTracer, seen: Callable[[str, object], None]) -> Iterator[None]:
    """Tell the tracer which modules run, and call ``seen`` after each with its output."""

    def leave(name: str, inputs: tuple[Any, ...], named: dict[str, Any], output: object) -> None:
        tracer.leave((inputs, named), output)
        seen(name, output)

    with ExitStack() as stack:
        for name, part in module.named_modules():
            before = part.register_forward_pre_hook(lambda part, _inputs, name=name: tracer.enter(name, part))
            after = part.register_forward_hook(
                lambda _part, inputs, named, output, name=name: leave(name, inputs, named, output),
                with_kwargs=True,
            )
            stack.callback(before.remove)
            stack.callback(after.remove)
        yield
