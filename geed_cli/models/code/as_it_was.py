"""A network left as it was by passes that only try it.

What it keeps between calls would otherwise be there when the first batch is audited.
"""

import copy
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

CONTAINERS = (list, dict, set, deque, OrderedDict, defaultdict, Counter)
"""In which networks keep what they have seen; types made of these may refuse to be written."""


@contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Put buffers, and the numbers and tensors that modules keep as plain attributes, back after the block.

    A network that built parts of itself meanwhile is left as it then is.
    """
    parts = list(module.modules())
    kept = [(part, attributes_of(part), _copied(part)) for part in parts]
    try:
        yield
    finally:
        if [id(part) for part in module.modules()] == [id(part) for part in parts]:
            for part, attributes, buffers in kept:
                put_back(part, attributes)
                _write_back(part, buffers)


@dataclass(frozen=True)
class Attributes:
    """What a module keeps as plain attributes; of containers what they hold, too."""

    values: Mapping[str, object]
    contents: Mapping[str, Any]


def attributes_of(module: nn.Module) -> Attributes:
    """The attributes as they are now."""
    values = dict(vars(module))
    held = {name: value for name, value in values.items() if not name.startswith("_")}
    contents = {name: copy.copy(value) for name, value in held.items() if type(value) in CONTAINERS}
    return Attributes(values, contents)


def put_back(module: nn.Module, attributes: Attributes) -> None:
    """Plain numbers, tensors and containers of a module as they were."""
    before = attributes.values
    for name, value in list(vars(module).items()):
        plain = isinstance(value, int | float | Tensor | tuple) or name in attributes.contents
        changed = plain and before.get(name, module) is not value
        if changed and name in before:
            vars(module)[name] = before[name]
        elif changed:
            del vars(module)[name]
    for name, content in attributes.contents.items():
        held: Any = before[name]
        held.clear()
        (held.extend if isinstance(held, list | deque) else held.update)(content)


def _copied(module: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Each buffer with a copy of its numbers."""
    with torch.no_grad():
        return {
            name: (buffer, buffer.clone())
            for name, buffer in module._buffers.items()
            if buffer is not None and buffer.layout == torch.strided and not buffer.is_meta
        }


def _write_back(module: nn.Module, buffers: Mapping[str, tuple[Tensor, Tensor]]) -> None:
    for name, (buffer, numbers) in buffers.items():
        if not torch.equal(buffer, numbers):
            with torch.inference_mode(buffer.is_inference()), torch.no_grad():
                buffer.copy_(numbers)
        if name in module._buffers:
            module._buffers[name] = buffer
