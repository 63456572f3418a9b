"""The local engine: forward passes of one network in this process, and the rows they give.

The network runs in inference mode with TF32 off. Hooks reduce layers while it runs; embeddings and logits of an
image wait until its orbit is whole.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.engine.assemble import Collected, assemble, assemble_identity
from geed_cli.engine.batches import Batch, Placement, Slot, normalise
from geed_cli.engine.layers import LayerReducer, NonFiniteError
from geed_cli.engine.layout import Layout
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Row
from geed_cli.engine.taps import Taps
from geed_cli.engine.vectors import VectorCollector
from geed_cli.errors import RunError
from geed_cli.models.network import Network, Site

OUTPUT = Site("", "output")
"""The network's output: its logits, where it has a classifier."""


@dataclass(frozen=True)
class MapShape:
    """The size of a layer's maps, and how they lie in its output."""

    height: int
    width: int
    layout: Layout = Layout.CHW


class LocalEngine:
    """Makes rows with one network.

    Args:
        network: already on the placement's device, in its floating type.
        plan: what is measured; its layers must all be in ``maps``.
        maps: shape of each measured layer.
        placement: device, floating type, batch size.

    Attributes:
        total_s: seconds spent in ``feed`` so far.
        measure_s: seconds of these spent in the taps; on a GPU that is what was queued there, not what it took.
    """

    def __init__(
        self, network: Network, plan: Plan, maps: Mapping[str, MapShape], placement: Placement
    ) -> None:
        self._network = network
        self._plan = plan
        self._placement = placement
        self.total_s = self.measure_s = 0.0
        self._reducers = {
            Site(name, "output"): LayerReducer(plan.groups, shape.height, shape.width)
            for name, shape in maps.items()
        }
        wanted = {network.features: plan.wants("latent")}
        wanted[OUTPUT] = wanted.get(OUTPUT, False) or (
            network.logits and (plan.wants("softmax") or plan.wants("prediction"))
        )
        self._layouts = {Site(name, "output"): shape.layout for name, shape in maps.items()}
        self._vectors = {site: VectorCollector() for site, want in wanted.items() if want}

    def feed(self, batch: Batch, name_of: Callable[[int], str]) -> list[Row]:
        """Run one batch; the rows of the images whose orbits it completes, in order.

        Args:
            batch: the next rows of the run; an image's orbit may go on in the next batch.
            name_of: an image's name, for messages.

        Raises:
            RunError: the network put out a number that is not finite, or memory ran out.
        """
        before = time.perf_counter()
        self._forward(batch, name_of)
        done = [self._row(slot) for slot in batch.slots if slot.last]
        self.total_s += time.perf_counter() - before
        return done

    def _forward(self, batch: Batch, name_of: Callable[[int], str]) -> None:
        """Run the network; the taps reduce what they read."""

        def read(site: Site, activation: Tensor) -> None:
            before = time.perf_counter()
            try:
                self._reduce(site, activation, batch)
            except NonFiniteError as error:
                raise _not_finite(name_of(error.image), site) from None
            self.measure_s += time.perf_counter() - before

        sites = dict.fromkeys([*self._vectors, *self._reducers])
        with Taps(self._network.module, sites, read), full_precision(), out_of_memory(self._placement):
            self._network.module(normalise(batch.pixels, self._network.input))

    def _reduce(self, site: Site, activation: Tensor, batch: Batch) -> None:
        if site in self._vectors:
            self._vectors[site].consume(batch.slots, activation)
        if site in self._reducers:
            self._reducers[site].consume(batch.slots, self._layouts[site].maps(activation))

    def _row(self, slot: Slot) -> Row:
        image = slot.image
        taken = {site: vectors.pop(image) for site, vectors in self._vectors.items()}
        layers = {site.module: reducer.pop(image) for site, reducer in self._reducers.items()}
        collected = Collected(
            embeddings=taken.get(self._network.features, {}) if self._plan.wants("latent") else {},
            logits=taken.get(OUTPUT, {}) if self._network.logits else {},
            layers=layers,
        )
        if not slot.audited:
            return assemble_identity(image, self._plan, collected)
        reducers = {site.module: reducer for site, reducer in self._reducers.items()}
        return assemble(image, self._plan, collected, reducers)


@contextmanager
def full_precision() -> Iterator[None]:
    """Inference mode with TF32 off and no autotuning, so that fp32 means fp32; the settings are put back."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = False, False, False
    try:
        with torch.inference_mode():
            yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = before


@contextmanager
def out_of_memory(placement: Placement) -> Iterator[None]:
    """Turn an exhausted memory into an error with a way out."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _no_memory(placement) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise _no_memory(placement) from error


def _no_memory(placement: Placement) -> RunError:
    return RunError(
        f"memory ran out on {placement.device} at batch size {placement.batch_size}",
        expected="room for one batch and its activations",
        remedy=f"--batch-size {max(1, placement.batch_size // 2)}",
    )


def _not_finite(image: str, site: Site) -> RunError:
    return RunError(
        f"the network's activation at {site.module or 'its output'} is not finite for {image}",
        expected="finite numbers; weights or preprocessing may be wrong",
        remedy="geed inspect MODEL, or --precision fp64 if values overflow",
    )
