"""Addresses: the single values that an observation consists of, and how each is told apart, read and put back.

The text of an address holds everything that can change its value beside the network, the image and, for a null, the
partner. So another group, layer, measure or image adds addresses and leaves the values at the others as they are.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geed_cli.actions.conditions import context_size
from geed_cli.actions.round_trip import RoundTrip
from geed_cli.actions.view import View
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan, Shown
from geed_cli.engine.row import Control, Subject
from geed_cli.engine.shared_action import Families, Family
from geed_cli.measures.measure import VectorSite

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Address(ABC):
    """One value of an image.

    Attributes:
        text: everything that its key has to hold beside network, image and partner.
        shown: what the network is shown to find it.
    """

    text: str
    shown: Shown

    @property
    def kernel(self) -> tuple[View, ...]:
        """What has to be shown as well: what f̂ is the mean of."""
        return ()

    @property
    def has_partner(self) -> bool:
        """Whether the value is of the control image before, too."""
        return False

    @abstractmethod
    def read(self, seen: Observation) -> Array | None:
        """The value in what was seen, exactly; None where it is not there."""

    @abstractmethod
    def put(self, value: Array, seen: Observation) -> None:
        """Make the value part of what was seen."""


@dataclass(frozen=True, eq=False)
class VectorAddress(Address):
    """Features or logits under one view."""

    site: VectorSite

    def read(self, seen: Observation) -> Array | None:
        """As float32 where nothing is lost by it."""
        vectors = seen.vectors.get(self.site, {})
        if self.shown not in vectors:
            return None
        exact: NDArray[np.float64] = vectors[self.shown].numpy()
        short = exact.astype(np.float32)
        return short if np.array_equal(short.astype(np.float64), exact) else exact

    def put(self, value: Array, seen: Observation) -> None:
        """As float64."""
        tensor = torch.from_numpy(np.array(value, dtype=np.float64))
        seen.vectors.setdefault(self.site, {})[self.shown] = tensor


@dataclass(frozen=True, eq=False)
class ComparisonAddress(Address):
    """One number of a layer's comparison; the control None is the deviation itself."""

    layer: str
    family: Family
    metric: str
    control: Control | None

    @property
    def kernel(self) -> tuple[View, ...]:
        """The family's."""
        return self.family.kernel

    @property
    def has_partner(self) -> bool:
        """Where it is a null."""
        return self.control == "null"

    def read(self, seen: Observation) -> Array | None:
        """The number, if it was compared."""
        numbers = seen.layers.get(self.layer, {}).get((self.family, self.shown), {})
        number = numbers.get((self.metric, self.control))
        return None if number is None else np.array(number, dtype=np.float64)

    def put(self, value: Array, seen: Observation) -> None:
        """Beside the other numbers of that comparison."""
        comparisons = seen.layers.setdefault(self.layer, {})
        comparisons.setdefault((self.family, self.shown), {})[self.metric, self.control] = float(value)


@dataclass(frozen=True, eq=False)
class RoundingAddress(Address):
    """The rounding of a measure, at a layer where it is layerwise; NaN where the run has none."""

    metric: str
    layer: str | None

    def read(self, seen: Observation) -> Array | None:
        """If it was measured on this image."""
        if seen.rounding is None:
            return None
        return np.array(seen.rounding.get((self.metric, self.layer), math.nan), dtype=np.float64)

    def put(self, value: Array, seen: Observation) -> None:
        """NaN only says that there is none."""
        seen.rounding = {} if seen.rounding is None else seen.rounding
        if not math.isnan(value):
            seen.rounding[self.metric, self.layer] = float(value)


@dataclass(frozen=True, eq=False)
class PaddedAddress(Address):
    """The part of the picture's surroundings that had to be invented."""

    def read(self, seen: Observation) -> Array | None:
        """Known once the picture was decoded."""
        padded = seen.subject.padded
        return None if padded is None else np.array(padded, dtype=np.float64)

    def put(self, value: Array, seen: Observation) -> None:
        """It belongs to the image."""
        seen.subject = replace(seen.subject, padded=float(value))


@dataclass(frozen=True)
class Schedule:
    """What the images of a run have, for one network.

    Attributes:
        plan: what is measured.
        families: of the plan.
        sites: module of each vector that is read.
    """

    plan: Plan
    families: Families
    sites: Mapping[VectorSite, str]

    def addresses(self, subject: Subject) -> Iterator[Address]:
        """Every value that the observation of such an image consists of."""
        plan = self.plan
        trips = plan.round_trips if subject.control else ()
        seen: tuple[Shown, ...] = (*(plan.views if subject.audited else plan.identities), *trips)
        for site, module in self.sites.items():
            for shown in seen:
                yield VectorAddress(f"vector {module} {shown!r}", shown, site)
        for layer, acting in self.families.items() if subject.audited else ():
            for family in dict.fromkeys(acting.values()):
                here = [trip for trip in trips if trip.there in family.moves]
                yield from self._of_family(layer, family, here, null=subject.partner is not None)
        if subject.first:
            yield from self._of_rounding()
        if plan.reads_surroundings:
            yield PaddedAddress(f"padded {context_size(plan.size)}", plan.identities[0])

    def _of_family(
        self, layer: str, family: Family, trips: Sequence[RoundTrip], *, null: bool
    ) -> Iterator[Address]:
        where = self._layer_text(layer)
        for measure in self.plan.of_layers:
            controls: tuple[Control | None, ...] = (None, "dead")
            seen: tuple[Shown, ...] = (*family.moves, *trips)
            wanted = [(shown, control) for shown in seen for control in controls]
            wanted += [(view, "null") for view in family.moves if null]
            wanted += [(view, "phase_corrected") for view in family.corrected]
            for shown, control in wanted:
                text = f"{where} {measure.name} {control} {shown!r} {_family_text(family, shown, control)}"
                yield ComparisonAddress(text, shown, layer, family, measure.name, control)

    def _of_rounding(self) -> Iterator[Address]:
        e = self.plan.identities[0]
        for vector in self.plan.of_vectors:
            if vector.site in self.sites:
                yield RoundingAddress(f"rounding {vector.name} {e!r}", e, vector.name, None)
        for measure in self.plan.of_layers:
            for layer in self.plan.layers:
                text = f"rounding {measure.name} {self._layer_text(layer)} {e!r}"
                yield RoundingAddress(text, e, measure.name, layer)

    def _layer_text(self, layer: str) -> str:
        """A layer, and how its output is read: another grid of the same tokens makes other maps."""
        read = self.plan.layers[layer]
        return f"layer {layer} {read.shape} {read.layout!r}"


def _family_text(family: Family, shown: Shown, control: Control | None) -> str:
    """Everything about a comparison that the view does not say: action, kernel, and the centre of a corrected one."""
    view = shown.there if isinstance(shown, RoundTrip) else shown
    parts = [str(family.moves[view][0].key), *(repr(each) for each in family.kernel)]
    if control == "phase_corrected":
        parts.append(str(family.corrected[view][0].key))
    return " ".join(parts)
