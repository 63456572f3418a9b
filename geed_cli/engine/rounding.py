"""The floating-point floor of a run: one image in the run's own precision against the same image in float64.

A deviation of this size is rounding. What the network made of the image in its own precision comes from the run
itself; only the reference is a forward pass more.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from geed_cli.engine.float64 import NotCopiedError, in_double
from geed_cli.engine.hooks import hooked
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Rounding
from geed_cli.errors import is_out_of_memory
from geed_cli.measures.distribution import deviation, distribution
from geed_cli.measures.map_distance import layer_deviation
from geed_cli.measures.maps.compared import deviation_of, sums_between
from geed_cli.measures.measure import ChannelMeasure, LayerMeasure, VectorMeasure, VectorSite
from geed_cli.models.network import Site
from geed_cli.models.output import Output


def rounding(
    module: nn.Module,
    plan: Plan,
    vectors: Mapping[VectorSite, Site],
    own: Mapping[Site, Tensor],
    inputs: Tensor,
    dtype: torch.dtype,
    *,
    copied: bool = False,
) -> Rounding:
    """m(f(x), f₆₄(x)) for every measure and layer of the plan: raw means, before any normaliser.

    Args:
        module: the network as it runs.
        plan: what is measured.
        vectors: where features and logits are read.
        own: what each site held of the image in the run, without a batch axis.
        inputs: the image, normalised but not rounded to ``dtype``, shape (1, 3, S, S).
        dtype: of the network. Weights that were rounded to it stay so: this is what the run itself rounds.
        copied: whether a copy is turned to float64, and the network itself left alone.

    Returns:
        One number for each; empty on a device without float64, where the run is in float64 itself, or where the
        network does not run in it.

    Raises:
        NotCopiedError: a copy was asked for and cannot be made.
    """
    if dtype == torch.float64 or inputs.device.type == "mps":
        return {}
    try:
        exact = _in_double(module, own, inputs, dtype, copied=copied)
    except Exception as error:
        if is_out_of_memory(error) or isinstance(error, NotCopiedError):
            raise
        return {}  # parts of some networks are made for float32, such as e2cnn's GroupPooling
    return between(plan, vectors, own, exact)


def between(
    plan: Plan, vectors: Mapping[VectorSite, Site], own: Mapping[Site, Tensor], other: Mapping[Site, Tensor]
) -> Rounding:
    """m(f(x), f'(x)) for every measure and layer that both runs f and f' hold of an image: raw means.

    Args:
        plan: what is measured.
        vectors: where features and logits are read.
        own: what each site held of the image in the one run, without a batch axis.
        other: the same in the other run.
    """
    pairs = _pairs(plan, own, other) if plan.of_layers else {}
    layers = {name: _values(plan.of_layers, *pair) for name, pair in pairs.items()}
    # fetched at once: whoever fetches a number from a GPU waits for all that is queued there
    fetched = dict(zip(layers, torch.stack(list(layers.values())).tolist() if layers else [], strict=True))
    numbers: Rounding = {
        (measure.name, name): fetched[layer.repeats or name][at]
        for at, measure in enumerate(plan.of_layers)
        for name, layer in plan.layers.items()
        if (layer.repeats or name) in fetched
    }
    for each in plan.of_vectors:
        predicts = each.site == "features" or plan.output.kind != "none"
        if predicts and vectors[each.site] in own and vectors[each.site] in other:
            numbers[each.name, None] = _vector(each, plan.output, vectors[each.site], own, other)
    return numbers


def _in_double(
    module: nn.Module, sites: Iterable[Site], inputs: Tensor, dtype: torch.dtype, *, copied: bool
) -> Mapping[Site, Tensor]:
    """What each site holds of the image in float64."""
    held: dict[Site, Tensor] = {}

    def read(site: Site, activation: Tensor) -> None:
        held[site] = activation[0].clone()

    with in_double(module, dtype, copied=copied) as exact, hooked(exact, sites, read):
        exact(inputs.double())
    return held


def _pairs(
    plan: Plan, own: Mapping[Site, Tensor], exact: Mapping[Site, Tensor]
) -> dict[str, tuple[Tensor, Tensor]]:
    """The maps of each layer that repeats no other in both runs, shape (1, C, H, W)."""
    return {
        name: (layer.layout.maps(own[site][None]), layer.layout.maps(exact[site][None]))
        for name, layer in plan.layers.items()
        for site in [Site(name, "output")]
        if layer.repeats is None and site in own and site in exact
    }


def _values(measures: Sequence[LayerMeasure], maps: Tensor, others: Tensor) -> Tensor:
    """Each measure of one map against another, shape (1, C, H, W) both; shape (measures,)."""
    maps, others = maps.double(), others.double()
    sums = sums_between(maps, others)
    found = [
        deviation_of(sums, each)
        if isinstance(each, ChannelMeasure)
        else layer_deviation(each, maps, others, others)
        for each in measures
    ]
    return torch.cat([each.value for each in found])


def _vector(
    measure: VectorMeasure,
    output: Output,
    site: Site,
    own: Mapping[Site, Tensor],
    exact: Mapping[Site, Tensor],
) -> float:
    pair = [runs[site].flatten().double().cpu() for runs in (own, exact)]
    rounded, reference = [distribution(output, z) for z in pair] if measure.site == "logits" else pair
    return float(deviation(measure, output, rounded, reference, reference))
