"""The module inside of what compilers, exporters and data parallelism make of one."""

import torch
from torch import nn

from geed_cli.models.code.torchscript import TorchScriptNetwork


def unwrapped(network: object) -> object:
    """The module itself, whose parts' hooks all run; what is neither a module nor holds one comes back as it is."""
    # by name: torch.export and torch.compile take long to import
    kind = type(network).__name__
    if kind == "ExportedProgram":
        return torch.export.unflatten(network)  # type: ignore[arg-type]
    if kind == "OptimizedModule":  # what torch.compile returns
        return unwrapped(getattr(network, "_orig_mod"))  # noqa: B009 - mypy knows none of it
    if isinstance(network, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return unwrapped(network.module)
    return TorchScriptNetwork(network) if isinstance(network, torch.jit.ScriptModule) else network
