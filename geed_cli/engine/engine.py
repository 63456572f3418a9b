"""The engine: forward passes of one network on one device, and what they show of each image.

The network runs in inference mode with TF32 off. Hooks reduce layers while it runs; embeddings and logits of an
image wait until its orbit is whole. A GPU runs one batch while what another gave is made into rows.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from geed_cli.choices import OnUnsteady
from geed_cli.engine.batches import Batch, Placement, Places, Slot, normalise
from geed_cli.engine.compiled import CompiledNetwork
from geed_cli.engine.derivatives import DerivativeReducer
from geed_cli.engine.float64 import NotCopiedError, in_double
from geed_cli.engine.hidden_search import HiddenSearch
from geed_cli.engine.hooks import Reader, UnreadableError, hooked, require_rows
from geed_cli.engine.layerwise.agenda import Agenda
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers, NumbersInFlight
from geed_cli.engine.layerwise.reducer import LayerReducer
from geed_cli.engine.observation import Observation
from geed_cli.engine.outbox import Outbox
from geed_cli.engine.passes import explained
from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.rounding import rounding
from geed_cli.engine.row import Broken, Rounding, Subject
from geed_cli.engine.steady.finding import Unsteady, UnsteadyError
from geed_cli.engine.steady.repeats import Repeats
from geed_cli.engine.steady.seen import Rows, Seen, rows_of
from geed_cli.engine.steady.showing import Showing
from geed_cli.engine.steady.steadiness import SteadinessCheck
from geed_cli.engine.vectors import VectorCollector
from geed_cli.measures.measure import VectorSite
from geed_cli.models.network import OUTPUT, Network, Site


class NotInDoubleError(Exception):
    """The network is not to be run in float64; never leaves this package."""


@dataclass
class _Shown:
    """A batch that was put through the network, with the numbers that are on their way to the CPU.

    Attributes:
        slots: of the batch.
        outbox: what is to be fetched.
        broken: filled by the outbox, in whatever order: where images are not finite, by its place among the sites.
    """

    slots: Sequence[Slot | None]
    outbox: Outbox = field(default_factory=Outbox)
    broken: list[tuple[int, str, set[str]]] = field(default_factory=list)


class Engine:
    """Observes images with one network, which is on the placement's device already, in its floating type.

    Args:
        alike: the layers of the plan that are compared, by ``alike_layers``.
        compiled: whether the forward passes are those of the compiled network.
        on_unsteady: what happens where the first image, shown again, moves; None shows nothing again.
        report: called with stages that take long.

    Attributes:
        total_s: seconds spent in ``feed`` so far.
        measure_s: seconds of these spent in the hooks and in fetching what they computed; on a GPU the fetch waits
            for the forward pass, too.
        searches: the search for a hidden action at each layer, where one was asked for.
        note: what the user should know of the run, one line; empty where there is nothing.
        repeats: what was measured between two showings of the same rows, where the network is unsteady.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        alike: Sequence[AlikeLayers],
        placement: Placement,
        *,
        compiled: bool = False,
        on_unsteady: OnUnsteady | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._network = network
        self._plan = plan
        self._placement = placement
        self.total_s = self.measure_s = 0.0
        self.note = ""
        self._ahead = batches_ahead(placement.device)
        self._shown: deque[_Shown] = deque()
        self._rounding: dict[str, Rounding] = {}
        self._broken: dict[str, str] = {}
        self._numbers = [NumbersInFlight(each) for each in alike]
        self._agendas = [Agenda(tuple(dict.fromkeys(each.acting.values()))) for each in alike]
        self._reducers = {
            Site(name, "output"): LayerReducer(agenda, plan.of_layers, numbers, row)
            for each, agenda, numbers in zip(alike, self._agendas, self._numbers, strict=True)
            for row, name in enumerate(each.layers)
            if each.speakers[row] == row
        }
        self._derivatives = {
            Site(name, "output"): DerivativeReducer(plan.flows, plan.of_derivatives)
            for name, layer in plan.layers.items()
            if layer.repeats is None and plan.flows
        }
        self.searches = (
            {
                name: HiddenSearch(
                    plan.shown, layer, plan.discover, partial(report, f"solving for actions at {name}")
                )
                for name, layer in plan.layers.items()
            }
            if plan.discover
            else {}
        )
        self._layouts = {Site(name, "output"): layer.layout for name, layer in plan.layers.items()}
        wanted = {network.features: plan.wants("features")}
        wanted[OUTPUT] = wanted.get(OUTPUT, False) or (network.logits and plan.wants("logits"))
        self._vectors = {site: VectorCollector() for site, want in wanted.items() if want}
        self._sites = tuple(dict.fromkeys([*self._vectors, *self._reducers, *self._derivatives]))
        self._compiled = CompiledNetwork(network, self._sites) if compiled else None
        self._at: dict[VectorSite, Site] = {"features": network.features, "logits": OUTPUT}
        self._on_unsteady = on_unsteady
        self.repeats = Repeats(plan, self._at, kept=on_unsteady == "report")
        self._check = (
            SteadinessCheck(
                network.module,
                self._observe,
                placement.batch_size,
                self.repeats,
                short=not compiled and network.batch is None,
            )
            if on_unsteady is not None
            else None
        )

    @property
    def watched(self) -> bool:
        """Whether the first image is to be shown again."""
        return self._check is not None

    @property
    def unsteady(self) -> Unsteady | None:
        """What was found of a network that is no function of one image."""
        return None if self._check is None else self._check.finding

    @property
    def steady(self) -> bool:
        """Whether the first image was shown again, the last time after all others, and did not move."""
        return self._check is not None and self._check.done

    def feed(self, batch: Batch) -> list[Observation | Broken]:
        """Run one batch; what became of the images whose orbits it completes, in order.

        On a GPU it is the batch before: while that one's images are looked at, the GPU has this one to run.
        """
        before = time.perf_counter()
        # rounded last, so that pictures are transformed and normalised in full
        inputs = normalise(batch.pixels, self._network.input)
        first = self._first_row(batch)
        # a copy: a network may change its input in place
        untouched = None if first is None else inputs[first : first + 1].clone()
        looked_at = () if self._check is None else self._check.before(batch)
        for agenda in self._agendas:
            agenda.take(batch.slots)
        own, seen, shown = self._forward(batch, inputs.to(self._placement.dtype), first, looked_at)
        if untouched is not None:
            slot = batch.slots[first or 0]
            assert slot is not None, "the row of the first image is measured"
            with self._undisturbed():
                self._rounding[slot.image] = self._measure_rounding(own, untouched)
        if self._check is not None:
            self._check.after(batch, seen)
        self._refuse_unsteady()
        self._shown.append(shown)
        done = self._outcomes(self._ahead)
        self.total_s += time.perf_counter() - before
        return done

    def finish(self) -> list[Observation | Broken]:
        """To be called where there is no further batch: the first image is shown once more.

        Returns:
            what ``feed`` has not returned yet.

        Raises:
            UnsteadyError: it moved.
        """
        before = time.perf_counter()
        if self._check is not None:
            self._check.finish()
        self._refuse_unsteady()
        done = self._outcomes(0)
        self.total_s += time.perf_counter() - before
        return done

    def _outcomes(self, ahead: int) -> list[Observation | Broken]:
        """What became of the images of all batches but so many, whose numbers are not fetched yet."""
        done: list[Observation | Broken] = []
        while len(self._shown) > ahead:
            before = time.perf_counter()
            shown = self._shown.popleft()
            shown.outbox.deliver()
            for _, module, images in sorted(shown.broken, key=lambda found: found[0]):
                for image in images:
                    self._broken.setdefault(image, module)
            self.measure_s += time.perf_counter() - before
            done += [self._outcome(slot) for slot in shown.slots if slot is not None and slot.last]
        return done

    def _refuse_unsteady(self) -> None:
        if self.unsteady is not None and self._on_unsteady == "error":
            raise UnsteadyError.of(self._network.id, self.unsteady)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """What is done within this to the network is not put down to itself."""
        if self._check is not None:
            self._check.look()
        yield
        if self._check is not None:
            self._check.look_from_here()

    def _observe(self, showings: Sequence[Showing], *, double: bool) -> list[Seen]:
        """What each site holds of the rows of each showing, of which nothing is measured; in float64 if ``double``."""
        if not double:
            return [self._show(showing, self._placement.dtype) for showing in showings]
        if not self._network.rounding:
            raise NotInDoubleError
        own = self._network
        with in_double(own.module, self._placement.dtype, copied=own.borrowed) as module:
            return [self._show(showing, torch.float64, module) for showing in showings]

    def _show(self, showing: Showing, dtype: torch.dtype, double: nn.Module | None = None) -> Seen:
        """What each site holds of the rows; ``double`` is the network in float64, which is never the compiled one."""
        inputs = normalise(showing.pixels.to(self._placement.device), self._network.input)
        if self._network.batch is not None:
            return self._show_in_parts(inputs.to(dtype), showing.places, self._network.batch, double)
        seen: dict[Site, Rows] = {}

        def read(site: Site, activation: Tensor) -> None:
            require_rows(self._network, site, activation, len(inputs))
            seen[site] = rows_of(activation, showing.places, vector=site in self._vectors)

        with full_precision(), explained(self._network):
            self._run(inputs.to(dtype), read, double)
        return seen

    def _show_in_parts(self, inputs: Tensor, places: Places, rows: int, double: nn.Module | None) -> Seen:
        """The same for a network that has to be given so many images at once."""
        parts: dict[Site, list[Tensor]] = {}

        def read(site: Site, activation: Tensor) -> None:
            require_rows(self._network, site, activation, rows)
            parts.setdefault(site, []).append(activation.clone())

        with full_precision(), explained(self._network):
            for start in range(0, len(inputs), rows):
                part = inputs[start : start + rows]
                lacking = part[-1:].expand(rows - len(part), *part.shape[1:])
                self._run(torch.cat([part, lacking]), read, double)
        return {
            site: rows_of(torch.cat(each)[: len(inputs)], places, vector=site in self._vectors)
            for site, each in parts.items()
        }

    def _first_row(self, batch: Batch) -> int | None:
        """Where the batch shows e of the run's first image."""
        e = self._plan.identities[0]
        rows = (
            row for row, slot in enumerate(batch.slots) if slot and slot.subject.first and slot.variant == e
        )
        return next(rows, None)

    def _measure_rounding(self, own: Mapping[Site, Tensor], inputs: Tensor) -> Rounding:
        """The rounding, from what the run held of its first image and from that image in float64."""
        network = self._network
        if not network.rounding:
            return {}
        inputs = inputs.expand(network.batch or 1, -1, -1, -1)
        dtype = self._placement.dtype
        try:
            with full_precision():
                return rounding(
                    network.module, self._plan, self._at, own, inputs, dtype, copied=network.borrowed
                )
        except NotCopiedError as error:
            self.note = f"rounding is not measured: the module cannot be copied ({error})"
            return {}

    def _forward(
        self, batch: Batch, inputs: Tensor, kept: int | None, looked_at: Sequence[Places]
    ) -> tuple[Mapping[Site, Tensor], Sequence[Seen], _Shown]:
        """Run the network, whose hooks reduce what they read.

        Returns:
            what each site held of the kept row, if any, and of the rows at the places that are looked at; and what is
            to be fetched.
        """
        own: dict[Site, Tensor] = {}
        seen: list[dict[Site, Rows]] = [{} for _ in looked_at]
        shown = _Shown(batch.slots)
        unread = set(self._sites)
        earlier = {} if self._check is None else self._check.held
        number = looked_at[0][kept] if looked_at and kept is not None else None

        def read(site: Site, activation: Tensor) -> None:
            began = time.perf_counter()
            if site not in unread:
                raise UnreadableError(self._network, site, "in this batch it runs more often than in others")
            unread.remove(site)
            require_rows(self._network, site, activation, len(inputs))
            for places, held in zip(looked_at, seen, strict=True):
                before = earlier.get(site)
                held[site] = rows_of(activation, places, vector=site in self._vectors, before=before)
            if kept is not None:
                own[site] = activation[kept].clone() if number is None else seen[0][site].row(number)
            place, module = len(self._sites) - len(unread), site.module
            self._reduce(
                site,
                activation,
                batch,
                shown.outbox,
                lambda images: shown.broken.append((place, module, images)),
            )
            self.measure_s += time.perf_counter() - began

        with full_precision(), explained(self._network):
            self._run(inputs, read)
        for site in unread:
            raise UnreadableError(self._network, site, "in this batch it does not run, as in others")
        return own, seen, shown

    def _run(self, inputs: Tensor, read: Reader, double: nn.Module | None = None) -> None:
        """Put a batch through the network, compiled if it is, or through its ``double``, and read its sites."""
        if self._compiled is not None and double is None:
            for site, activation in self._compiled(inputs).items():
                read(site, activation)
        else:
            module = double or self._network.module
            with hooked(module, self._sites, read):
                module(inputs)

    def _reduce(
        self,
        site: Site,
        activation: Tensor,
        batch: Batch,
        outbox: Outbox,
        broken: Callable[[set[str]], None],
    ) -> None:
        """Reduce one site's activation; the outbox delivers the numbers, and names images where they are broken."""
        if site in self._vectors:
            self._vectors[site].consume(batch.slots, activation, outbox, broken)
        if site in self._reducers or site in self._derivatives:
            maps = in_full(self._layouts[site].maps(activation))
            if site in self._reducers:
                self._reducers[site].consume(maps, outbox, broken)
            if site in self._derivatives:
                self._derivatives[site].consume(batch.slots, maps, outbox, broken)
            if site.module in self.searches:
                self.searches[site.module].consume(batch.slots, maps)

    def _outcome(self, slot: Slot) -> Observation | Broken:
        """What was seen of a finished image, or why that is nothing; nothing of it is held afterwards."""
        seen = self._observation(slot.subject)
        module = self._broken.pop(slot.image, None)
        return seen if module is None else Broken(slot.subject, module)

    def _observation(self, subject: Subject) -> Observation:
        image = subject.path
        read = {site: vectors.pop(image) for site, vectors in self._vectors.items()}
        layers = tuple([numbers.pop(image) for numbers in self._numbers])
        flowing = {site.module: reducer.pop(image) for site, reducer in self._derivatives.items()}
        of_layers = {name: layer.repeats or name for name, layer in self._plan.layers.items()}
        slopes = {name: flowing[speaker] for name, speaker in of_layers.items() if speaker in flowing}
        vectors: dict[VectorSite, dict[Variant, Tensor]] = {}
        if self._plan.wants("features"):
            vectors["features"] = read[self._network.features]
        if self._network.logits and OUTPUT in read:
            vectors["logits"] = read[OUTPUT]
        return Observation(subject, vectors, layers, self._rounding.pop(image, None), slopes)


def batches_ahead(device: torch.device) -> int:
    """Batches that a device has to run while the numbers of the one before them are fetched.

    On a CPU there is nothing beside which to run.
    """
    return 1 if device.type == "cuda" else 0


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
    precision = None
    with suppress(RuntimeError):  # torch's newer settings, each on its own, cannot be read as one
        precision = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = False, False, False
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = before
        if precision is not None:
            torch.set_float32_matmul_precision(precision)
