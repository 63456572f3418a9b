"""The rows of one network in the cache: what is known of an image already, and what it still has to be shown.

An address is one number or vector that an observation consists of; its key holds everything that can change it. So
another group, layer, measure or image adds only what is new, and a run that was interrupted goes on where it stopped.
Fresh values never replace known ones, which makes cached and fresh results the same digit for digit.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.cache.digest import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.compare_maps import Found
from geed_cli.engine.family import Families, Family
from geed_cli.engine.observation import Comparisons, Observation
from geed_cli.engine.plan import Plan, Shown, VectorSite
from geed_cli.engine.row import Control
from geed_cli.pipeline.picture_numbers import PictureNumbers, layer_text

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Subject:
    """An image of a run, as far as its rows depend on it.

    Attributes:
        sha256: of the file.
        audited: whether it has deviations, or only serves the normaliser.
        probe: whether the controls are measured on it.
        partner: hash of the probe before it, which its null is measured against.
    """

    sha256: str
    audited: bool = True
    probe: bool = False
    partner: str | None = None


@dataclass(frozen=True, eq=False)
class Address:
    """One value of an image: a vector under one view, or one number of a comparison.

    Attributes:
        place: site of a vector, or the layer.
        shown: what the network was shown.
        text: everything about the value that its key has to hold beside the network and the image.
        family: how the layer was compared; None for vectors.
        metric: the measure; empty for vectors.
        control: of the measure; None is the deviation.
    """

    place: str
    shown: Shown
    text: str
    family: Family | None = None
    metric: str = ""
    control: Control | None = None


Known = dict[Address, Array]


@dataclass
class RowCache:
    """What the store knows for one network in one run.

    Attributes:
        store: the cache file.
        network_key: of everything but image, element and layer that can change a value.
        plan: what is measured.
        families: of the plan.
        sites: module of each vector site, part of the keys.
    """

    store: RowStore
    network_key: bytes
    plan: Plan
    families: Families
    sites: Mapping[VectorSite, str]
    _fresh: dict[bytes, Array] = field(default_factory=dict)
    _schedules: dict[tuple[bool, bool, bool], tuple[Address, ...]] = field(default_factory=dict)

    def recall(self, subject: Subject) -> Known:
        """Everything known of an image."""
        key_of = self._keys(subject)
        keys = {address: key_of(address) for address in self._addresses(subject)}
        known = self.store.get_many(list(keys.values()))
        return {address: known[key] for address, key in keys.items() if key in known}

    def missing(self, subject: Subject, known: Known) -> tuple[set[Shown], bool]:
        """What the image still has to be shown, and whether its null is among what is missing.

        Where anything of a layer is missing, what f̂ is the mean of is shown as well.
        """
        lacking = [address for address in self._addresses(subject) if address not in known]
        shown = {address.shown for address in lacking}
        for address in lacking:
            if address.family is not None:
                shown |= set(address.family.kernel)
        return shown, any(address.control == "null" for address in lacking)

    def kernels(self) -> set[Shown]:
        """What any f̂ is the mean of."""
        return {
            view for acting in self.families.values() for family in acting.values() for view in family.kernel
        }

    def complete(
        self, subject: Subject, known: Known, seen: Observation, *, partnered: bool = True
    ) -> Observation:
        """The observation with what was known; what is new is kept for ``write``.

        Args:
            subject: the image.
            known: from ``recall``.
            seen: what the network showed of it.
            partnered: whether its null was measured against the subject's partner; if not it is not kept.
        """
        fresh = {
            address: value
            for address in self._addresses(subject)
            if address not in known
            for value in [_value(seen, address)]
            if value is not None
        }
        key_of = self._keys(subject)
        self._fresh |= {
            key_of(address): value
            for address, value in fresh.items()
            if partnered or address.control != "null"
        }
        return _observation(seen.image, {**known, **fresh})

    def write(self) -> None:
        """Store everything fresh."""
        self.store.put_many(self.network_key, self._fresh)
        self._fresh = {}

    @cached_property
    def numbers(self) -> PictureNumbers:
        """What is kept of pictures beside their rows."""
        return PictureNumbers(self.store, self.network_key, self.plan, frozenset(self.sites))

    @property
    def waiting(self) -> int:
        """How many values are not written yet."""
        return len(self._fresh)

    def _addresses(self, subject: Subject) -> tuple[Address, ...]:
        """Every value that an image's observation consists of; the same objects for images of one kind."""
        kind = subject.audited, subject.probe, subject.partner is not None
        if kind not in self._schedules:
            self._schedules[kind] = tuple(self._schedule(*kind))
        return self._schedules[kind]

    def _schedule(self, audited: bool, probe: bool, null: bool) -> Iterator[Address]:
        plan = self.plan
        trips = plan.round_trips if probe else ()
        for site, module in self.sites.items():
            seen: tuple[Shown, ...] = (*(plan.views if audited else plan.identities), *trips)
            for shown in seen:
                yield Address(site, shown, f"vector {module} {shown!r}")
        for layer, acting in self.families.items() if audited else ():
            for family in dict.fromkeys(acting.values()):
                here = [trip for trip in trips if trip.there in family.moves]
                yield from self._of_family(layer, family, here, null=null)

    def _of_family(
        self, layer: str, family: Family, trips: Sequence[RoundTrip], *, null: bool
    ) -> Iterator[Address]:
        where = layer_text(self.plan, layer)
        for metric in self.plan.names("channelwise"):
            controls: tuple[Control | None, ...] = (None, "dead")
            seen: tuple[Shown, ...] = (*family.moves, *trips)
            wanted = [(shown, control) for shown in seen for control in controls]
            wanted += [(view, "null") for view in family.moves if null]
            wanted += [(view, "phase_corrected") for view in family.corrected]
            for shown, control in wanted:
                text = f"{where} {metric} {control} {shown!r} {family_text(family, shown, control)}"
                yield Address(layer, shown, text, family, metric, control)

    def _keys(self, subject: Subject) -> Callable[[Address], bytes]:
        """The keys of an image's values; what they share is digested once."""
        fields = {"network": self.network_key.hex(), "image": subject.sha256}
        alone, beside = (digest(fields | {"partner": partner}) for partner in ("", subject.partner or ""))

        def key(address: Address) -> bytes:
            shared = beside if address.control == "null" else alone
            return value_key(shared, address.text)

        return key


def value_key(shared: bytes, text: str) -> bytes:
    """The key of one value, from the digest of network, image and partner and from what it is."""
    return hashlib.sha256(shared + text.encode("utf-8", "surrogatepass")).digest()


def family_text(family: Family, shown: Shown, control: Control | None) -> str:
    """Everything about a comparison that the view does not say: action, kernel, and the centre of a corrected one."""
    view = shown.there if isinstance(shown, RoundTrip) else shown
    parts = [str(family.moves[view][0].key), *(repr(each) for each in family.kernel)]
    if control == "phase_corrected":
        parts.append(str(family.corrected[view][0].key))
    return " ".join(parts)


def _value(seen: Observation, address: Address) -> Array | None:
    """A fresh value, exactly: float32 where nothing is lost by it."""
    if address.family is None:
        held = seen.vectors.get(_site(address), {})
        if address.shown not in held:
            return None
        exact: NDArray[np.float64] = held[address.shown].numpy()
        short = exact.astype(np.float32)
        return short if np.array_equal(short.astype(np.float64), exact) else exact
    found = seen.layers.get(address.place, {}).get((address.family, address.shown), {})
    number = found.get((address.metric, address.control))
    return None if number is None else np.array(number, dtype=np.float64)


def _observation(image: int, values: Known) -> Observation:
    """The observation that consists of those values."""
    vectors: dict[VectorSite, dict[Shown, torch.Tensor]] = {}
    layers: dict[str, Comparisons] = {}
    for address, value in values.items():
        if address.family is None:
            tensor = torch.from_numpy(np.array(value, dtype=np.float64))
            vectors.setdefault(_site(address), {})[address.shown] = tensor
        else:
            found: Found = layers.setdefault(address.place, {}).setdefault(
                (address.family, address.shown), {}
            )
            found[address.metric, address.control] = float(value)
    return Observation(image, dict(vectors), layers)


def _site(address: Address) -> VectorSite:
    """The site of a vector."""
    return "logits" if address.place == "logits" else "features"
