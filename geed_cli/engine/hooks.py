"""Taps: forward hooks that hand activations to a reader while the network runs, owned by one ``with``.

The reader must reduce or clone at once: torchvision's blocks end in in-place ReLUs that change an activation after
its hook has returned.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from geed_cli.engine.geometric import from_geometric_package
from geed_cli.errors import InputError
from geed_cli.models.network import Site

Reader = Callable[[Site, Tensor], None]


class Taps:
    """Hooks on the sites of one network; on leaving the ``with`` the network is as it was."""

    def __init__(self, module: nn.Module, sites: Iterable[Site], reader: Reader) -> None:
        self._module = module
        self._sites = tuple(sites)
        self._reader = reader
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for site in self._sites:
            self._stack.callback(self._attach(site).remove)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _attach(self, site: Site) -> RemovableHandle:
        target = self._module.get_submodule(site.module)
        if site.side == "input":
            return target.register_forward_pre_hook(
                lambda _module, inputs: self._reader(site, as_tensor(site, inputs))
            )
        return target.register_forward_hook(
            lambda _module, _inputs, output: self._reader(site, as_tensor(site, output))
        )


def as_tensor(site: Site, activation: Any) -> Tensor:  # noqa: ANN401 - whatever a module returns
    """The one tensor of a module's output, or of its single positional input; of a geometric tensor, the plain one.

    Raises:
        InputError: the module returns several tensors or none, so it has no one activation.
    """
    if isinstance(activation, tuple | list) and len(activation) == 1:
        activation = activation[0]
    if from_geometric_package(activation) and isinstance(getattr(activation, "tensor", None), Tensor):
        activation = activation.tensor
    if not isinstance(activation, Tensor):
        raise InputError(
            f"the {site.side} of module {site.module or '(whole network)'!r} is a {type(activation).__name__}",
            expected="one tensor",
            remedy="choose another layer: geed inspect MODEL --layers",
        )
    return activation
