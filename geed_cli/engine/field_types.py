"""Reads the field types of a network's layers while it runs once, so that nobody has to declare their actions."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from torch import nn

from geed_cli.engine.geometric import FieldType, from_geometric_package
from geed_cli.engine.shapes import forward_zeros
from geed_cli.models.network import Network


def field_types(network: Network, layers: Iterable[str]) -> dict[str, FieldType]:
    """The field type of each layer that puts out a geometric tensor of e2cnn or escnn, from one pass of black images.

    Networks without modules of these packages are not run.

    Args:
        network: in evaluation mode.
        layers: dotted names.
    """
    if not any(from_geometric_package(module) for module in network.module.modules()):
        return {}
    found: dict[str, FieldType] = {}
    with ExitStack() as stack:
        for name in layers:
            module = network.module.get_submodule(name)
            stack.callback(module.register_forward_hook(_noting(name, found)).remove)
        forward_zeros(network.module, network.input.size)
    return found


def _noting(name: str, found: dict[str, FieldType]) -> Callable[[nn.Module, object, Any], None]:
    def hook(_module: nn.Module, _inputs: object, output: Any) -> None:  # noqa: ANN401 - whatever a module returns
        if from_geometric_package(output) and hasattr(output, "type"):
            found[name] = FieldType(output.type.gspace, tuple(output.type.representations))

    return hook
