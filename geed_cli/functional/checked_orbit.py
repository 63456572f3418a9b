"""Orbits as tensors (n, B, …): what is refused before anything is made of them, and how G acts on them.

Element 0 is the identity, the others are in the order of the group's ``elements``.
"""

import torch
from torch import Tensor

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.actions.representation import Representation, Spatial, Trivial
from geed_cli.actions.view import views_of
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.measures.measure import LayerMeasure, Measure

VECTORS, MAPS = "(n, B, k)", "(n, B, C, H, W)"


def checked(measure: Measure, orbit: Tensor, group: FiniteGroup | None) -> Tensor:
    """The orbit without its graph.

    Raises:
        InputError: no tensor of floating-point numbers, of another shape, empty, not finite, or not of n = |G| rows.
    """
    shape = MAPS if isinstance(measure, LayerMeasure) else VECTORS
    remedy = "torch.stack([f(x), f(gx), …]): one entry for each element of the group, the identity first"
    if not isinstance(orbit, Tensor) or not orbit.is_floating_point():
        kind = f"a tensor of {orbit.dtype}" if isinstance(orbit, Tensor) else f"a {type(orbit).__name__}"
        expected = f"a tensor {shape} of floating-point numbers"
        raise InputError(f"{measure.name} of {kind}", expected=expected, remedy=remedy)
    found = f"{measure.name} of a tensor of shape {tuple(orbit.shape)}"
    if orbit.ndim != shape.count(",") + 1 or 0 in orbit.shape:
        raise InputError(found, expected=f"shape {shape}, none of them 0", remedy=remedy)
    if group is not None and len(orbit) != group.order:
        expected = f"n = {group.order} first, the elements of {group.name}: {_listed(group)}"
        raise InputError(found, expected=expected, remedy=remedy)
    if not bool(orbit.isfinite().all()):
        bad = int(orbit.isfinite().flatten(2).all(dim=2).logical_not().sum())
        raise InputError(
            f"{measure.name} of an orbit that has infinities or NaN in {bad} of {orbit.shape[0] * orbit.shape[1]} rows",
            expected="finite numbers",
            remedy="leave these images out: orbit[:, orbit.isfinite().flatten(2).all(dim=2).all(dim=0)]",
        )
    return orbit.detach()


def _listed(group: FiniteGroup, most: int = 8) -> str:
    names = ", ".join(group.elements[:most])
    return names if group.order <= most else f"{names}, …"


def action_on(
    measure: Measure,
    orbit: Tensor,
    group: FiniteGroup | None,
    boundary: Boundary,
    interpolation: Resampling,
) -> Representation:
    """How G acts on the outputs: vectors stay where they are, maps are moved as pictures are.

    Raises:
        InputError: G does not act on maps of that size, or a single pixel is compared where variation is.
    """
    if not isinstance(measure, LayerMeasure):
        return Trivial(len(orbit), tuple(orbit.shape[2:]))
    assert group is not None, "maps are moved by a group"
    action = Spatial.of(views_of(group, boundary, interpolation), tuple(orbit.shape[2:]))
    if action.undefined is not None:
        raise InputError(
            f"{measure.name} under {group.name}: {action.undefined}",
            expected="maps on which the group acts",
            remedy="another group, or another layer",
        )
    if measure.of_variation and int(action.restrict(torch.ones(1, *orbit.shape[-2:])).sum()) == 1:
        raise InputError(
            f"{measure.name} of maps of which a single pixel is compared",
            expected="at least two pixels: one cannot vary",
            remedy="channelwise_cosine, or a layer of larger maps",
        )
    return action
