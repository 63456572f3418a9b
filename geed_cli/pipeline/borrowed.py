"""Networks whose modules are the user's: lent for a run, which goes where they are, in the type that they have."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import torch

from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.models.code.lending import lent
from geed_cli.models.code.own_type import number_of
from geed_cli.models.network import Network
from geed_cli.pipeline.options import Precision, RunOptions
from geed_cli.runtime.undisturbed import undisturbed

NAMES: dict[torch.dtype, Precision] = {
    torch.float32: "fp32",
    torch.float64: "fp64",
    torch.bfloat16: "bf16",
    torch.float16: "fp16",
}


@contextmanager
def lend(networks: Sequence[Network], *, channels_last: bool = True) -> Iterator[tuple[Network, ...]]:
    """The networks, of which those that are borrowed are in evaluation mode, and as they were after the block.

    So are the process's random generators, which any network may draw from.
    Weights of borrowed convolutions lie channels last within the block, unless contiguous ones are asked for.
    The fingerprint of a borrowed network's weights is made anew: they may have been trained since it was wrapped.
    """
    with ExitStack() as stack:
        stack.enter_context(undisturbed())
        for network in {id(each.module): each for each in networks if each.borrowed}.values():
            stack.enter_context(lent(network.module, channels_last=channels_last))
            stack.enter_context(network.adapter.at(network.module))
        yield tuple(_with_present_weights(each) if each.borrowed else each for each in networks)


def _with_present_weights(network: Network) -> Network:
    return replace(network, weights=replace(network.weights, state_sha256=state_sha256(network.module)))


def own_precision(network: Network) -> Precision:
    """The type in which a network runs unless another is asked for: of a borrowed one its own."""
    return NAMES.get(number_of(network.module).dtype, "fp32") if network.borrowed else "fp32"


def at_home(run: RunOptions, networks: Sequence[Network]) -> RunOptions:
    """The options with the first borrowed network's own device, where any device will do."""
    borrowed = next((each for each in networks if each.borrowed), None)
    if borrowed is None or run.device != "auto" or run.devices:
        return run
    device = number_of(borrowed.module).device
    match device.type:
        case "cpu":
            return replace(run, device="cpu")
        case "mps":
            return replace(run, device="mps")
        case "cuda":
            return replace(run, devices=(str(device.index or 0),))
    return run


def is_at(network: Network, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether a network's module is on a device and in a type already."""
    own = number_of(network.module)
    return own.dtype == dtype and own.device == torch.empty(0, device=device).device
