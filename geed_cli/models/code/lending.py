"""A user's own module, lent for a run: in evaluation mode within the ``with``, and as it was before afterwards.

As it was are the modes of all its parts, its hooks, buffers, plain attributes and what they hold, the memory of its
parameters, and the random generators of torch, NumPy and Python. Gradients are neither made nor read.
"""

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError, described
from geed_cli.models.code.as_it_was import CONTAINERS
from geed_cli.runtime.undisturbed import undisturbed


@contextmanager
def lent(module: nn.Module, *, channels_last: bool = False) -> Iterator[None]:
    """The module in evaluation mode, and as it was when the block ends, however it ends.

    Args:
        module: whose own ``train`` and ``eval`` are called, as a training loop calls them.
        channels_last: whether convolutions' weights lie channels last within the block, as those of loaded networks
            do, of which the last digits of some networks depend: as copies, their own memory is kept aside.

    Raises:
        InputError: its ``eval`` fails.
    """
    with ExitStack() as stack:
        stack.enter_context(undisturbed())
        stack.callback(_Kept(module).put_back)
        stack.callback(_put_modes_back, module, {part: _mode(part) for part in parts_of(module)})
        try:
            module.eval()
        except Exception as error:  # a train() of the user's own
            raise InputError(
                f"eval() of {type(module).__name__} fails: {described(error)}",
                expected="a module that can be put in evaluation mode",
                remedy="let its train() and eval() return",
            ) from error
        if channels_last:
            stack.enter_context(_channels_last(module))
        yield


def parts_of(module: nn.Module) -> Iterator[nn.Module]:
    """The module and all that it holds, those inside TorchScript as well, each once."""
    seen: set[int] = set()
    waiting: list[nn.Module | None] = [module]
    while waiting:
        part = waiting.pop()
        if part is not None and id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting.extend(part._modules.values())


def _mode(part: nn.Module) -> bool | None:
    """Whether it is in training mode; None where it has no modes, as frozen TorchScript."""
    return getattr(part, "training", None)


def _put_modes_back(module: nn.Module, modes: dict[nn.Module, bool | None]) -> None:
    """Each part in its mode again: by its ``train`` wherever all of it is in one, else the flag alone."""
    before = modes.get(module)
    inside = {modes.get(part) for part in parts_of(module)}
    if inside == {before} and before is not None:
        if any(_mode(part) != before for part in parts_of(module)):
            module.train(before)
        return
    for child in module._modules.values():
        if child is not None:
            _put_modes_back(child, modes)
    if before is not None and _mode(module) != before:
        module.training = before


class _Kept:
    """What a module's parts hold beside their parameters' numbers, to be put back."""

    def __init__(self, module: nn.Module) -> None:
        self._parts = [part for part in parts_of(module) if not isinstance(part, torch.jit.ScriptModule)]
        self._attributes = [dict(vars(part)) for part in self._parts]
        self._contents = [
            {name: copy.copy(value) for name, value in held.items() if type(value) in CONTAINERS}
            for held in self._attributes
        ]
        tensors = {id(tensor): tensor for part in parts_of(module) for tensor in _own_tensors(part)}
        with torch.no_grad():
            self._tensors = [(tensor, tensor.detach().clone()) for tensor in tensors.values()]

    def put_back(self) -> None:
        """Everything as it was."""
        for part, attributes, contents in zip(self._parts, self._attributes, self._contents, strict=True):
            held = vars(part)
            for name in held.keys() - attributes.keys():
                del held[name]
            for name, value in attributes.items():
                if name not in held or held[name] is not value:
                    held[name] = value
            for name, content in contents.items():
                _refill(attributes[name], content)
        for tensor, numbers in self._tensors:
            if not _same(tensor, numbers):
                with torch.inference_mode(tensor.is_inference()), torch.no_grad():
                    tensor.copy_(numbers)


def _own_tensors(part: nn.Module) -> Iterator[Tensor]:
    """Buffers and tensors that are plain attributes, of which forward passes may write the numbers."""
    scripted = isinstance(part, torch.jit.ScriptModule)
    values = [*part.buffers(recurse=False), *(() if scripted else vars(part).values())]
    for value in values:
        plain = isinstance(value, Tensor) and not isinstance(value, nn.Parameter)
        if plain and value.layout == torch.strided and not value.is_meta and not value.requires_grad:
            yield value


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether every number is the same, NaN as well."""
    return one.shape == other.shape and bool(((one == other) | (one.isnan() & other.isnan())).all())


def _refill(container: Any, content: Any) -> None:  # noqa: ANN401 - one of CONTAINERS
    """What a container held, in its order; one that holds it still is not touched."""
    now, before = _entries(container), _entries(content)
    if len(now) != len(before) or any(one is not other for one, other in zip(now, before, strict=True)):
        container.clear()
        (container.extend if hasattr(container, "extend") else container.update)(content)


def _entries(container: Any) -> list[object]:  # noqa: ANN401 - one of CONTAINERS
    """What it holds, keys of mappings before their values."""
    return [*container, *container.values()] if isinstance(container, dict) else [*container]


@contextmanager
def _channels_last(module: nn.Module) -> Iterator[None]:
    """Parameters of four axes channels last, and then in their own memory again."""
    kept: list[tuple[nn.Parameter, Tensor]] = []
    try:
        for parameter in module.parameters():
            own = parameter.data
            if own.dim() == 4 and type(own) is Tensor and own.layout == torch.strided:
                with torch.inference_mode(
                    own.is_inference()
                ):  # which a parameter stays only with such memory
                    last = own.contiguous(memory_format=torch.channels_last)
                if last is not own and last.data_ptr() != own.data_ptr():
                    kept.append((parameter, own))
                    parameter.data = last
        yield
    finally:
        for parameter, own in kept:
            parameter.data = own
