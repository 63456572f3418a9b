"""A TorchScript network as one module: its parts run as compiled code, in which nothing can be read."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn


class TorchScriptNetwork(nn.Module):
    """Has the network's parameters and output, and no modules but itself, since their hooks would not be called."""

    def __init__(self, script: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.script = script

    def forward(self, pictures: Tensor) -> Any:  # noqa: ANN401 - whatever the network returns
        """The network's output."""
        return self.script(pictures)

    def named_modules(
        self, memo: set[nn.Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Module]]:
        """Itself alone."""
        del memo, remove_duplicate
        yield prefix, self

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Those of the network."""
        del recurse, remove_duplicate
        yield from self.script.named_parameters(prefix)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Those of the network."""
        del recurse, remove_duplicate
        yield from self.script.named_buffers(prefix)
