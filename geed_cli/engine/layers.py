"""Reduces one layer's maps to channelwise deviations while the network runs; no map outlives its use.

f̂(x) is the mean over the kernel of the action at the layer's real shape, so a map is held only until the kernel's
members of its orbit have come: usually e alone, which comes first. On probe images the same maps also give the
controls: against the previous probe image (null), and of round trips (floor).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from geed_cli.algebra.round_trip import RoundTrip
from geed_cli.algebra.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.compare_maps import compare_maps
from geed_cli.engine.family import Family, families
from geed_cli.engine.plan import GroupPlan, LayerPlan, Shown
from geed_cli.engine.row import Control

Quantity = tuple[str, Control | None]
"""A layer's measure, and the control of it that is meant; None is the deviation itself."""
Found = Mapping[Quantity, Tensor]


@dataclass
class Orbit:
    """What is held of one image: its maps so far, and the scalars made of them.

    Attributes:
        maps: shape (C, H, W) each.
        done: per family and view, each quantity as a scalar.
        trips: per family and round trip.
    """

    maps: dict[Shown, Tensor] = field(default_factory=dict)
    done: dict[tuple[Family, View], Found] = field(default_factory=dict)
    trips: dict[tuple[Family, RoundTrip], Found] = field(default_factory=dict)


class LayerReducer:
    """The channelwise deviations of one layer for several groups.

    Args:
        groups: all groups of the run.
        layer: how the layer is read, and which of the groups act on it.
        metrics: names of the layerwise measures that are wanted.

    Attributes:
        family: the family of each group that acts here, by the group's name.
    """

    def __init__(self, groups: Sequence[GroupPlan], layer: LayerPlan, metrics: Sequence[str]) -> None:
        self.family = families(groups, layer)
        self._distinct = tuple(dict.fromkeys(self.family.values()))
        self._metrics = tuple(metrics)
        self._orbits: dict[int, Orbit] = {}
        self._partner: dict[Family, Tensor] = {}

    def consume(self, slots: Sequence[Slot], maps: Tensor) -> set[int]:
        """Take a batch's maps, shape (B, C, H, W); compare what can be compared and let go of the rest.

        Returns:
            The images of which a map is not finite.
        """
        broken = set()
        for image, rows in _by_image(slots):
            orbit = self._orbits.setdefault(image, Orbit())
            orbit.maps |= {slots[row].shown: maps[row] for row in rows}
            finite = [self._compare(orbit, family, probe=slots[rows[0]].probe) for family in self._distinct]
            if not all(finite):
                broken.add(image)
            self._let_go(orbit, slots[rows[-1]])
        return broken

    def pop(self, image: int) -> Orbit:
        """The finished comparisons of one image."""
        return self._orbits.pop(image)

    def _compare(self, orbit: Orbit, family: Family, *, probe: bool) -> bool:
        """Make every comparison of the family that the held maps allow; whether all of these maps were finite."""
        if not all(view in orbit.maps for view in family.kernel):
            return True
        if probe:
            self._compare_trips(orbit, family)
        ready = [v for v in family.moves if v in orbit.maps and (family, v) not in orbit.done]
        if not ready:
            return True
        centre = _centre(orbit, family)
        partner = self._partner.get(family) if probe else None
        outcome, finite = compare_maps(
            family, ready, [orbit.maps[v] for v in ready], centre, partner, self._metrics
        )
        orbit.done |= {(family, view): found for view, found in zip(ready, outcome, strict=True)}
        return finite

    def _compare_trips(self, orbit: Orbit, family: Family) -> None:
        """Round trips against the image they should have come back to."""
        for trip in [shown for shown in orbit.maps if isinstance(shown, RoundTrip)]:
            if trip.there in family.moves and (family, trip) not in orbit.trips:
                identity = orbit.maps[trip.identity]
                outcome, _ = compare_maps(
                    family, [trip.identity], [orbit.maps[trip]], identity, None, self._metrics
                )
                orbit.trips[family, trip] = outcome[0]

    def _let_go(self, orbit: Orbit, slot: Slot) -> None:
        """Keep what later batches need: the kernels' maps, and those not compared with every family yet."""
        if slot.last:
            if slot.probe:
                self._partner = {family: _centre(orbit, family).clone() for family in self._distinct}
            orbit.maps = {}
            return
        needed = {
            shown
            for family in self._distinct
            for shown in orbit.maps
            if shown in family.kernel or (shown in family.moves and (family, shown) not in orbit.done)
        }
        orbit.maps = {shown: orbit.maps[shown].clone() for shown in needed}


def _by_image(slots: Sequence[Slot]) -> Iterator[tuple[int, list[int]]]:
    """The rows of each image of a batch, image after image."""
    rows: dict[int, list[int]] = {}
    for row, slot in enumerate(slots):
        rows.setdefault(slot.image, []).append(row)
    yield from rows.items()


def _centre(orbit: Orbit, family: Family) -> Tensor:
    """f̂(x), the mean over the kernel (eq. 2), shape (C, H, W)."""
    if len(family.kernel) == 1:
        return orbit.maps[family.kernel[0]]
    return torch.stack([orbit.maps[view] for view in family.kernel]).mean(dim=0)
