"""A network compiled by ``torch.compile``, which returns its tapped activations in place of its output.

The taps sit on a copy that shares the weights, before anything is compiled, so that they are part of the compiled
graph; reductions come after it. Every tapped activation is copied there, since in-place operations may follow, and
all of a batch's are held at once.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from geed_cli.engine.hooks import Taps
from geed_cli.engine.out_of_memory import is_out_of_memory
from geed_cli.errors import GeedError, InputError
from geed_cli.models.network import Network, Site

DEFAULT_BACKEND = "inductor"


class CompiledNetwork:
    """The activations of a network's sites, from one compiled call.

    Args:
        network: as it runs: on its device, in its floating type.
        sites: which activations are read.
        backend: of ``torch.compile``.
    """

    def __init__(self, network: Network, sites: Iterable[Site], backend: str = DEFAULT_BACKEND) -> None:
        self._id = network.id
        self._sites = tuple(sites)
        self._call: Any = None
        self._ran = False
        with self._refusing():
            tapped = _Tapped(_sharing_weights(network.module), self._sites)
            # batches have one fixed shape, so nothing is gained by a graph for any shape
            self._call = torch.compile(tapped, backend=backend, dynamic=False)

    def __call__(self, inputs: Tensor) -> Mapping[Site, Tensor]:
        """What each site holds for these inputs, in the order of the sites.

        Args:
            inputs: normalised, in the network's type; every call has the same shape.

        Raises:
            InputError: the network could not be compiled, which the first call finds out.
        """
        if self._ran:
            held = self._call(inputs)
        else:
            with self._refusing():
                held = self._call(inputs)
            self._ran = True
        return dict(zip(self._sites, held, strict=True))

    def _refusing(self) -> "_Refusing":
        return _Refusing(self._id)


class _Refusing:
    """Turns whatever a compiler raises into one error; exhausted memory and the program's own errors pass."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, GeedError) or is_out_of_memory(error):
            return
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        raise InputError(
            f"{self._name} could not be compiled: {type(error).__name__}: {said}"[:400],
            expected="a network that torch.compile takes, and a C++ compiler (on a GPU: Triton)",
            remedy="leave out --compile",
        ) from error


class _Tapped(nn.Module):
    """A network that returns copies of what its sites hold.

    Args:
        module: the network; hooks stay on it.
        sites: which of its activations are returned.
    """

    def __init__(self, module: nn.Module, sites: tuple[Site, ...]) -> None:
        super().__init__()
        self.module = module
        self._sites = sites
        self._held: dict[Site, Tensor] = {}
        Taps(module, sites, self._hold).__enter__()

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Every site's activation, in the order of the sites."""
        self._held = {}
        self.module(inputs)
        held, self._held = self._held, {}
        return tuple(held[site] for site in self._sites)

    def _hold(self, site: Site, activation: Tensor) -> None:
        self._held[site] = activation.clone()


def _sharing_weights(module: nn.Module) -> nn.Module:
    """A copy whose parameters and buffers are those of the module."""
    memo: dict[int, Any] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, memo)
