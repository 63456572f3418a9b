"""The module at which two passes part that ought to agree, by what goes into and comes out of every module."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from geed_cli.engine.steady.seen import STEADY
from geed_cli.engine.steady.showing import Showing

SAMPLED = 256
"""Numbers of a tensor that are set side by side; the mean of each of as many parts as well."""


@dataclass(frozen=True)
class _Event:
    """A module that begins or ends, and a sketch of the tensor that goes in or comes out, if one can be told."""

    name: str
    begins: bool
    sketch: Tensor | None


def culprit(module: nn.Module, showings: tuple[Showing, Showing], run: Callable[[Showing], object]) -> str:
    """The first module that put out something else for the same image, as a clause; empty where none is seen.

    Args:
        module: the network.
        showings: two, both of which show row 0.
        run: puts a showing through the network.
    """
    first, then = (_events(module, showing, run) for showing in showings)
    open_modules: list[str] = []
    before = ""
    for one, other in zip(first, then, strict=False):
        if (one.name, one.begins) != (other.name, other.begins):
            return _inside(module, open_modules, before, "")
        if _moved(one.sketch, other.sketch):
            if not one.begins:
                return _named(module, one.name)
            return _inside(module, open_modules, before, one.name) if open_modules else ""
        if one.begins:
            open_modules.append(one.name)
        else:
            open_modules.pop()
            before = one.name
    return ""


def _events(module: nn.Module, showing: Showing, run: Callable[[Showing], object]) -> list[_Event]:
    place, rows = showing.places.index(0), len(showing.places)
    events: list[_Event] = []

    def begin(name: str, _module: nn.Module, inputs: tuple[object, ...]) -> None:
        events.append(_Event(name, True, _sketch(inputs, place, rows)))

    def end(name: str, _module: nn.Module, _inputs: object, output: object) -> None:
        events.append(_Event(name, False, _sketch([output], place, rows)))

    with ExitStack() as stack:
        for name, child in module.named_modules():
            stack.callback(child.register_forward_pre_hook(partial(begin, name)).remove)
            stack.callback(child.register_forward_hook(partial(end, name)).remove)
        run(showing)
    return events


def _sketch(tensors: Sequence[object], place: int, rows: int) -> Tensor | None:
    """Some numbers of one image's part of the first tensor."""
    tensor = next(_tensors(tensors), None)
    if tensor is None or tensor.dim() == 0 or len(tensor) == 0 or len(tensor) % rows:
        return None
    own = tensor.detach().chunk(rows)[place].flatten()
    own = torch.view_as_real(own).flatten() if own.is_complex() else own
    own = own.float() if own.device.type == "mps" else own.double()
    every = max(len(own) // SAMPLED, 1)
    return torch.cat([own[::every], *(part.mean()[None] for part in own.chunk(SAMPLED))]).cpu()


def _tensors(values: Sequence[object]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(value)


def _moved(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return False
    if one.shape != other.shape:
        return True
    scale = torch.maximum(one.abs(), other.abs()).nan_to_num().amax()
    return bool(((one - other).abs().nan_to_num() > STEADY * scale).any())


def _named(module: nn.Module, name: str) -> str:
    child = module.get_submodule(name)
    what = (
        f"module '{name}' ({type(child).__name__})"
        if name
        else f"the network's own code ({type(child).__name__})"
    )
    return f"it comes from {what}{' in training mode' * child.training}"


def _inside(module: nn.Module, open_modules: Sequence[str], before: str, after: str) -> str:
    """The code of the innermost module that was running, between two of its parts."""
    where = _named(module, open_modules[-1] if open_modules else "")
    parts = [f"after '{before}'" if before else "", f"before '{after}'" if after else ""]
    return ", ".join(filter(None, (where, " and ".join(filter(None, parts)))))
