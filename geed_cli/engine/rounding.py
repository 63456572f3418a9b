"""The floating-point floor of a run: one image in the run's own precision against the same image in float64.

A deviation of this size is rounding. The network is turned to float64 for it, run once, and turned back, which changes
no weight; not every network can be copied.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from geed_cli.engine.assemble import VECTOR_MEASURES
from geed_cli.engine.batches import normalise
from geed_cli.engine.plan import Plan
from geed_cli.engine.taps import Taps
from geed_cli.measures.channelwise import channelwise_correlation, channelwise_deviation
from geed_cli.measures.softmax import probabilities
from geed_cli.models.network import Network, Site

Rounding = dict[tuple[str, str | None], float]
"""By measure and layer."""


def rounding(network: Network, plan: Plan, pixels: Tensor, output: Site, dtype: torch.dtype) -> Rounding:
    """m(f(x), f₆₄(x)) for every measure and layer of the plan: raw means, before any normaliser.

    Args:
        network: as it runs.
        plan: what is measured.
        pixels: a batch of the run, shape (B, 3, S, S) in [0, 1]; its first row is used, in that batch shape.
        output: the site of the logits.
        dtype: in which the network runs. Weights that were rounded to it stay so: this is what the run itself rounds.

    Returns:
        One number for each; empty on a device without float64, where the run is in float64 itself, or where the
        network does not run in it.
    """
    if pixels.dtype == torch.float64 or pixels.device.type == "mps":
        return {}
    vectors = {"features": network.features, "logits": output}
    sites = [site for name, site in vectors.items() if any(key[0] == name for key in plan.vectors)]
    sites += [Site(layer, "output") for layer in plan.layers]
    inputs = normalise(pixels, network.input)
    own = _activations(network.module, sites, inputs.to(dtype))
    try:
        with _in_double(network.module, dtype):
            exact = _activations(network.module, sites, inputs[:1].double())
    except torch.OutOfMemoryError:
        raise
    except Exception:  # parts of some networks are made for float32, such as e2cnn's GroupPooling
        return {}
    found: Rounding = {}
    for measure in plan.measures:
        if measure.name in VECTOR_MEASURES:
            name, deviation = VECTOR_MEASURES[measure.name]
            if vectors[name] in own:
                pair = [runs[vectors[name]].flatten()[None].double().cpu() for runs in (own, exact)]
                pair = [probabilities(z) for z in pair] if name == "logits" else pair
                found[measure.name, None] = float(deviation(*pair))
        else:
            for layer, planned in plan.layers.items():
                maps = [planned.layout.maps(runs[Site(layer, "output")][None]) for runs in (own, exact)]
                found[measure.name, layer] = _layer(measure.name, *maps)
    return found


@contextmanager
def _in_double(module: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """The network in float64, and afterwards in its own type again; its weights stay ordinary tensors."""
    try:
        with torch.inference_mode(mode=False):
            module.double()
        yield
    finally:
        with torch.inference_mode(mode=False):
            module.to(dtype)


def _activations(module: nn.Module, sites: Sequence[Site], inputs: Tensor) -> dict[Site, Tensor]:
    """The first row of what each site holds."""
    held: dict[Site, Tensor] = {}

    def read(site: Site, activation: Tensor) -> None:
        held[site] = activation[0].clone()

    with Taps(module, dict.fromkeys(sites), read):
        module(inputs)
    return held


def _layer(metric: str, own: Tensor, exact: Tensor) -> float:
    one, other = own.double(), exact.double()
    if metric == "channelwise.correlation":
        everywhere = torch.ones(one.shape[-2:], dtype=torch.bool, device=one.device)
        return float(channelwise_correlation(one, other, everywhere).value)
    return float(channelwise_deviation(one, other).value)
