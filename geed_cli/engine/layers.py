"""Reduces one layer's maps to deviations while the network runs; no map outlives its use.

f̂(x) is the mean over the kernel of the action at the layer's real shape, so a map is held only until the kernel's
members of its orbit have come: usually e alone, which comes first. On control images the same maps also give the
controls: against the previous control image (null), and of round trips (floor).
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import torch
from torch import Tensor

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.actions.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.comparisons import Centres, Made, compare_centred, compare_maps
from geed_cli.engine.observation import Comparisons
from geed_cli.engine.outbox import Numbers, Outbox, send
from geed_cli.engine.plan import Variant
from geed_cli.engine.shared_action import Family
from geed_cli.measures.maps.compared import stack_of
from geed_cli.measures.maps.stack import MapStack, copied
from geed_cli.measures.measure import LayerMeasure, MapMeasure
from geed_cli.measures.moments import laid_out


@dataclass
class _Orbit:
    """What is held of one image: maps that later batches need, and the numbers made so far."""

    maps: dict[Variant, Tensor] = field(default_factory=dict)
    comparisons: Comparisons = field(default_factory=dict)


@dataclass(frozen=True)
class _Ready:
    """Maps of one family that can be compared now.

    Attributes:
        images: whose kernels are complete.
        centres: f̂ of each.
        rows: image and view of each map.
        own: these maps; None where there are none.
    """

    images: tuple[str, ...]
    centres: Centres
    rows: tuple[tuple[str, View], ...]
    own: MapStack | None

    def centre(self, image: str) -> tuple[Tensor, Tensor]:
        """f̂ and f of one image, shape (C, H, W) each."""
        at = self.images.index(image)
        return self.centres.maps[at], self.centres.plain[at]


def _broken(rows: Sequence[tuple[str, View]], finite: Tensor) -> set[str]:
    """The images of which a row is not finite, by a flag for each row."""
    return {image for (image, _), good in zip(rows, finite.tolist(), strict=True) if not good}


class LayerReducer:
    """The layerwise measures of one layer, for the families of all groups that act on it."""

    def __init__(self, families: Sequence[Family], measures: Sequence[LayerMeasure]) -> None:
        self._families = tuple(dict.fromkeys(families))
        self._measures = tuple(measures)
        self._whole = any(isinstance(measure, MapMeasure) for measure in self._measures)
        self._orbits: dict[str, _Orbit] = {}
        self._partner: dict[Family, Centres] = {}

    def consume(
        self, slots: Sequence[Slot | None], maps: Tensor, outbox: Outbox, broken: Callable[[set[str]], None]
    ) -> None:
        """Take a batch's maps, shape (B, C, H, W); compare what can be compared and let go of the rest.

        Once the outbox is delivered, ``broken`` is called with the images whose maps are not finite.
        """
        rows = {row: slot for row, slot in enumerate(slots) if slot is not None}
        last = {slot.image: slot for slot in rows.values()}
        for row, slot in rows.items():
            self._orbits.setdefault(slot.image, _Orbit()).maps[slot.variant] = maps[row]
        for family in self._families:
            ready = self._ready(family, list(last))
            if ready is not None:
                made = self._compare(family, ready, outbox, broken)
                self._controls(family, ready, last, made, outbox)
        for image, slot in last.items():
            self._let_go(self._orbits[image], slot)

    def pop(self, image: str) -> Comparisons:
        """The finished comparisons of one image."""
        return self._orbits.pop(image).comparisons

    def _ready(self, family: Family, images: Sequence[str]) -> _Ready | None:
        """What can be compared of the images of this batch; None where no image's kernel is complete."""
        whole = tuple(image for image in images if family.kernel_in(self._orbits[image].maps))
        if not whole:
            return None
        rows = tuple(
            (image, view)
            for image in whole
            for view in family.moves
            if view in self._orbits[image].maps and (family, view) not in self._orbits[image].comparisons
        )
        own = self._stack(family, rows) if rows else None
        return _Ready(whole, self._centres(family, whole, rows, own), rows, own)

    def _centres(
        self,
        family: Family,
        images: Sequence[str],
        rows: Sequence[tuple[str, View]],
        own: MapStack | None,
    ) -> Centres:
        """f̂ of the images; what is known of maps that are compared now is not found again."""
        if len(family.kernel) > 1:
            means = stack_of([self._mean(family, image) for image in images], family.support)  # eq. 2
            each = [(image, family.kernel[0]) for image in images]  # the identity is the first of a kernel
            return Centres(means, alone=self._stack(family, each) if self._whole else None)
        (view,) = family.kernel
        each = [(image, view) for image in images]
        if own is None or not all(one in rows for one in each):
            return Centres(self._stack(family, each))
        return Centres(own.rows([rows.index(one) for one in each]), view)

    def _mean(self, family: Family, image: str) -> Tensor:
        """The mean over the kernel, laid out as its maps are."""
        held = torch.stack([self._orbits[image].maps[view] for view in family.kernel])
        like = self._orbits[image].maps[family.kernel[0]]
        return laid_out(held.mean(dim=0)[None], like[None])[0]

    def _compare(
        self, family: Family, ready: _Ready, outbox: Outbox, broken: Callable[[set[str]], None]
    ) -> Made | None:
        """The deviations of all rows; None where there are none."""
        if ready.own is None:
            return None
        views = [view for _, view in ready.rows]
        of = [ready.images.index(image) for image, _ in ready.rows]
        made = compare_maps(family, views, ready.own, ready.centres, of, self._measures)
        numbers: list[Numbers] = [{} for _ in ready.rows]
        # these alone: what the outbox holds stays until the end of the batch, and maps must not
        rows = ready.rows
        made.send(numbers, outbox, finite=lambda flags: broken(_broken(rows, flags)))
        for (image, view), row in zip(ready.rows, numbers, strict=True):
            orbit = self._orbits[image]
            if view in family.corrected:
                centre, plain = ready.centre(image)
                centred = compare_centred(family, view, orbit.maps[view], centre, plain, self._measures)
                send(centred, [row], outbox.put, "phase_corrected")
            orbit.comparisons[family, view] = row
        return made

    def _controls(
        self,
        family: Family,
        ready: _Ready,
        last: Mapping[str, Slot],
        made: Made | None,
        outbox: Outbox,
    ) -> None:
        """The controls of the control images among these; one that is not finite is nobody's partner."""
        controls = [image for image in ready.images if last[image].subject.control]
        if not controls:
            return
        broken = set() if made is None else _broken(ready.rows, made.finite)
        partners = self._partners(family, ready, controls, last, broken)
        self._null(family, ready, partners, outbox)
        self._trips(family, [self._orbits[image] for image in controls], outbox)

    def _partners(
        self,
        family: Family,
        ready: _Ready,
        controls: Sequence[str],
        last: Mapping[str, Slot],
        broken: Set[str],
    ) -> dict[str, Centres]:
        """The control image before each of these, where there is one: its f̂, one that is whole and finite."""
        partners: dict[str, Centres] = {}
        for image in controls:
            if family in self._partner:
                partners[image] = self._partner[family]
            if last[image].last and image not in broken:
                self._partner[family] = ready.centres.at(ready.images.index(image))
        if family in self._partner:  # beyond the batch without the stack that it is a part of
            self._partner[family] = self._partner[family].clone()
        return partners

    def _null(self, family: Family, ready: _Ready, partners: Mapping[str, Centres], outbox: Outbox) -> None:
        """f(gx) against g·f̂(x') of the control image before."""
        rows = [row for row, (image, _) in enumerate(ready.rows) if image in partners]
        if not rows or ready.own is None:
            return
        images = [image for image in partners if any(each == image for each, _ in ready.rows)]
        centres = Centres.together([partners[image] for image in images])
        views = [ready.rows[row][1] for row in rows]
        of = [images.index(ready.rows[row][0]) for row in rows]
        made = compare_maps(family, views, ready.own.rows(rows), centres, of, self._measures)
        compared = [ready.rows[row] for row in rows]
        made.send([self._orbits[image].comparisons[family, view] for image, view in compared], outbox, "null")

    def _trips(self, family: Family, orbits: Sequence[_Orbit], outbox: Outbox) -> None:
        """Round trips against the image that they should have come back to."""
        trips = [
            (orbit, variant)
            for orbit in orbits
            for variant in orbit.maps
            if isinstance(variant, RoundTrip)
            and variant.there in family.moves
            and (family, variant) not in orbit.comparisons
        ]
        if not trips:
            return
        returned = stack_of([orbit.maps[trip] for orbit, trip in trips], family.support)
        identity = stack_of([orbit.maps[trip.identity] for orbit, trip in trips], family.support)
        views = [trip.identity for _, trip in trips]
        made = compare_maps(family, views, returned, Centres(identity), range(len(trips)), self._measures)
        for orbit, trip in trips:
            orbit.comparisons[family, trip] = {}
        made.send([orbit.comparisons[family, trip] for orbit, trip in trips], outbox)

    def _stack(self, family: Family, wanted: Sequence[tuple[str, View]]) -> MapStack:
        """Maps as one stack: rows of the batch as they lie there."""
        return stack_of([self._orbits[image].maps[view] for image, view in wanted], family.support)

    def _let_go(self, orbit: _Orbit, slot: Slot) -> None:
        """Keep what later batches need: the kernels' maps, and those not compared with every family yet."""
        if slot.last:
            orbit.maps = {}
            return
        needed = {
            variant
            for family in self._families
            for variant in orbit.maps
            if variant in family.kernel
            or (variant in family.moves and (family, variant) not in orbit.comparisons)
        }
        orbit.maps = {variant: copied(orbit.maps[variant]) for variant in needed}
