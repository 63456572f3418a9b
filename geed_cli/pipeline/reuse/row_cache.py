"""The rows of one network in the cache: what earlier runs found of an image, and what this one finds.

Fresh values never replace cached ones, which makes cached and fresh results the same digit for digit. A run that was
interrupted goes on where it stopped.
"""

import platform
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from geed_cli import __version__
from geed_cli.cache.keys import digest
from geed_cli.cache.row_bytes import NAME_BYTES, Content, Names, Numbers, Vector, names_in
from geed_cli.cache.store import RowStore
from geed_cli.choices import DECODED_AS
from geed_cli.engine.batches import Placement
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.row import Subject
from geed_cli.errors import RunError
from geed_cli.images.source import ImageRecord
from geed_cli.measures.maps.compared import sums_by
from geed_cli.measures.measure import VectorSite
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.reuse.blocks import Flags, Need, Scheduled, VectorAddress
from geed_cli.pipeline.reuse.schedule import Schedule, names_of, value_key
from geed_cli.runtime.versions import version

WRITE_AT = 50_000
"""Numbers and vectors that wait before they are written: a few MB."""
WRITE_EVERY_S = 10.0
"""Seconds after which they are written however few they are: so much is lost where a run is killed, or a batch."""
ROWS_VERSION = 7
"""Counts changes of how numbers of a row are computed that alter their last digits alone, and of how keys are made."""
FINGERPRINT = names_of([f"fingerprint {word}" for word in range(4)])
"""The names of the words of a picture's fingerprint in the row of its numbers."""
NOTHING = Numbers(FINGERPRINT[:0], np.zeros(0))
LIBRARIES = ("torch", "timm", "torchvision", "numpy", "pillow")
OF_SOURCES = {
    "timm": (),
    "torchvision": (),
    "transformers": ("transformers",),
    "open_clip": ("open_clip_torch",),
}
"""The sources whose networks do what their weights tell, with the libraries that they need beside."""


@dataclass(frozen=True)
class Missing:
    """What has to be shown to find what is missing of an image.

    Attributes:
        variants: of the image itself.
        before: of the control image before it.
        rounding: whether the run's rounding is missing.
    """

    variants: frozenset[Variant] = frozenset()
    before: frozenset[Variant] = frozenset()
    rounding: bool = False

    @classmethod
    def of(cls, needs: Collection[Need]) -> "Missing":
        """What these need together."""
        return cls(
            frozenset(variant for need in needs for variant in (need.variant, *need.kernel)),
            frozenset(view for need in needs if need.partner for view in need.kernel),
            any(need.rounding for need in needs),
        )


@dataclass(frozen=True)
class _Found:
    """What the store has of an image.

    Attributes:
        subject: the image when it was looked up.
        numbers: its row of numbers.
        vectors: its vectors.
    """

    subject: Subject
    numbers: Numbers
    vectors: Mapping[VectorAddress, Vector]

    @cached_property
    def fingerprint(self) -> str:
        """Of its pixels; empty where it is not known."""
        words, known = self.numbers.at(FINGERPRINT)
        return words.astype(">u4").tobytes().hex() if known.all() else ""


class RowCache:
    """The values that the store has for one network in one run.

    Args:
        store: the cache file, where the network is registered.
        network_key: of everything but image, element and layer that can change a value.
        schedule: which values the run's images have.
    """

    def __init__(self, store: RowStore, network_key: bytes, schedule: Schedule) -> None:
        self._store = store
        self._network_key = network_key
        self._schedule = schedule
        self._scheduled: dict[tuple[bool, ...], tuple[Scheduled, Sequence[VectorAddress]]] = {}
        self._looked_up: dict[str, _Found] = {}
        self._fresh: dict[bytes, Content] = {}
        self._waiting, self._written = 0, time.monotonic()

    def knows(self, subject: Subject) -> bool:
        """Whether any value of an image is cached."""
        found = self._read(subject)
        scheduled, _ = self._values_of(subject)
        return bool(found.vectors) or bool(found.numbers.at(_beside(scheduled, subject.partner))[1].any())

    def fingerprint(self, subject: Subject) -> str:
        """The fingerprint of a looked-up image's pixels, kept beside its values; empty where there is none."""
        return self._looked_up[subject.path].fingerprint

    def look_up(self, subject: Subject) -> Missing:
        """Read the cached values of an image, for ``complete``; what it takes to find those that are missing."""
        found = self._looked_up[subject.path] = self._read(subject)
        scheduled, vectors = self._values_of(subject)
        _, known = found.numbers.at(_beside(scheduled, subject.partner))
        needs = [Need(each.variant) for each in vectors if each not in found.vectors]
        return Missing.of([*scheduled.needs(~known), *needs])

    def complete(self, seen: Observation) -> Observation:
        """Add an image's cached values to what was seen of it; what is new is kept for ``write``.

        A null is kept only where the subject says which partner it was measured against.

        Raises:
            RunError: the image's file is another than when it was looked up.
        """
        found = self._looked_up.pop(seen.subject.path, None)
        if found is None:
            return seen
        subject = found.subject
        if subject.record.sha256 != seen.subject.record.sha256:
            raise RunError(
                f"image {subject.path!r} was changed while it was audited",
                expected="files that stay as they are during a run",
                remedy="run again",
            )
        scheduled, vectors = self._values_of(subject)
        values, known = found.numbers.at(_beside(scheduled, subject.partner))
        self._keep(seen, found, known)
        scheduled.put(values, known, seen)
        for address in vectors:
            if address in found.vectors:
                address.put(found.vectors[address], seen)
        if known[scheduled.of_partner].any():
            # it may be shown again without the one before it, against which its cached null is
            seen.subject = seen.subject._replace(partner=subject.partner)
        return seen

    def _keep(self, seen: Observation, found: _Found, known: Flags) -> None:
        """Have ``write`` store what is new of an image, of whose numbers some are known."""
        subject, key = seen.subject, self._row_key(seen.subject)
        scheduled, vectors = self._values_of(found.subject)
        values, there = scheduled.read(seen)
        new = there & ~known
        if subject.partner is None:
            new &= ~scheduled.of_partner
        numbers = Numbers(_beside(scheduled, subject.partner)[new], values[new])
        if (mark := subject.record.fingerprint) and not found.fingerprint:
            words = np.frombuffer(bytes.fromhex(mark), ">u4")  # float64 holds 32 bits exactly
            numbers = Numbers(FINGERPRINT, words.astype(np.float64)).beside(numbers)
        if len(numbers.values):
            before = self._fresh.get(key)
            self._fresh[key] = numbers.beside(before) if isinstance(before, Numbers) else numbers
            self._waiting += len(numbers.values)
        for address in vectors:
            vector = None if address in found.vectors else address.read(seen)
            if vector is not None:
                self._fresh[value_key(key, address.text)] = vector
                self._waiting += 1
        if self._waiting > WRITE_AT or time.monotonic() - self._written > WRITE_EVERY_S:
            self.write()

    def knows_as_steady(self) -> bool:
        """Whether an earlier run found the network to be a function of one image."""
        return self._store.fact(self._steady_key) is not None

    def keep_as_steady(self) -> None:
        """Let later runs know it."""
        self._store.keep_fact(self._steady_key, "steady")

    @property
    def _steady_key(self) -> bytes:
        return digest({"fact": "steady", "network": self._network_key.hex()})

    def write(self) -> None:
        """Store everything fresh."""
        self._store.put_many(self._network_key, self._fresh)
        self._fresh, self._waiting, self._written = {}, 0, time.monotonic()

    def forget(self) -> None:
        """Keep nothing of a network that is no function of one image, also of what was written already."""
        self._fresh, self._waiting = {}, 0
        self._store.forget(self._network_key)

    def _read(self, subject: Subject) -> _Found:
        """What the store has of an image: a row of all its numbers, and one of each of its vectors."""
        key = self._row_key(subject)
        _, vectors = self._values_of(subject)
        keys = {address: value_key(key, address.text) for address in vectors}
        rows = self._store.get_many([key, *keys.values()])
        numbers = rows.get(key)
        held = {address: row for address in vectors if (row := rows.get(keys[address])) is not None}
        return _Found(
            subject,
            numbers if isinstance(numbers, Numbers) else NOTHING,
            {address: row for address, row in held.items() if not isinstance(row, Numbers)},
        )

    def _values_of(self, subject: Subject) -> tuple[Scheduled, Sequence[VectorAddress]]:
        """Every value that an image's observation consists of; the same objects for images of one kind."""
        kind = subject.audited, subject.control, subject.first, subject.partner is not None
        if kind not in self._scheduled:
            schedule = self._schedule
            self._scheduled[kind] = schedule.numbers(subject), tuple(schedule.vectors(subject))
        return self._scheduled[kind]

    def _row_key(self, subject: Subject) -> bytes:
        return digest({"network": self._network_key.hex(), "image": subject.record.sha256})


def _beside(scheduled: Scheduled, partner: ImageRecord | None) -> Names:
    """The names of numbers where those that depend on the control image before depend on this one."""
    if partner is None:
        return scheduled.names
    own = names_in(digest({"partner": partner.sha256})[:NAME_BYTES])
    return np.where(scheduled.of_partner[:, None], scheduled.names ^ own, scheduled.names)


def told_apart(networks: Sequence[Network]) -> bool:
    """Whether what each of them computes is told: by weights and architecture where a library builds it.

    A spec's own code may change under the same weights, and so may a module of the user's, whoever built it, unless
    its ``cache_key`` names the code.
    """
    return all(
        network.cache_key is not None or (network.source in OF_SOURCES and not network.borrowed)
        for network in networks
    )


def code_of(network: Network) -> dict[str, str]:
    """What tells the code of the user's own, and what goes into and comes out of a borrowed module."""
    code = {} if network.cache_key is None else {"code": network.cache_key}
    return code | ({"adapter": repr(network.adapter)} if network.borrowed else {})


def open_rows(
    store: RowStore,
    network: Network,
    plan: Plan,
    alike: Sequence[AlikeLayers],
    options: AuditOptions,
    placement: Placement,
) -> RowCache:
    """The rows of a network that ``told_apart`` allows, which the store lists from now on as used."""
    key = digest(fields_of(network, options, placement) | machine_of(placement))
    store.register(
        key,
        network.id,
        {"arch": network.arch, "weights": network.weights.state_sha256, "precision": options.run.precision},
    )
    return RowCache(store, key, Schedule(plan, alike, sites_of(network, plan)))


def sites_of(network: Network, plan: Plan) -> dict[VectorSite, str]:
    """The module of each vector that is read."""
    sites: dict[VectorSite, str] = {}
    if plan.wants("features"):
        sites["features"] = f"{network.features.side} of {network.features.module}"
    if network.logits and plan.wants("logits"):
        sites["logits"] = "output"
    return sites


def machine_of(placement: Placement) -> dict[str, str]:
    """What may change the last digits of a row beside what determines it."""
    device = placement.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return {
        "device": f"{device.type} {name} {platform.machine()}",
        "threads": str(torch.get_num_threads()),
        "map_sums": sums_by(device, placement.dtype),
    }


def fields_of(network: Network, options: AuditOptions, placement: Placement) -> dict[str, str]:
    """Everything but image, element, layer and machine that can change a digit of a row."""
    return {
        "measure": str(MEASURE_VERSION),
        "rows": str(ROWS_VERSION),
        "geed": __version__,
        "source": network.source,
        "arch": network.arch,
        "arguments": "" if network.spec is None else network.spec.model.model_dump_json(),
        "weights": network.weights.state_sha256,
        **code_of(network),
        "input": repr(network.input),
        "output": network.output.key,
        "decode": DECODED_AS[options.data.decode],
        "precision": options.run.precision,
        "compiled": str(options.run.compile),
        "batch": f"{placement.batch_size}{'' if placement.channels_last else ' contiguous'}",
        **{library: version(library) for library in (*LIBRARIES, *OF_SOURCES.get(network.source, ()))},
    }
