"""A network compiled by ``torch.compile``, which returns the activations of its sites in place of its output.

The hooks sit on a copy that shares the weights, before anything is compiled, so that they are part of the compiled
graph; reductions come after it. Every activation is copied there, since in-place operations may follow, and all of a
batch's are held at once.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from geed_cli.engine.hooks import as_tensor, attach
from geed_cli.errors import GeedError, InputError, described, is_out_of_memory
from geed_cli.models.network import Network, Site, call_of, module_of

DEFAULT_BACKEND = "inductor"


class CompiledNetwork:
    """The activations of a network's sites, from one compiled call; the network is on its device, in its type."""

    def __init__(self, network: Network, sites: Iterable[Site], backend: str = DEFAULT_BACKEND) -> None:
        self._id = network.id
        self._sites = tuple(sites)
        self._ran = False
        with _refusing(self._id):
            reading = _Reading(_sharing_weights(network.module), self._sites)
            # batches have one fixed shape, so nothing is gained by a graph for any shape
            self._call: Any = torch.compile(reading, backend=backend, dynamic=False)

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
            with _refusing(self._id):
                held = self._call(inputs)
            self._ran = True
        return dict(zip(self._sites, held, strict=True))


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turns whatever a compiler raises into one error; exhausted memory and the program's own errors pass."""
    try:
        yield
    except GeedError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise InputError(
            f"{name} could not be compiled: {described(error)}",
            expected="a network that torch.compile takes, and a C++ compiler (on a GPU: Triton)",
            remedy="leave out --compile",
        ) from error


class _Reading(nn.Module):
    """A network that returns copies of what its sites hold; hooks stay on the module."""

    def __init__(self, module: nn.Module, sites: tuple[Site, ...]) -> None:
        super().__init__()
        self.module = module
        self._sites = sites
        self._held: dict[Site, list[Tensor]] = {}
        for plain in dict.fromkeys(map(_plain, sites)):
            attach(module, plain, partial(self._hold, plain))

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Every site's activation, in the order of the sites."""
        self._held = {_plain(site): [] for site in self._sites}
        self.module(inputs)
        held, self._held = self._held, {}
        return tuple(held[_plain(site)][(call_of(site.module) or 1) - 1] for site in self._sites)

    def _hold(self, plain: Site, activation: object) -> None:
        self._held[plain].append(as_tensor(plain, activation).clone())


def _plain(site: Site) -> Site:
    """The site of every call of that module."""
    return Site(module_of(site.module), site.side)


def _sharing_weights(module: nn.Module) -> nn.Module:
    """A copy whose parameters and buffers are those of the module."""
    memo: dict[int, Any] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, memo)
