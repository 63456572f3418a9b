"""The rows of one network in the cache: what earlier runs found of an image, and what this one finds.

Fresh values never replace cached ones, which makes cached and fresh results the same digit for digit. A run that was
interrupted goes on where it stopped.
"""

import hashlib
import platform
from collections.abc import Callable, Sequence

import numpy as np
import torch

from geed_cli import __version__
from geed_cli.cache.keys import digest
from geed_cli.cache.store import RowStore
from geed_cli.choices import DECODED_AS
from geed_cli.engine.batches import Placement
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Subject
from geed_cli.engine.shared_action import Families
from geed_cli.errors import RunError
from geed_cli.measures.maps.compared import sums_by
from geed_cli.measures.measure import VectorSite
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.reuse.addresses import Address, Array, Schedule
from geed_cli.runtime.versions import version

WRITE_AT = 20_000
"""Values that wait before they are written: a few seconds of a fast run."""
ROWS_VERSION = 7
"""Counts changes of how numbers of a row are computed that alter their last digits alone, and of how keys are made."""
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
        self._addresses_of: dict[tuple[bool, ...], tuple[Address, ...]] = {}
        self._looked_up: dict[str, tuple[Subject, dict[Address, Array]]] = {}
        self._fresh: dict[bytes, Array] = {}

    def knows(self, subject: Subject) -> bool:
        """Whether any value of an image is cached."""
        return bool(self._read(subject))

    def fingerprint(self, subject: Subject) -> str:
        """The fingerprint of an image's pixels that was kept beside its values; empty where there is none."""
        key = self._fingerprint_key(subject)
        words = self._store.get_many([key]).get(key)
        return "" if words is None else words.astype(">u4").tobytes().hex()

    def look_up(self, subject: Subject) -> Sequence[Address]:
        """Read the cached values of an image, for ``complete``; which of its values are missing."""
        cached = self._read(subject)
        self._looked_up[subject.path] = subject, cached
        return [address for address in self._addresses(subject) if address not in cached]

    def complete(self, seen: Observation) -> Observation:
        """What was seen of an image together with its cached values; what is new is kept for ``write``.

        A null is kept only where the subject says which partner it was measured against.

        Raises:
            RunError: the image's file is another than when it was looked up.
        """
        if seen.subject.path not in self._looked_up:
            return seen
        subject, cached = self._looked_up.pop(seen.subject.path)
        if subject.record.sha256 != seen.subject.record.sha256:
            raise RunError(
                f"image {subject.path!r} was changed while it was audited",
                expected="files that stay as they are during a run",
                remedy="run again",
            )
        # it may be shown again without the one before it, against which its cached null is
        of_partner = any(address.has_partner for address in cached)
        whole = Observation(seen.subject._replace(partner=(subject if of_partner else seen.subject).partner))
        key_of = self._keys(seen.subject)
        for address in self._addresses(subject):
            value = cached[address] if address in cached else address.read(seen)
            if value is None:
                continue
            address.put(value, whole)
            if address not in cached and (seen.subject.partner is not None or not address.has_partner):
                self._fresh[key_of(address)] = value
        self._keep_fingerprint(seen.subject)
        if len(self._fresh) > WRITE_AT:
            self.write()
        return whole

    def _keep_fingerprint(self, subject: Subject) -> None:
        if mark := subject.record.fingerprint:
            words = np.frombuffer(bytes.fromhex(mark), ">u4")  # float64 holds 32 bits exactly
            self._fresh[self._fingerprint_key(subject)] = words.astype(np.float64)

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
        self._fresh = {}

    def _read(self, subject: Subject) -> dict[Address, Array]:
        key_of = self._keys(subject)
        keys = {address: key_of(address) for address in self._addresses(subject)}
        cached = self._store.get_many(list(keys.values()))
        return {address: cached[key] for address, key in keys.items() if key in cached}

    def _addresses(self, subject: Subject) -> tuple[Address, ...]:
        """Every value that an image's observation consists of; the same objects for images of one kind."""
        kind = subject.audited, subject.control, subject.first, subject.partner is not None
        if kind not in self._addresses_of:
            self._addresses_of[kind] = tuple(self._schedule.addresses(subject))
        return self._addresses_of[kind]

    def _fingerprint_key(self, subject: Subject) -> bytes:
        fields = {"network": self._network_key.hex(), "image": subject.record.sha256}
        return value_key(digest(fields), "fingerprint")

    def _keys(self, subject: Subject) -> Callable[[Address], bytes]:
        """The keys of an image's values; what they share is digested once."""
        fields = {"network": self._network_key.hex(), "image": subject.record.sha256}
        partner = "" if subject.partner is None else subject.partner.sha256
        alone, beside = (digest(fields | {"partner": each}) for each in ("", partner))
        return lambda address: value_key(beside if address.has_partner else alone, address.text)


def value_key(shared: bytes, text: str) -> bytes:
    """The key of one value, from the digest of network, image and partner and from what it is."""
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
