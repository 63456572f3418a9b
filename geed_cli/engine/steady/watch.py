"""What can be seen free of charge of a network that is no function of its input: what it leaves changed.

Random generators that a forward pass advances, buffers, parameters and attributes that it writes, modules in training
mode. Each is a reason to look again and no verdict: a counter may count and never be read.
"""

import random
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn


class Watch:
    """The state of the random generators and of a network, to be set against what is there later."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._generators = {name: state() for name, state in _generators().items()}
        self._tensors = {name: (tensor, _version(tensor)) for name, tensor in _tensors(module)}
        self._attributes = {name: (value, _version(value)) for name, value in _attributes(module)}

    def changes(self) -> tuple[str, ...]:
        """What has changed since then, and which modules are in training mode, as clauses."""
        return (
            *(
                f"{name} was advanced"
                for name, state in _generators().items()
                if self._advanced(name, state())
            ),
            *_written("buffer or parameter", self._tensors, _tensors(self._module)),
            *_written("attribute", self._attributes, _attributes(self._module)),
            *_training(self._module),
        )

    def _advanced(self, name: str, state: object) -> bool:
        before = self._generators.get(name)
        if isinstance(state, Tensor) and isinstance(before, Tensor):
            return not torch.equal(before, state)
        return before is not None and before != state


def _generators() -> dict[str, Callable[[], object]]:
    """The states of the process's random generators, by what they are called."""
    generators: dict[str, Callable[[], object]] = {
        "torch's random generator": torch.get_rng_state,
        "numpy's random generator": _numpy_state,
        "Python's random generator": random.getstate,
    }
    # none before CUDA was first used, which asking whether there is any takes longer than all of this
    for number, generator in enumerate(torch.cuda.default_generators):
        generators[f"the random generator of cuda:{number}"] = generator.get_state
    return generators


def _numpy_state() -> object:
    _, keys, position, has_gauss, gauss = np.random.get_state()
    return np.asarray(keys).tobytes(), position, has_gauss, gauss


def _tensors(module: nn.Module) -> Iterator[tuple[str, object]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _attributes(module: nn.Module) -> Iterator[tuple[str, object]]:
    """The numbers and tensors that modules keep as plain attributes."""
    for name, child in module.named_modules():
        for key, value in vars(child).items():
            if (
                not key.startswith("_")
                and key != "training"
                and isinstance(value, int | float | Tensor | None)
            ):
                yield f"{name}.{key}".lstrip("."), value


def _version(value: object) -> int:
    """How often a tensor was written; those of inference mode do not count."""
    return value._version if isinstance(value, Tensor) and not value.is_inference() else 0


def _written(
    what: str, before: dict[str, tuple[object, int]], now: Iterator[tuple[str, object]]
) -> Iterator[str]:
    for name, value in now:
        held, version = before.get(name, (None, 0))
        same = held is value or (
            not isinstance(value, Tensor) and type(held) is type(value) and held == value
        )
        if not same or version != _version(value):
            yield f"{what} '{name}' was written"


def _training(module: nn.Module) -> Iterator[str]:
    """The modules in training mode, those that behave otherwise there before the others."""
    modes = [(name, child) for name, child in module.named_modules() if child.training]
    behave = [pair for pair in modes if "Drop" in type(pair[1]).__name__ or "Norm" in type(pair[1]).__name__]
    for name, child in (behave or modes)[:1]:
        yield f"module '{name or 'the network'}' ({type(child).__name__}) is in training mode"
