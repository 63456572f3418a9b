"""Reduces one layer's maps to channelwise deviations while the network runs; no map outlives its use.

f̂(x) is the mean over the kernel of the action at the layer's real shape, so a map is held only until the kernel's
members of its orbit have come: usually e alone, which comes first. On probe images the same maps also give the
controls: against the previous probe image (null), and of round trips (floor).
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import torch
from torch import Tensor

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.actions.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.compare_centred import compare_centred
from geed_cli.engine.compare_maps import Centres, Found, compare_maps, laid_out, moments_at, moments_in, pick
from geed_cli.engine.family import Family
from geed_cli.engine.observation import Comparisons
from geed_cli.engine.plan import Shown
from geed_cli.measures.channelwise import Moments


@dataclass
class _Orbit:
    """What is held of one image: maps that later batches need, and the numbers made so far."""

    maps: dict[Shown, Tensor] = field(default_factory=dict)
    found: Comparisons = field(default_factory=dict)


@dataclass(frozen=True)
class _Ready:
    """Maps of one family that can be compared now.

    Attributes:
        images: whose kernels are complete.
        centres: f̂ of each.
        rows: image and view of each map.
        own: the moments of these maps.
    """

    images: tuple[int, ...]
    centres: Centres
    rows: tuple[tuple[int, View], ...]
    own: Moments

    def centre(self, image: int) -> Tensor:
        """f̂ of one image, shape (C, H, W)."""
        return self.centres.maps[self.images.index(image)]

    def of(self, image: int) -> list[int]:
        """The rows of one image."""
        return [row for row, (each, _) in enumerate(self.rows) if each == image]


class LayerReducer:
    """The channelwise deviations of one layer for several groups.

    Args:
        families: those of the groups that act on the layer.
        metrics: names of the layerwise measures that are wanted.
    """

    def __init__(self, families: Sequence[Family], metrics: Sequence[str]) -> None:
        self._families = tuple(dict.fromkeys(families))
        self._metrics = tuple(metrics)
        self._orbits: dict[int, _Orbit] = {}
        self._partner: dict[Family, Centres] = {}

    def consume(self, slots: Sequence[Slot], maps: Tensor) -> set[int]:
        """Take a batch's maps, shape (B, C, H, W); compare what can be compared and let go of the rest.

        Returns:
            The images of which a map is not finite.
        """
        last = {slot.image: slot for slot in slots}
        for row, slot in enumerate(slots):
            self._orbits.setdefault(slot.image, _Orbit()).maps[slot.shown] = maps[row]
        broken: set[int] = set()
        for family in self._families:
            ready = self._ready(family, list(last), slots, maps)
            if ready is not None:
                broken |= self._compare(family, ready)
                self._probe(family, ready, last, broken)
        for image, slot in last.items():
            self._let_go(self._orbits[image], slot)
        return broken

    def pop(self, image: int) -> Comparisons:
        """The finished comparisons of one image."""
        return self._orbits.pop(image).found

    def _ready(
        self, family: Family, images: Sequence[int], slots: Sequence[Slot], maps: Tensor
    ) -> _Ready | None:
        """What can be compared of the images of this batch; None where no image's kernel is complete."""
        whole = tuple(image for image in images if family.kernel_in(self._orbits[image].maps))
        if not whole:
            return None
        rows = tuple(
            (image, view)
            for image in whole
            for view in family.moves
            if view in self._orbits[image].maps and (family, view) not in self._orbits[image].found
        )
        places = {(slot.image, slot.shown): row for row, slot in enumerate(slots)}
        own = moments_in(family, self._stack(rows, places, maps) if rows else maps[:0])
        return _Ready(whole, self._centres(family, whole, rows, own, places, maps), rows, own)

    def _centres(
        self,
        family: Family,
        images: Sequence[int],
        rows: Sequence[tuple[int, View]],
        own: Moments,
        places: Mapping[tuple[int, Shown], int],
        maps: Tensor,
    ) -> Centres:
        """f̂ of the images, whose moments are known already where these are maps that are compared now."""
        if len(family.kernel) > 1:
            means = laid_out(torch.stack([self._mean(image, family.kernel) for image in images]), maps)
            return Centres(means, moments_in(family, means))
        (view,) = family.kernel
        alone = self._stack([(image, view) for image in images], places, maps)
        if not all((image, view) in rows for image in images):
            return Centres(alone, moments_in(family, alone))
        at = [rows.index((image, view)) for image in images]
        return Centres(alone, moments_at(own, at), view)

    def _compare(self, family: Family, ready: _Ready) -> set[int]:
        """The deviations of all rows; the images with maps that are not finite."""
        if not ready.rows:
            return set()
        views = [view for _, view in ready.rows]
        of = [ready.images.index(image) for image, _ in ready.rows]
        found, finite = compare_maps(family, views, ready.own, ready.centres, of, self._metrics)
        for (image, view), numbers in zip(ready.rows, found, strict=True):
            orbit = self._orbits[image]
            if view in family.corrected:
                centre = ready.centre(image)
                numbers.update(compare_centred(family, view, orbit.maps[view], centre, self._metrics))
            orbit.found[family, view] = numbers
        return {image for (image, _), good in zip(ready.rows, finite, strict=True) if not good}

    def _probe(self, family: Family, ready: _Ready, last: dict[int, Slot], broken: Set[int]) -> None:
        """The controls of the probe images among these, in their order; one that is not finite is no partner."""
        for image in ready.images:
            if last[image].probe:
                self._null(family, ready, image)
                self._trips(family, self._orbits[image], ready.centres.maps)
                if last[image].last and image not in broken:
                    self._partner[family] = ready.centres.clone(ready.images.index(image))

    def _null(self, family: Family, ready: _Ready, image: int) -> None:
        """f(gx) against g·f̂(x') of the probe image before."""
        partner, rows = self._partner.get(family), ready.of(image)
        if partner is None or not rows:
            return
        views = [ready.rows[row][1] for row in rows]
        own = moments_at(ready.own, rows)
        found, _ = compare_maps(family, views, own, partner, [0] * len(views), self._metrics)
        for view, numbers in zip(views, found, strict=True):
            null: Found = {(metric, "null"): numbers[metric, None] for metric in self._metrics}
            self._orbits[image].found[family, view] |= null

    def _trips(self, family: Family, orbit: _Orbit, like: Tensor) -> None:
        """Round trips against the image that they should have come back to, laid out like other maps."""
        trips = [
            shown
            for shown in orbit.maps
            if isinstance(shown, RoundTrip)
            and shown.there in family.moves
            and (family, shown) not in orbit.found
        ]
        if trips:
            own = moments_in(family, laid_out(torch.stack([orbit.maps[trip] for trip in trips]), like))
            stack = laid_out(torch.stack([orbit.maps[trip.identity] for trip in trips]), like)
            identity = Centres(stack, moments_in(family, stack))
            views = [trip.identity for trip in trips]
            found, _ = compare_maps(family, views, own, identity, range(len(trips)), self._metrics)
            orbit.found |= {(family, trip): numbers for trip, numbers in zip(trips, found, strict=True)}

    def _mean(self, image: int, kernel: Sequence[View]) -> Tensor:
        """f̂(x), the mean over the kernel (eq. 2), shape (C, H, W)."""
        return torch.stack([self._orbits[image].maps[view] for view in kernel]).mean(dim=0)

    def _stack(
        self, wanted: Sequence[tuple[int, View]], places: Mapping[tuple[int, Shown], int], maps: Tensor
    ) -> Tensor:
        """Maps as one stack: rows of the batch as they lie there, else a copy."""
        rows = [places[each] for each in wanted if each in places]
        if len(rows) == len(wanted):
            return pick(maps, rows)
        return laid_out(torch.stack([self._orbits[image].maps[view] for image, view in wanted]), maps)

    def _let_go(self, orbit: _Orbit, slot: Slot) -> None:
        """Keep what later batches need: the kernels' maps, and those not compared with every family yet."""
        if slot.last:
            orbit.maps = {}
            return
        needed = {
            shown
            for family in self._families
            for shown in orbit.maps
            if shown in family.kernel or (shown in family.moves and (family, shown) not in orbit.found)
        }
        orbit.maps = {shown: orbit.maps[shown].clone() for shown in needed}
