"""Between plain pictures and one tensor on one side, and what a module takes and returns on the other.

Modules of e2cnn and escnn take their own tensors, those of transformers return objects that hold several. Hooks at the
module's two ends see to that while it is lent, so that its parts keep their names.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

FIELDS = ("logits", "image_embeds", "out", "pooler_output", "last_hidden_state")
"""Which entry of an object or mapping is the output, the first that is there; ``out`` is torchvision's of maps."""
GEOMETRIC = ("e2cnn", "escnn")


@dataclass(frozen=True)
class Adapter:
    """How a module is called.

    Attributes:
        field: the entry of what it returns that is its output: a name, or a place in a tuple; None for all of it.
        pooled: what is taken of the tokens of that entry: the ``first``, or the ``mean`` over all; None for every one.
        geometric: whether pictures go in as a geometric tensor of the type that the module states, and what comes out
            is one.
    """

    field: str | int | None = None
    pooled: Literal["first", "mean"] | None = None
    geometric: bool = False

    @contextmanager
    def at(self, module: nn.Module) -> Iterator[None]:
        """Its hooks at the module's ends."""
        handles = []
        try:
            if self.geometric:
                handles.append(module.register_forward_pre_hook(_as_geometric))
            if self.geometric or self.field is not None:
                handles.append(module.register_forward_hook(self._output))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _output(self, _module: nn.Module, _inputs: object, output: Any) -> Any:  # noqa: ANN401 - whatever it returns
        if self.geometric:
            return getattr(output, "tensor", output)
        value = output if self.field is None else entry(output, self.field)
        if self.pooled is None or value.dim() < 3:
            return value
        return value[:, 0] if self.pooled == "first" else value.mean(dim=(2, 3) if value.dim() == 4 else 1)


PLAIN = Adapter()
"""Of a module that takes pictures and returns one tensor."""


def entry(output: Any, field: str | int) -> Any:  # noqa: ANN401 - whatever a module returns
    """One entry of a mapping, a tuple or an object."""
    return getattr(output, field) if isinstance(field, str) and hasattr(output, field) else output[field]


def takes_geometric(module: nn.Module) -> bool:
    """Whether the module's own code takes e2cnn's or escnn's tensors: it is one of theirs, and states a type."""
    ours = any(each.__module__.partition(".")[0] in GEOMETRIC for each in type(module).__mro__)
    return ours and getattr(module, "in_type", None) is not None


def field_of(output: object) -> str | int | None:
    """Which entry of what a module returned is its output; None where that is the whole, or cannot be told."""
    if isinstance(output, Tensor):
        return None
    if isinstance(output, Mapping) or hasattr(output, "__dataclass_fields__"):
        held = (name for name in FIELDS if isinstance(_held(output, name), Tensor))
        return next(held, None)
    if isinstance(output, tuple | list) and [type(each) for each in output].count(Tensor) == 1:
        return next(place for place, each in enumerate(output) if isinstance(each, Tensor))
    return None


def _held(output: Any, name: str) -> object:  # noqa: ANN401 - whatever a module returns
    return output.get(name) if isinstance(output, Mapping) else getattr(output, name, None)


def _as_geometric(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    package = next(
        name for each in type(module).__mro__ if (name := each.__module__.partition(".")[0]) in GEOMETRIC
    )
    tensor = sys.modules[f"{package}.nn"].GeometricTensor
    return tuple(tensor(each, module.in_type) if isinstance(each, Tensor) else each for each in inputs)
