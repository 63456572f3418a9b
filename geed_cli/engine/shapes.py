"""What each module puts out for one image: traced once, so that layers are judged before the run starts."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from geed_cli.engine.hooks import hooked
from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site

TRACED_IMAGES = 2
"""Images in a traced batch: with one alone, an axis that is not the batch could not be told from it."""


@dataclass(frozen=True)
class Trace:
    """What was seen at some sites in one forward pass.

    Attributes:
        shapes: of each site's activation for one image, without the batch axis.
        first: for each site the one that was first to hold the very same numbers in memory: itself, or the one
            before, as where a block ends in a ReLU, a stage in a block, or a module passes on what it is given.
    """

    shapes: dict[Site, tuple[int, ...]]
    first: dict[Site, Site]


def trace(network: Network, sites: Iterable[Site]) -> Trace:
    """Run the network once and note what its sites hold.

    Raises:
        InputError: a site is not reached, or is reached several times, in one forward pass; or its first axis is
            not the batch, as in attention over windows.
    """
    sites = tuple(sites)
    seen: dict[Site, list[tuple[int, ...]]] = {site: [] for site in sites}
    first: dict[Site, Site] = {}
    before: _Held | None = None

    def read(site: Site, activation: Tensor) -> None:
        nonlocal before
        seen[site].append(tuple(activation.shape))
        unchanged = before is not None and before.holds(activation)
        first[site] = first[before.site] if before is not None and unchanged else site
        before = None if activation.is_inference() else _Held(site, activation, activation._version)

    with hooked(network.module, sites, read):
        forward_zeros(network.module, network.input.size)
    for site, shapes in seen.items():
        if len(shapes) != 1:
            raise _not_once(network.id, site, len(shapes))
        if len(shapes[0]) < 2 or shapes[0][0] != TRACED_IMAGES:
            raise _no_batch_axis(network.id, site, shapes[0])
    return Trace({site: shapes[0][1:] for site, shapes in seen.items()}, first)


@dataclass(frozen=True)
class _Held:
    """The activation that was read last, kept so that its memory cannot be another's, and how often it was written."""

    site: Site
    activation: Tensor
    version: int

    def holds(self, other: Tensor) -> bool:
        """Whether that is the same memory, read in the same order, and not written since."""
        mine = self.activation
        if other.is_inference():
            return False
        same_memory = mine.data_ptr() == other.data_ptr() and mine.stride() == other.stride()
        return same_memory and mine.shape == other.shape and self.version == other._version


def trace_all(network: Network) -> dict[str, str]:
    """The output of every module as text: a shape such as ``64×56×56``, or what else it is."""
    seen: dict[str, str] = {}

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                seen[name] = "×".join(map(str, output.shape[1:]))
            else:
                seen[name] = type(output).__name__

        return hook

    with ExitStack() as stack:
        for name, module in network.module.named_modules():
            stack.callback(module.register_forward_hook(note(name)).remove)
        forward_zeros(network.module, network.input.size)
    return seen


def forward_zeros(module: nn.Module, size: int) -> Tensor:
    """The network's output on ``TRACED_IMAGES`` black images."""
    tensors = tuple(chain(module.parameters(), module.buffers()))
    # masks and counters say where a network is, not in what type it computes
    anywhere = torch.zeros((), device=tensors[0].device if tensors else None)
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), anywhere)
    # tensors of inference mode do not count how often they are written
    with torch.inference_mode(False), torch.no_grad():
        output = module(torch.zeros(TRACED_IMAGES, 3, size, size, dtype=like.dtype, device=like.device))
    assert isinstance(output, Tensor), "networks are checked to return one tensor when they are loaded"
    return output


def _no_batch_axis(name: str, site: Site, shape: tuple[int, ...]) -> InputError:
    text = "×".join(map(str, shape))
    return InputError(
        f"the {site.side} of {site.module!r} in {name} has the shape {text} for {TRACED_IMAGES} images",
        expected="the batch as its first axis; attention over windows has B·windows there",
        remedy="choose another layer: geed inspect MODEL --layers",
    )


def _not_once(name: str, site: Site, times: int) -> InputError:
    return InputError(
        f"module {site.module!r} runs {times} times in one forward pass of {name}",
        expected="a module that runs exactly once",
        remedy="choose another layer: geed inspect MODEL --layers",
    )
