"""Forward hooks that hand activations to a reader while the network runs.

The reader must reduce or clone at once: torchvision's blocks end in in-place ReLUs that change an activation after
its hook has returned.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from geed_cli.engine.geometric import from_geometric_package
from geed_cli.errors import InputError
from geed_cli.models.network import Site

Reader = Callable[[Site, Tensor], None]


@contextmanager
def hooked(module: nn.Module, sites: Iterable[Site], reader: Reader) -> Iterator[None]:
    """Hooks on the sites of a network; on leaving the ``with`` the network is as it was."""
    with ExitStack() as stack:
        for site in sites:
            stack.callback(attach(module, site, reader).remove)
        yield


def attach(module: nn.Module, site: Site, reader: Reader) -> RemovableHandle:
    """A hook on one site, which stays until its handle removes it."""
    target = module.get_submodule(site.module)
    if site.side == "input":
        return target.register_forward_pre_hook(lambda _, inputs: reader(site, as_tensor(site, inputs)))
    return target.register_forward_hook(lambda _, _inputs, output: reader(site, as_tensor(site, output)))


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
