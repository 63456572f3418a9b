"""Families: groups that act on a layer alike and with one kernel, so that they share f̂ and all comparisons.

c4 and d4 on plain maps are one family: a comparison under a quarter turn is made once for both.
"""

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.actions.view import View
from geed_cli.engine.plan import GroupPlan, LayerPlan, Plan, Variant


@dataclass(frozen=True, eq=False)
class Family:
    """Groups with one action and one kernel on the maps of a layer.

    Attributes:
        kernel: the views that act as the identity: f̂ is the mean over them (eq. 2).
        moves: the representation and element that move a map as each view moves images.
        corrected: the same about the layer's own centre, where that was asked for.
    """

    kernel: tuple[View, ...]
    moves: Mapping[View, tuple[Representation, int]]
    corrected: Mapping[View, tuple[Representation, int]]

    @property
    def representation(self) -> Representation:
        """Any of the family's representations: they mask alike."""
        return next(iter(self.moves.values()))[0]

    @cached_property
    def kernel_text(self) -> str:
        """The views of the kernel as text; every layer's keys in the cache ask for it."""
        return " ".join(map(repr, self.kernel))

    @property
    def support(self) -> Tensor | None:
        """The pixels that are compared, shape (H, W), bool; None where that is all of them."""
        return self.representation.support

    def kernel_in(self, held: Container[Variant]) -> bool:
        """Whether all views of the kernel are held, whose mean is f̂."""
        return all(view in held for view in self.kernel)

    def restrict(self, maps: Tensor) -> Tensor:
        """The compared part of maps of shape (..., C, H, W)."""
        return self.representation.restrict(maps)


Families = Mapping[str, Mapping[str, Family]]
"""By layer and by the group's name."""


def families_of(plan: Plan) -> Families:
    """The family of each group that acts on a layer, for all layers of a plan; layers that are compared alike share it.

    But for those that are compared about their own centre, layers of one shape on which the groups act alike are: so
    what is to be compared is decided once for them.
    """
    alike: dict[Hashable, dict[str, Family]] = {}
    own: dict[str, dict[str, Family]] = {}
    for name, layer in plan.layers.items():
        acting = tuple((group, rho.key) for group, rho in layer.representations.items())
        key = name if layer.corrected else (layer.shape, acting)
        if layer.repeats is None:
            own[name] = alike[key] = alike.get(key) or families(plan.groups, layer)
    return {name: own[layer.repeats or name] for name, layer in plan.layers.items()}


def families(groups: Sequence[GroupPlan], layer: LayerPlan) -> dict[str, Family]:
    """The family of each group that acts on the layer's maps, by the group's name."""
    alike: dict[tuple[Hashable, tuple[View, ...], bool], list[GroupPlan]] = {}
    for plan in groups:
        representation = layer.representations.get(plan.name)
        if representation is not None:
            kernel = tuple(plan.views[g] for g in representation.kernel())
            # a group without a centre must not take over the corrections of the views that it shares
            key = representation.key, kernel, plan.name in layer.corrected
            alike.setdefault(key, []).append(plan)
    return {
        plan.name: family
        for (_, kernel, _), members in alike.items()
        for family in [_family(kernel, members, layer)]
        for plan in members
    }


def _family(kernel: tuple[View, ...], members: Sequence[GroupPlan], layer: LayerPlan) -> Family:
    def moves(of: Mapping[str, Representation]) -> dict[View, tuple[Representation, int]]:
        return {
            view: (of[plan.name], g)
            for plan in members
            if plan.name in of
            for g, view in enumerate(plan.views)
        }

    return Family(kernel, moves(layer.representations), moves(layer.corrected))
