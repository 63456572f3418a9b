"""What a session remembers from earlier runs: rows in the cache, put together with what networks still have to show.

Without a store, or where a network's code is not told by its weights, nothing is remembered and all is shown.
"""

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version

import torch

from geed_cli import __version__
from geed_cli.actions.conditions import context_size
from geed_cli.cache.digest import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.batches import Placement
from geed_cli.engine.family import Families
from geed_cli.engine.local import LocalEngine
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan, Shown, VectorSite
from geed_cli.errors import RunError
from geed_cli.images.hashes import hashes_of
from geed_cli.images.source import ImageRecord, can_be_used
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.images import Drawn
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.recall import Todo, everything, in_order, recall
from geed_cli.pipeline.row_cache import RowCache, Subject

ROWS_VERSION = 4
"""Counts changes of how numbers of a row are computed that alter their last digits alone."""
WRITE_AT = 20_000
"""Values that wait before they are written: a few seconds of a fast run."""
LIBRARIES = ("torch", "timm", "torchvision", "numpy", "pillow")


@dataclass(frozen=True)
class Remembered:
    """One network of a session, as the cache sees it."""

    network: Network
    plan: Plan
    families: Families
    engine: LocalEngine


@dataclass
class Memory:
    """The caches of a session's networks; none where nothing is remembered.

    Attributes:
        networks: of the session.
        caches: one for each of them, or none at all.
        options: of the run.
        count: images of which everything was known.
    """

    networks: Sequence[Remembered]
    caches: Sequence[RowCache]
    options: AuditOptions
    count: int = 0
    _todo: dict[str, Todo] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)
    _first: str | None = None
    _known_made_up: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        networks: Sequence[Remembered],
        store: RowStore | None,
        options: AuditOptions,
        placement: Placement,
    ) -> "Memory":
        """The memory of a session.

        Args:
            networks: all of them.
            store: an open cache.
            options: of the run.
            placement: of the run.
        """
        # a spec's own code may change under the same weights
        told_apart = all(one.network.source in {"timm", "torchvision"} for one in networks)
        caches = [_cache(one, store, options, placement) for one in networks] if store and told_apart else []
        return cls(networks, caches, options)

    def recall(self, drawn: Drawn) -> None:
        """Look up what is known of the images of this part of the run."""
        self._todo = {}
        if not self.caches:
            return
        both = (drawn.audited, *([drawn.normaliser] if drawn.normaliser else []))
        hashes = {path: value for images in both for path, value in hashes_of(images).items()}
        self._todo = recall(drawn, hashes, self.caches, self._partners(drawn, hashes))
        self._recall_first(drawn.first)
        self._recall_surroundings()
        if self.options.controls.discover is not None:  # shown whatever is known
            for todo in self._todo.values():
                todo.shown = set(everything(self.networks[0].plan, todo.subject))

    @property
    def shown(self) -> Mapping[str, tuple[Shown, ...]]:
        """What each image is to be shown, for those of which something is known."""
        plan = self.networks[0].plan
        return {path: in_order(plan, todo.subject, todo.shown) for path, todo in self._todo.items()}

    def restored(self) -> list[tuple[ImageRecord, bool, list[Observation]]]:
        """The images of which everything is known: record, whether audited, and an observation for each network."""
        found = []
        for path, todo in self._todo.items():
            if not todo.shown:
                observations = [
                    cache.complete(todo.subject, known, Observation(-1))
                    for cache, known in zip(self.caches, todo.known, strict=True)
                ]
                found.append((ImageRecord(path, todo.subject.sha256), todo.subject.audited, observations))
        self.count += len(found)
        return found

    def complete(self, network: int, record: ImageRecord, seen: Observation) -> Observation:
        """What was seen of an image with what was known of it; the new part is kept.

        Raises:
            RunError: the file is another than a moment ago.
        """
        todo = self._todo.get(record.path)
        if todo is None:
            return seen
        if record.sha256 != todo.subject.sha256:
            raise RunError(
                f"image {record.path!r} was changed while it was audited",
                expected="files that stay as they are during a run",
                remedy="run again",
            )
        partnered = todo.subject.partner not in self._broken
        whole = self.caches[network].complete(todo.subject, todo.known[network], seen, partnered=partnered)
        if self.caches[network].waiting > WRITE_AT:
            self.caches[network].write()
        return whole

    def refuse(self, path: str) -> None:
        """An image broke a network, so that the next probe's null was not measured against it."""
        if path in self._todo:
            self._broken.add(self._todo[path].subject.sha256)

    @contextmanager
    def writing(self, made_up: Mapping[str, float]) -> Iterator[None]:
        """Write what is new at the end, however the run ends; what was made up of surroundings is read then."""
        try:
            yield
        finally:
            self._keep_made_up(made_up)
            for one, cache in zip(self.networks, self.caches, strict=False):
                if self._first is not None and not one.engine.needs_rounding:
                    cache.numbers.keep_rounding(self._first, one.engine.rounding)
                cache.write()

    def made_up(self, fresh: Mapping[str, float]) -> dict[str, float]:
        """The made-up parts of the images' surroundings, fresh and known."""
        return {**self._known_made_up, **fresh}

    def _keep_made_up(self, fresh: Mapping[str, float]) -> None:
        if self.caches and self.networks[0].plan.reads_surroundings:
            side = context_size(self.networks[0].network.input.size)
            known = {path: value for path, value in fresh.items() if path in self._todo}
            parts = {self._todo[path].subject.sha256: value for path, value in known.items()}
            self.caches[0].numbers.keep_made_up(parts, side)

    def _partners(self, drawn: Drawn, hashes: Mapping[str, str]) -> set[str]:
        """The probes that the next one's null is measured against: all but those that will be refused."""
        probes = {path for path in drawn.probes if path in hashes}
        if self.options.data.on_bad_image == "error":  # a refused one ends the run
            return probes
        settings, decode = self.networks[0].network.input, self.options.data.decode
        return {
            path
            for path in probes
            if any(cache.recall(Subject(hashes[path])) for cache in self.caches)
            or can_be_used(drawn.audited, path, settings, decode)
        }

    def _recall_first(self, path: str | None) -> None:
        """The rounding of the run's first image, which is shown where that is not known."""
        if path not in self._todo or self._first is not None:
            return
        self._first = self._todo[path].subject.sha256
        for one, cache in zip(self.networks, self.caches, strict=True):
            known = cache.numbers.rounding(self._first)
            if known is None:
                self._todo[path].shown |= set(one.plan.identities)
            else:
                one.engine.take_rounding(known)

    def _recall_surroundings(self) -> None:
        """Where a boundary reads what lies around the crop, how much of that is made up."""
        plan = self.networks[0].plan
        if not plan.reads_surroundings:
            return
        side = context_size(self.networks[0].network.input.size)
        for path, todo in self._todo.items():
            known = self.caches[0].numbers.made_up(todo.subject.sha256, side)
            if known is None:
                todo.shown |= set(plan.identities)
            else:
                self._known_made_up[path] = known


def _cache(one: Remembered, store: RowStore, options: AuditOptions, placement: Placement) -> RowCache:
    network = one.network
    key = digest(_fields(network, options, placement))
    store.register(
        key,
        network.id,
        {"arch": network.arch, "weights": network.weights.state_sha256, "precision": options.run.precision},
    )
    sites: dict[VectorSite, str] = {}
    if one.plan.wants("latent"):
        sites["features"] = f"{network.features.side} of {network.features.module}"
    if network.logits and (one.plan.wants("softmax") or one.plan.wants("prediction")):
        sites["logits"] = "output"
    return RowCache(store, key, one.plan, one.families, sites)


def _fields(network: Network, options: AuditOptions, placement: Placement) -> dict[str, str]:
    """Everything but image, element and layer that can change a digit of a row."""
    device = placement.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return {
        "measure": str(MEASURE_VERSION),
        "rows": str(ROWS_VERSION),
        "geed": __version__,
        "source": network.source,
        "arch": network.arch,
        "arguments": "" if network.spec is None else network.spec.model.model_dump_json(),
        "weights": network.weights.state_sha256,
        "input": repr(network.input),
        "decode": options.data.decode,
        "precision": options.run.precision,
        "compiled": str(options.run.compile),
        "device": f"{device.type} {name} {platform.machine()}",
        "batch": str(placement.batch_size),
        "threads": str(torch.get_num_threads()),
        **{library: version(library) for library in LIBRARIES},
    }
