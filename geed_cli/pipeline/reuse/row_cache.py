"""The rows of one network in the cache: what earlier runs found of an image, and what this one finds.

Fresh values never replace cached ones, which makes cached and fresh results the same digit for digit. A run that was
interrupted goes on where it stopped.
"""

import hashlib
import platform
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from geed_cli import __version__
from geed_cli.cache.keys import digest
from geed_cli.cache.row_bytes import NAME_BYTES, Record
from geed_cli.cache.store import RowStore
from geed_cli.choices import DECODED_AS
from geed_cli.engine.batches import Placement
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Subject
from geed_cli.engine.shared_action import Families
from geed_cli.errors import RunError
from geed_cli.images.source import ImageRecord
from geed_cli.measures.maps.compared import sums_by
from geed_cli.measures.measure import VectorSite
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.reuse.addresses import Address, Array, Schedule
from geed_cli.runtime.versions import version

WRITE_AT = 20_000
"""Values that wait before they are written: a few seconds of a fast run."""
WRITE_EVERY_S = 10.0
"""Seconds after which they are written however few they are: so much is lost where a run is killed, or a batch."""
ROWS_VERSION = 7
"""Counts changes of how numbers of a row are computed that alter their last digits alone, and of how keys are made."""
FINGERPRINT = b"fingerprint".ljust(NAME_BYTES)
"""The name of a picture's fingerprint in the row of its numbers."""
LIBRARIES = ("torch", "timm", "torchvision", "numpy", "pillow")
OF_SOURCES = {
    "timm": (),
    "torchvision": (),
    "transformers": ("transformers",),
    "open_clip": ("open_clip_torch",),
}
"""The sources whose networks do what their weights tell, with the libraries that they need beside."""


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
        self._names_of: dict[tuple[bool, ...], dict[Address, bytes]] = {}
        self._looked_up: dict[str, tuple[Subject, Sequence[Record]]] = {}
        self._fresh: dict[bytes, dict[bytes, Array]] = {}
        self._waiting, self._written = 0, time.monotonic()

    def knows(self, subject: Subject) -> bool:
        """Whether any value of an image is cached."""
        return not _names_in(self._read(subject)).isdisjoint(self._names(subject).values())

    def fingerprint(self, subject: Subject) -> str:
        """The fingerprint of a looked-up image's pixels, kept beside its values; empty where there is none."""
        _, rows = self._looked_up[subject.path]
        kept = (row.values.get(FINGERPRINT) for row in rows)
        return next((words.astype(">u4").tobytes().hex() for words in kept if words is not None), "")

    def look_up(self, subject: Subject) -> Sequence[Address]:
        """Read the cached values of an image, for ``complete``; which of its values are missing."""
        rows = self._read(subject)
        self._looked_up[subject.path] = subject, rows
        kept = _names_in(rows)
        return [address for address, name in self._names(subject).items() if name not in kept]

    def complete(self, seen: Observation) -> Observation:
        """Add an image's cached values to what was seen of it; what is new is kept for ``write``.

        A null is kept only where the subject says which partner it was measured against.

        Raises:
            RunError: the image's file is another than when it was looked up.
        """
        if seen.subject.path not in self._looked_up:
            return seen
        subject, rows = self._looked_up.pop(seen.subject.path)
        if subject.record.sha256 != seen.subject.record.sha256:
            raise RunError(
                f"image {subject.path!r} was changed while it was audited",
                expected="files that stay as they are during a run",
                remedy="run again",
            )
        cached = {name: value for row in rows for name, value in row.values.items()}
        names = self._names(subject)
        self._keep(seen, names, cached)
        for address in [address for address, name in names.items() if name in cached]:
            address.put(cached[names[address]], seen)
            if address.has_partner:
                # it may be shown again without the one before it, against which its cached null is
                seen.subject = seen.subject._replace(partner=subject.partner)
        return seen

    def _keep(self, seen: Observation, names: Mapping[Address, bytes], cached: Mapping[bytes, Array]) -> None:
        """Have ``write`` store what is new of an image."""
        subject = seen.subject
        key, kept_as = self._row_key(subject), _beside(names, subject.partner).values()
        numbers = self._fresh.setdefault(key, {})
        for (address, name), new_name in zip(names.items(), kept_as, strict=True):
            if name in cached or (address.has_partner and subject.partner is None):
                continue
            value = address.read(seen)
            if value is not None:
                row = (
                    self._fresh.setdefault(value_key(key, address.text), {}) if address.by_itself else numbers
                )
                row[new_name] = value
                self._waiting += 1
        if (mark := subject.record.fingerprint) and FINGERPRINT not in cached:
            words = np.frombuffer(bytes.fromhex(mark), ">u4")  # float64 holds 32 bits exactly
            numbers[FINGERPRINT] = words.astype(np.float64)
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
        self._store.put_many(self._network_key, {key: row for key, row in self._fresh.items() if row})
        self._fresh, self._waiting, self._written = {}, 0, time.monotonic()

    def forget(self) -> None:
        """Keep nothing of a network that is no function of one image, also of what was written already."""
        self._fresh, self._waiting = {}, 0
        self._store.forget(self._network_key)

    def _read(self, subject: Subject) -> Sequence[Record]:
        """The rows of an image: of all its numbers, and of each of its vectors."""
        key = self._row_key(subject)
        vectors = [
            value_key(key, address.text) for address in self._names_alone(subject) if address.by_itself
        ]
        return tuple(self._store.get_many([key, *vectors]).values())

    def _names(self, subject: Subject) -> Mapping[Address, bytes]:
        """Every value that an image's observation consists of, and its name in a row."""
        return _beside(self._names_alone(subject), subject.partner)

    def _names_alone(self, subject: Subject) -> Mapping[Address, bytes]:
        """The same whatever control image was before; the same objects for images of one kind."""
        kind = subject.audited, subject.control, subject.first, subject.partner is not None
        if kind not in self._names_of:
            every = self._schedule.addresses(subject)
            self._names_of[kind] = {address: value_key(b"", address.text)[:NAME_BYTES] for address in every}
        return self._names_of[kind]

    def _row_key(self, subject: Subject) -> bytes:
        return digest({"network": self._network_key.hex(), "image": subject.record.sha256})


def _beside(names: Mapping[Address, bytes], partner: ImageRecord | None) -> Mapping[Address, bytes]:
    """The names where those that depend on the control image before depend on this one."""
    if partner is None:
        return names
    shared = digest({"partner": partner.sha256})
    return {
        address: value_key(shared, address.text)[:NAME_BYTES] if address.has_partner else name
        for address, name in names.items()
    }


def _names_in(rows: Sequence[Record]) -> set[bytes]:
    return {name for row in rows for name in row.names}


def value_key(shared: bytes, text: str) -> bytes:
    """What tells a value apart, from a digest of what it depends on beside its text."""
    return hashlib.sha256(shared + text.encode("utf-8", "surrogatepass")).digest()


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
    families: Families,
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
    return RowCache(store, key, Schedule(plan, families, sites_of(network, plan)))


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
