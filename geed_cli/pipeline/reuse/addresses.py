"""Addresses: the single values that an observation consists of, and how each is told apart, read and put back.

The text of an address holds everything that can change its value beside the network, the image and, for a null, the
partner. So another group, layer, measure or image adds addresses and leaves the values at the others as they are.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.actions.view import View
from geed_cli.engine.observation import Observation
from geed_cli.engine.outbox import Quantity
from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.row import Control, Subject
from geed_cli.engine.shared_action import Families, Family
from geed_cli.measures.measure import VectorSite
from geed_cli.rows.column import shortest

Array = NDArray[np.floating[Any]]
_Compared = tuple[str, Variant, Control | None]
"""A comparison, or a control of it: its text, what is shown for it, and which control."""


@dataclass(frozen=True, eq=False)
class Address:
    """One value of an image.

    Attributes:
        text: everything that tells it apart beside network, image and partner.
        variant: what the network is shown to find it.
        read: the value in an observation, exactly; None where it is not there.
        put: makes the value part of an observation.
        kernel: views that have to be shown as well, since f̂ is the mean over them.
        has_partner: whether the value also depends on the control image before.
        of_rounding: whether it belongs to the run's rounding.
        by_itself: whether it has a row by itself, as vectors have: one of scores per pixel has megabytes.
    """

    text: str
    variant: Variant
    read: Callable[[Observation], Array | None]
    put: Callable[[Array, Observation], None]
    kernel: tuple[View, ...] = ()
    has_partner: bool = False
    of_rounding: bool = False
    by_itself: bool = False


def _vector(text: str, variant: Variant, site: VectorSite) -> Address:
    """Features or logits of one variant."""

    def read(seen: Observation) -> Array | None:
        vectors = seen.vectors.get(site, {})
        if variant not in vectors:
            return None
        return shortest(vectors[variant].numpy())

    def put(value: Array, seen: Observation) -> None:
        seen.vectors.setdefault(site, {})[variant] = torch.from_numpy(np.array(value, dtype=np.float64))

    return Address(text, variant, read, put, by_itself=True)


def _comparison(
    text: str, variant: Variant, layer: str, family: Family, quantities: Sequence[Quantity]
) -> Address:
    """What one comparison of a layer gave for a measure, or for a control of it: a number, or one and its dead part."""

    def read(seen: Observation) -> Array | None:
        numbers = seen.layers.get(layer, {}).get((family, variant), {})
        return np.array([numbers[each] for each in quantities]) if quantities[0] in numbers else None

    def put(value: Array, seen: Observation) -> None:
        numbers = seen.layers.setdefault(layer, {}).setdefault((family, variant), {})
        numbers.update(zip(quantities, value.tolist(), strict=True))

    return Address(text, variant, read, put, family.kernel, has_partner=quantities[0][1] == "null")


def _slope(text: str, layer: str, key: tuple[str, View], behind: View) -> Address:
    """The derivative of a layer along a flow, for which both of its ends are shown."""

    def read(seen: Observation) -> Array | None:
        number = seen.slopes.get(layer, {}).get(key)
        return None if number is None else np.array(number, dtype=np.float64)

    def put(value: Array, seen: Observation) -> None:
        seen.slopes.setdefault(layer, {})[key] = float(value)

    return Address(text, key[1], read, put, (behind,))


def _rounding(text: str, variant: Variant, metric: str, layer: str | None) -> Address:
    """The rounding of a measure, at a layer where it is layerwise; NaN where the run has none."""

    def read(seen: Observation) -> Array | None:
        if seen.rounding is None:
            return None
        return np.array(seen.rounding.get((metric, layer), math.nan), dtype=np.float64)

    def put(value: Array, seen: Observation) -> None:
        seen.rounding = {} if seen.rounding is None else seen.rounding
        if not math.isnan(value):
            seen.rounding[metric, layer] = float(value)

    return Address(text, variant, read, put, of_rounding=True)


def _padded(text: str, variant: Variant) -> Address:
    """The padded fraction of the picture's surroundings, known once the picture was decoded."""

    def read(seen: Observation) -> Array | None:
        padded = seen.subject.padded
        return None if padded is None else np.array(padded, dtype=np.float64)

    def put(value: Array, seen: Observation) -> None:
        seen.subject = seen.subject._replace(padded=float(value))

    return Address(text, variant, read, put)


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
        variants: tuple[Variant, ...] = (*(plan.views if subject.audited else plan.identities), *trips)
        for site, module in self.sites.items():
            for variant in variants:
                yield _vector(f"vector {module} {variant!r}", variant, site)
        if subject.audited:
            yield from self._of_layers(trips, null=subject.partner is not None)
            yield from self._of_flows()
        if subject.first:
            yield from self._of_rounding()
        if plan.surroundings is not None:
            yield _padded(f"padded {plan.surroundings}", plan.identities[0])

    def _of_layers(self, trips: Sequence[RoundTrip], *, null: bool) -> Iterator[Address]:
        compared: dict[Family, tuple[_Compared, ...]] = {}
        for layer, acting in self.families.items():
            for family in dict.fromkeys(acting.values()):
                if family not in compared:
                    compared[family] = tuple(_compared(family, trips, null=null))
                yield from self._of_family(layer, family, compared[family])

    def _of_family(self, layer: str, family: Family, compared: Sequence[_Compared]) -> Iterator[Address]:
        where = self._layer_text(layer)
        for measure in self.plan.of_layers:
            for text, variant, control in compared:
                quantities: list[Quantity] = [(measure.name, control)]
                if control is None and measure.counts_dead:
                    quantities.append((measure.name, "dead"))
                yield _comparison(f"{where} {measure.name} {text}", variant, layer, family, quantities)

    def _of_flows(self) -> Iterator[Address]:
        for flow in self.plan.flows:
            _, ahead, behind = flow.views
            for measure in self.plan.of_derivatives:
                for layer in self.plan.layers:
                    text = f"{self._layer_text(layer)} {measure.name} {ahead!r} {behind!r}"
                    yield _slope(text, layer, (measure.name, ahead), behind)

    def _of_rounding(self) -> Iterator[Address]:
        e = self.plan.identities[0]
        for vector in self.plan.of_vectors:
            if vector.site in self.sites:
                yield _rounding(f"rounding {vector.name} {e!r}", e, vector.name, None)
        for measure in self.plan.of_layers:
            for layer in self.plan.layers:
                text = f"rounding {measure.name} {self._layer_text(layer)} {e!r}"
                yield _rounding(text, e, measure.name, layer)

    def _layer_text(self, layer: str) -> str:
        """A layer, and how its output is read: another grid of the same tokens makes other maps."""
        read = self.plan.layers[layer]
        return f"layer {layer} {read.shape} {read.layout!r}"


def _compared(family: Family, trips: Sequence[RoundTrip], *, null: bool) -> Iterator[_Compared]:
    """The comparisons of a family, wherever it acts."""
    here = [trip for trip in trips if trip.there in family.moves]
    shown: tuple[Variant, ...] = (*family.moves, *here)
    wanted: list[tuple[Variant, Control | None]] = [(variant, None) for variant in shown]
    wanted += [(view, "null") for view in family.moves if null]
    wanted += [(view, "phase_corrected") for view in family.corrected]
    for variant, control in wanted:
        yield f"{control} {variant!r} {_family_text(family, variant, control)}", variant, control


def _family_text(family: Family, variant: Variant, control: Control | None) -> str:
    """Everything about a comparison that the view does not say: action, kernel, and the centre of a corrected one."""
    view = variant.there if isinstance(variant, RoundTrip) else variant
    parts = [str(family.moves[view][0].key), family.kernel_text]
    if control == "phase_corrected":
        parts.append(str(family.corrected[view][0].key))
    return " ".join(parts)
