"""Forward hooks that hand activations to a reader while the network runs.

The reader must reduce or clone at once: torchvision's blocks end in in-place ReLUs that change an activation after
its hook has returned.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from geed_cli.engine.geometric import from_geometric_package
from geed_cli.errors import InputError
from geed_cli.models.network import OUTPUT, Network, Site, call_of, module_of

Reader = Callable[[Site, Tensor], None]


@contextmanager
def hooked(module: nn.Module, sites: Iterable[Site], reader: Reader) -> Iterator[None]:
    """Hooks on the sites of a network for one forward pass; on leaving the ``with`` the network is as it was.

    A site that names a call is read there alone, any other each time that its module runs.
    """
    with ExitStack() as stack:
        for site in sites:
            stack.callback(attach(module, site, _at_its_call(site, reader)).remove)
        yield


def attach(module: nn.Module, site: Site, reader: Callable[[object], None]) -> RemovableHandle:
    """A hook on a site's module, which stays until its handle removes it; the reader gets what each call has there."""
    target = module.get_submodule(module_of(site.module))
    if site.side == "input":
        return target.register_forward_pre_hook(
            lambda _, given, named: reader(_tensors_among(given, named)), with_kwargs=True
        )
    return target.register_forward_hook(lambda _, _inputs, output: reader(output))


def _tensors_among(given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """What a module is called with: all of it, or the one tensor beside flags, labels that are None and the like."""
    everything = (*given, *named.values())
    tensors = tuple(each for each in everything if isinstance(each, Tensor) or from_geometric_package(each))
    return tensors if len(tensors) == 1 else everything


def _at_its_call(site: Site, reader: Reader) -> Callable[[object], None]:
    calls, wanted = count(1), call_of(site.module)

    def read(activation: object) -> None:
        if next(calls) == wanted or wanted is None:
            reader(site, as_tensor(site, activation))

    return read


def require_rows(network: Network, site: Site, activation: Tensor, rows: int) -> None:
    """Refuse an activation whose first axis is not the batch of so many rows, with an ``InputError``."""
    problem = not_the_batch(site, tuple(activation.shape), rows)
    if problem is not None:
        raise UnreadableError(network, site, problem)


def not_the_batch(site: Site, shape: tuple[int, ...], rows: int) -> str | None:
    """Why an activation of that shape has no row for each image of a batch, as a clause; None where it has."""
    if shape[:1] == (rows,) and (len(shape) > 1 or site == OUTPUT):  # one number for each image is an output
        return None
    text = "×".join(map(str, shape)) or "of a single number"
    if len(shape) > 1 and shape[0] < rows:
        return f"it runs on part of the batch: its {site.side} has the shape {text} for {rows} images"
    return f"its {site.side} has the shape {text} for {rows} images, whose first axis is not the batch"


class UnreadableError(InputError):
    """A site that holds nothing to read in some batch; ``layer`` is its name where it is an output of a module."""

    def __init__(self, network: Network, site: Site, problem: str) -> None:
        super().__init__(
            f"module {site.module or '(whole network)'!r} of {network.id} cannot be read: {problem}",
            expected="one tensor of numbers with a row for each image",
            remedy=f"choose another: {network.inspect_command}",
        )
        self.layer = site.module if site.side == "output" else ""
        self.problem = problem


def as_tensor(site: Site, activation: object) -> Tensor:
    """The one tensor of a module's output, or of what it is called with; of a geometric tensor, the plain one.

    Raises:
        InputError: there are several tensors or none, or it holds complex numbers.
    """
    found = tensor_or_why_not(site, activation)
    if isinstance(found, Tensor):
        return found
    raise InputError(
        f"module {site.module or '(whole network)'!r} cannot be read: {found}",
        expected="one tensor of real numbers",
        remedy="choose another module",
    )


def tensor_or_why_not(site: Site, activation: Any) -> Tensor | str:  # noqa: ANN401 - whatever a module returns
    """The tensor that ``as_tensor`` takes, in real numbers; or why there is none, as a clause."""
    if isinstance(activation, tuple | list) and len(activation) == 1:
        activation = activation[0]
    if from_geometric_package(activation) and isinstance(getattr(activation, "tensor", None), Tensor):
        activation = activation.tensor
    if not isinstance(activation, Tensor):
        return f"its {site.side} is a {type(activation).__name__}, not one tensor"
    if activation.is_complex():
        return f"its {site.side} is complex, and what a group does to phases is not known"
    if activation.layout not in (torch.strided, torch._mkldnn):  # type: ignore[attr-defined]
        return f"its {site.side} is sparse"
    if torch._C._functorch.is_functorch_wrapped_tensor(activation):
        return f"its {site.side} is inside torch.vmap or its like, where no batch is seen"
    return activation.dequantize() if activation.is_quantized else activation
