"""The floating-point floor of a run: one image in the run's own precision against the same image in float64.

A deviation of this size is rounding. What the network made of the image in its own precision comes from the run
itself; only the reference is a forward pass more.
"""

from collections.abc import Mapping, Sequence

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
    both = Between(plan, vectors, own)

    def read(site: Site, activation: Tensor) -> None:
        try:
            both.take(site, activation[0])
        except Exception as error:
            raise _ComparisonError from error

    try:
        with in_double(module, dtype, copied=copied) as exact, hooked(exact, own, read):
            exact(inputs.double())
    except _ComparisonError as error:
        raise error.__cause__ or error from None
    except Exception as error:
        if is_out_of_memory(error) or isinstance(error, NotCopiedError):
            raise
        return {}  # parts of some networks are made for float32, such as e2cnn's GroupPooling
    return both.numbers


class _ComparisonError(Exception):
    """What was raised by a comparison, which is not the network's fault; never leaves this module."""


class Between:
    """m(f(x), f'(x)) for every measure and layer that both runs f and f' hold of an image: raw means.

    Args:
        plan: what is measured.
        vectors: where features and logits are read.
        own: what each site held of the image in the one run, without a batch axis.
    """

    def __init__(self, plan: Plan, vectors: Mapping[VectorSite, Site], own: Mapping[Site, Tensor]) -> None:
        self._plan, self._at, self._own = plan, vectors, own
        self._layers: dict[str, Tensor] = {}
        self._vectors: dict[Site, Tensor] = {}

    def take(self, site: Site, other: Tensor) -> None:
        """What a site holds of the image in the other run, without a batch axis: of maps numbers alone are kept."""
        if site not in self._own:
            return
        layer = self._plan.layers.get(site.module) if site.side == "output" else None
        if self._plan.of_layers and layer is not None and layer.repeats is None:
            pair = (layer.layout.maps(each[None]) for each in (self._own[site], other))
            self._layers[site.module] = _values(self._plan.of_layers, *pair)
        if site in self._at.values():
            self._vectors[site] = other.clone()

    @property
    def numbers(self) -> Rounding:
        """Fetched at once, since whoever fetches a number from a GPU waits for all that is queued there."""
        plan, layers = self._plan, self._layers
        fetched = dict(
            zip(layers, torch.stack(list(layers.values())).tolist() if layers else [], strict=True)
        )
        found: Rounding = {
            (measure.name, name): fetched[layer.repeats or name][at]
            for at, measure in enumerate(plan.of_layers)
            for name, layer in plan.layers.items()
            if (layer.repeats or name) in fetched
        }
        for each in plan.of_vectors:
            predicts = each.site == "features" or plan.output.kind != "none"
            site = self._at.get(each.site)
            if predicts and site is not None and site in self._vectors:
                found[each.name, None] = _vector(each, plan.output, self._own[site], self._vectors[site])
        return found


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


def _vector(measure: VectorMeasure, output: Output, own: Tensor, exact: Tensor) -> float:
    pair = [each.flatten().double().cpu() for each in (own, exact)]
    rounded, reference = [distribution(output, z) for z in pair] if measure.site == "logits" else pair
    return float(deviation(measure, output, rounded, reference, reference))
