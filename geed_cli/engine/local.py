"""The local engine: forward passes of one network in this process, and what they show of each image.

The network runs in inference mode with TF32 off. Hooks reduce layers while it runs; embeddings and logits of an
image wait until its orbit is whole.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from geed_cli.engine.batches import Batch, Placement, Slot, normalise
from geed_cli.engine.compiled import CompiledNetwork
from geed_cli.engine.family import Families
from geed_cli.engine.hidden import HiddenSearch
from geed_cli.engine.layers import LayerReducer
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan, Shown, VectorSite
from geed_cli.engine.rounding import Rounding, rounding
from geed_cli.engine.row import Broken
from geed_cli.engine.taps import Taps
from geed_cli.engine.vectors import VectorCollector
from geed_cli.models.network import OUTPUT, Network, Site


class LocalEngine:
    """Observes images with one network.

    Args:
        network: already on the placement's device, in its floating type.
        plan: what is measured.
        families: of the plan, from ``families_of``.
        placement: device, floating type, batch size.
        compiled: whether the forward passes are those of the compiled network.
        told: called with the name of each stage that takes long.

    Attributes:
        total_s: seconds spent in ``feed`` so far.
        measure_s: seconds of these spent in the taps; on a GPU that is what was queued there, not what it took.
        rounding: the floating-point floor, measured on the run's first image.
        searches: the search for a hidden action at each layer, where one was asked for.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        families: Families,
        placement: Placement,
        *,
        compiled: bool = False,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._network = network
        self._plan = plan
        self._placement = placement
        self.total_s = self.measure_s = 0.0
        self.rounding: Rounding = {}
        self._started = False
        self._broken: dict[int, Broken] = {}
        metrics = plan.names("channelwise")
        self._reducers = {
            Site(name, "output"): LayerReducer(tuple(families[name].values()), metrics)
            for name, layer in plan.layers.items()
            if layer.repeats is None
        }
        self.searches = (
            {
                name: HiddenSearch(
                    plan.groups, layer, plan.discover, partial(told, f"solving for actions at {name}")
                )
                for name, layer in plan.layers.items()
            }
            if plan.discover
            else {}
        )
        self._layouts = {Site(name, "output"): layer.layout for name, layer in plan.layers.items()}
        wanted = {network.features: plan.wants("latent")}
        wanted[OUTPUT] = wanted.get(OUTPUT, False) or (
            network.logits and (plan.wants("softmax") or plan.wants("prediction"))
        )
        self._vectors = {site: VectorCollector() for site, want in wanted.items() if want}
        self._sites = tuple(dict.fromkeys([*self._vectors, *self._reducers]))
        self._compiled = CompiledNetwork(network, self._sites) if compiled else None

    @property
    def needs_rounding(self) -> bool:
        """Whether the rounding is not known and has not been measured yet."""
        return not self._started

    def take_rounding(self, known: Rounding) -> None:
        """Use a rounding that is known already instead of measuring it."""
        self._started, self.rounding = True, known

    def feed(self, batch: Batch) -> list[Observation | Broken]:
        """Run one batch; what became of the images whose orbits it completes, in order.

        Args:
            batch: the next rows of the run; an image's orbit may go on in the next batch.
        """
        before = time.perf_counter()
        # rounded last, so that pictures are transformed and normalised in full
        inputs = normalise(batch.pixels, self._network.input)
        first = self._first_row(batch)
        own = self._forward(batch, inputs.to(self._placement.dtype), first)
        if first is not None:
            self._measure_rounding(own, inputs[first : first + 1])
        done = [self._outcome(slot) for slot in batch.slots if slot.last]
        self.total_s += time.perf_counter() - before
        return done

    def _first_row(self, batch: Batch) -> int | None:
        """Where the batch shows e of the run's first image, unless its rounding is known."""
        shown = self._plan.identities[0]
        rows = (row for row, slot in enumerate(batch.slots) if slot.first and slot.shown == shown)
        return None if self._started else next(rows, None)

    def _measure_rounding(self, own: Mapping[Site, Tensor], inputs: Tensor) -> None:
        """The rounding, from what the run held of its first image and from that image in float64."""
        vectors: dict[VectorSite, Site] = {"features": self._network.features, "logits": OUTPUT}
        with full_precision():
            self.rounding = rounding(
                self._network.module, self._plan, vectors, own, inputs, self._placement.dtype
            )
        self._started = True

    def _forward(self, batch: Batch, inputs: Tensor, kept: int | None) -> Mapping[Site, Tensor]:
        """Run the network; the taps reduce what they read. What each site held of the kept row, if any."""
        own: dict[Site, Tensor] = {}

        def read(site: Site, activation: Tensor) -> None:
            before = time.perf_counter()
            if kept is not None:
                own[site] = activation[kept].clone()
            for image in self._reduce(site, activation, batch):
                self._broken.setdefault(image, Broken(image, site.module))
            self.measure_s += time.perf_counter() - before

        with full_precision():
            if self._compiled is not None:
                for site, activation in self._compiled(inputs).items():
                    read(site, activation)
            else:
                with Taps(self._network.module, self._sites, read):
                    self._network.module(inputs)
        return own

    def _reduce(self, site: Site, activation: Tensor, batch: Batch) -> set[int]:
        """Reduce one site's activation; the images of which it is not finite."""
        broken = set()
        if site in self._vectors:
            broken |= self._vectors[site].consume(batch.slots, activation)
        if site in self._reducers:
            maps = in_full(self._layouts[site].maps(activation))
            broken |= self._reducers[site].consume(batch.slots, maps)
            if site.module in self.searches:
                self.searches[site.module].consume(batch.slots, maps)
        return broken

    def _outcome(self, slot: Slot) -> Observation | Broken:
        """What was seen of a finished image, or why that is nothing; nothing of it is held afterwards."""
        seen = self._observation(slot.image)
        return self._broken.pop(slot.image, seen)

    def _observation(self, image: int) -> Observation:
        taken = {site: vectors.pop(image) for site, vectors in self._vectors.items()}
        own = {site.module: reducer.pop(image) for site, reducer in self._reducers.items()}
        layers = {name: own[layer.repeats or name] for name, layer in self._plan.layers.items()}
        vectors: dict[VectorSite, Mapping[Shown, Tensor]] = {}
        if self._plan.wants("latent"):
            vectors["features"] = taken[self._network.features]
        if self._network.logits and OUTPUT in taken:
            vectors["logits"] = taken[OUTPUT]
        return Observation(image, vectors, layers)


def in_full(maps: Tensor) -> Tensor:
    """The same numbers in float32 or float64, so that what is done with maps rounds them no further."""
    return maps if maps.dtype == torch.float64 else maps.float()


@contextmanager
def full_precision() -> Iterator[None]:
    """Inference mode with TF32 off and no autotuning, so that fp32 means fp32; the settings are put back."""
    with exact_arithmetic(), torch.inference_mode():
        yield


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """TF32 off and no autotuning; the settings are put back.

    They are the process's, not a thread's. Within this, entering it again changes nothing, so whoever runs several
    threads enters it around all of them; else one would put back what another still needs.
    """
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = False, False, False
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = before
