"""Following sampling grids through a network: one run, and the grid of each layer's output.

The run is that of a copy without data (torch's meta device) wherever the network allows it, so that it costs
milliseconds and no memory.
"""

import copy
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Set
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn

from geed_cli.grids.grid import SamplingGrid
from geed_cli.grids.step import Step
from geed_cli.grids.tracer import EnoughSeenError, GridTracer, tensors_of
from geed_cli.runtime.libraries import compiler_absent


def data_free(module: nn.Module) -> nn.Module:
    """A copy of the module whose tensors hold no data, on torch's meta device."""
    memo: dict[int, Any] = {}
    for value in (*module.parameters(), *module.buffers()):
        empty = torch.empty_like(value, device="meta")
        is_parameter = isinstance(value, nn.Parameter)
        memo[id(value)] = nn.Parameter(empty, requires_grad=False) if is_parameter else empty
    for part in module.modules():
        for held in vars(
            part
        ).values():  # a dozen empty tables of hooks and the like, which copy asks a lot about
            if not held and type(held) in {dict, OrderedDict, set}:
                memo[id(held)] = type(held)()
    return copy.deepcopy(module, memo)


class GridFollower:
    """Follows sampling grids through one module, at any number of picture sizes; to be used in a ``with``.

    Its hooks are set once, since in a network of a thousand modules they take longer than a run without data.
    """

    def __init__(self, module: nn.Module, channels: int = 3) -> None:
        self._module, self._channels = module, channels
        self._hooks = ExitStack()
        self._tracer: GridTracer | None = None
        self._wanted: Set[str] = frozenset()
        self._grids: dict[str, SamplingGrid | None] = {}
        self._calls: Counter[str] = Counter()

    def __enter__(self) -> Self:
        for name, part in self._module.named_modules():
            for handle in (
                part.register_forward_pre_hook(partial(self._enter, name)),
                part.register_forward_hook(partial(self._leave, name), with_kwargs=True),
            ):
                self._hooks.callback(handle.remove)
        return self

    def __exit__(self, *_: object) -> None:
        self._hooks.close()

    def trace(
        self, size: int, layers: Iterable[str], hopeless: Callable[[Step], bool] | None = None
    ) -> dict[str, SamplingGrid]:
        """The sampling grid of each layer's output for pictures of a side, by name; the run ends with the last of them.

        A layer is left out that puts out no tensor, was not reached, or lies behind an operation whose sampling is not
        understood: one that says so itself, or whose output is not of the size that was followed. ``hopeless`` says
        whether to give up after a step.

        Raises:
            Exception: whatever the network raises on pictures of that size.
        """
        parameters = self._module.parameters()
        like = next((value for value in parameters if value.is_floating_point()), torch.zeros(()))
        pictures = torch.zeros(1, self._channels, size, size, dtype=like.dtype, device=like.device)
        self._tracer, self._wanted, self._grids = GridTracer(pictures, hopeless), set(layers), {}
        self._calls.clear()
        # no_grad and not inference_mode: under the latter composite operations would not be seen as their parts
        with torch.no_grad(), compiler_absent(), suppress(EnoughSeenError), self._tracer:
            self._module(pictures)
        return {name: grid for name, grid in self._grids.items() if grid is not None}

    def _enter(self, name: str, part: nn.Module, _inputs: object) -> None:
        if self._tracer is not None:
            self._tracer.enter(name, part)

    def _leave(
        self, name: str, _part: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: object
    ) -> None:
        if self._tracer is None:
            return
        self._tracer.leave((inputs, named), output)
        self._calls[name] += 1
        for layer in self._wanted & {name, f"{name}#{self._calls[name]}"}:
            self._grids[layer] = _followed(self._tracer, tensors_of(output))
            if len(self._grids) == len(self._wanted):
                raise EnoughSeenError


def _followed(tracer: GridTracer, outputs: list[Tensor]) -> SamplingGrid | None:
    """The grid of a layer's output; None where it is not known."""
    grid = tracer.grid_of(outputs)
    if grid is None:
        return None
    whole = grid.settled
    understood = whole.followed and any(whole.describes(tuple(output.shape)) for output in outputs)
    return whole if understood else None
