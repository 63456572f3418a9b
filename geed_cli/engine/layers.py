"""Reduces one layer's maps to channelwise deviations while the network runs; no map outlives its use.

f̂(x) is the mean over the kernel of the action at the layer's real shape, so a map is held only until the kernel's
members of its orbit have come: usually e alone, which comes first. Groups with the same kernel share comparisons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from geed_cli.algebra.representation import Spatial
from geed_cli.algebra.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.plan import GroupPlan, unique
from geed_cli.measures.channelwise import channelwise_deviation


@dataclass(frozen=True)
class Comparison:
    """One deviation and the part of channels that were dead in it."""

    value: Tensor
    dead: Tensor


@dataclass(frozen=True)
class Family:
    """Groups whose kernels agree at this layer: f̂ is the mean over ``kernel``, compared under ``views``."""

    kernel: tuple[View, ...]
    views: tuple[View, ...]

    @property
    def trivial(self) -> bool:
        """Whether the action on this layer is trivial, so that g·f̂ = f̂."""
        return len(self.kernel) > 1 and set(self.kernel) == set(self.views)


@dataclass
class _Orbit:
    """What is held of one image: its maps so far, and the comparisons made."""

    maps: dict[View, Tensor] = field(default_factory=dict)
    done: dict[tuple[Family, View], Comparison] = field(default_factory=dict)


class LayerReducer:
    """The channelwise deviations of one layer of shape (C, H, W) for several groups."""

    def __init__(self, groups: Sequence[GroupPlan], height: int, width: int) -> None:
        self.family = families(groups, height, width)
        self._distinct = tuple(dict.fromkeys(self.family.values()))
        self._orbits: dict[int, _Orbit] = {}

    def consume(self, slots: Sequence[Slot], maps: Tensor) -> set[int]:
        """Take a batch's maps, shape (B, C, H, W); compare what can be compared and let go of the rest.

        Returns:
            The images of which a map is not finite.
        """
        for row, slot in enumerate(slots):
            self._orbits.setdefault(slot.image, _Orbit()).maps[slot.view] = maps[row]
        finished = {slot.image for slot in slots if slot.last}
        broken = set()
        for image in dict.fromkeys(slot.image for slot in slots):
            orbit = self._orbits[image]
            finite = [_compare(orbit, family) for family in self._distinct]
            if not all(finite):
                broken.add(image)
            orbit.maps = {} if image in finished else self._kept(orbit)
        return broken

    def pop(self, image: int) -> dict[tuple[Family, View], Comparison]:
        """The finished comparisons of one image."""
        return self._orbits.pop(image).done

    def _kept(self, orbit: _Orbit) -> dict[View, Tensor]:
        """Maps that later batches need: the kernels', and those not compared with every family yet."""
        needed = {
            view
            for family in self._distinct
            for view in orbit.maps
            if view in family.kernel or (view in family.views and (family, view) not in orbit.done)
        }
        return {view: orbit.maps[view].clone() for view in needed}


def families(groups: Sequence[GroupPlan], height: int, width: int) -> dict[str, Family]:
    """The family of each group that acts on H×W maps, by the group's name."""
    kernels: dict[str, tuple[View, ...]] = {}
    for plan in groups:
        representation = Spatial(plan.views, height, width)
        if representation.defined:
            kernels[plan.group.name] = tuple(plan.views[g] for g in representation.kernel())
    views = {
        kernel: unique(
            view for plan in groups if kernels.get(plan.group.name) == kernel for view in plan.views
        )
        for kernel in kernels.values()
    }
    return {name: Family(kernel, views[kernel]) for name, kernel in kernels.items()}


def _compare(orbit: _Orbit, family: Family) -> bool:
    """Make every comparison of the family that the held maps allow; whether all of these maps were finite."""
    if not all(view in orbit.maps for view in family.kernel):
        return True
    ready = [v for v in family.views if v in orbit.maps and (family, v) not in orbit.done]
    if not ready:
        return True
    centre = torch.stack([orbit.maps[view] for view in family.kernel]).mean(dim=0)
    moved = torch.stack([view.restrict(orbit.maps[view]) for view in ready])
    expected = torch.stack([view.restrict(centre) if family.trivial else view.act(centre) for view in ready])
    outcome = channelwise_deviation(moved, expected)
    for row, view in enumerate(ready):
        orbit.done[family, view] = Comparison(outcome.value[row], outcome.dead[row])
    return bool(outcome.finite.all())
