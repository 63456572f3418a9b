"""How G acts on the output of a layer: as the spec declares, else as the layer's field type states, else by default.

By default maps are moved as pictures are and vectors stay. A declaration for a group serves every group whose elements
are among its own; where it does not, the layer is not applicable, and the reason says so. Field types are read while
the network runs once, so that nobody has to declare their actions.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

import numpy as np

from geed_cli.actions.channel_action import Matrices, Permutation, as_moves
from geed_cli.actions.composed import Joint
from geed_cli.actions.representation import NoAction, Pixels, Representation, Spatial, Trivial
from geed_cli.engine.declared import Place, declared
from geed_cli.engine.geometric import FieldType, from_geometric_package
from geed_cli.engine.hooks import attach
from geed_cli.engine.passes import explained
from geed_cli.engine.plan import GroupPlan
from geed_cli.engine.shapes import forward_plain, traced_images
from geed_cli.groups.group import FiniteGroup
from geed_cli.models.network import Network, Site, call_of, declared_for, module_of
from geed_cli.models.spec_actions import SITES, Action

ON_LUMINANCE = "it changes colours, and the network is shown luminance alone (one channel)"
NO_TYPES: Mapping[str, FieldType] = MappingProxyType({})


def representation_of(
    network: Network,
    layer: str,
    shape: tuple[int, ...],
    plan: GroupPlan,
    types: Mapping[str, FieldType] = NO_TYPES,
) -> Representation:
    """How the elements of a plan's group act on one output; ``undefined`` says why they do not, where they do not.

    Args:
        network: with its spec, whose section ``actions`` goes before everything else.
        layer: dotted name of a layer; for vectors, ``features`` or ``logits``.
        shape: of the output, (C, H, W) or (k,).
        plan: the group with its views. A set that is no group moves nothing: its members have no products that an
            action could respect, and outputs are compared where they are.
        types: from ``field_types``.

    Raises:
        InputError: a declaration that does not fit: an unknown layer, group or element, numbers of channels that
            differ, or no homomorphism.
    """
    if network.input.channels == 1 and plan.needs_colour:
        return NoAction(len(plan.views), shape, "none", ON_LUMINANCE)
    if not isinstance(plan.group, FiniteGroup):
        return Trivial(len(plan.views), shape)
    action = declared_action(network, layer, vector=len(shape) == 1)
    if action is not None:
        return declared(action, Place(f"the action of {layer}", shape, plan.views), plan.group.transforms)
    if len(shape) == 1:
        return Trivial(plan.group.order, shape)
    spatial = Spatial.of(plan.views, shape)
    return _of_fields(types[layer], spatial, plan.group) if layer in types else spatial


def pixel_action(network: Network, plan: GroupPlan) -> Representation:
    """How a group acts on class probabilities per pixel: pixels move with the picture, and classes as declared.

    Colours move no pixel. A group that would resample the pixels does not act, since then no pixel has a counterpart.

    Raises:
        InputError: a declaration that does not fit.
    """
    shape, views = network.output.shape, plan.views
    height, width = shape[-2:]
    if not isinstance(plan.group, FiniteGroup):
        return NoAction(len(views), shape, "none", "a set that is no group does not say where a pixel goes")
    if not all(g.exact and g.whole_pixels(height, width) for g in plan.group.transforms):
        reason = f"the group does not map the pixels of its {height}×{width} output onto pixels"
        return NoAction(len(views), shape, "none", reason)
    pixels = Pixels.of(views, shape)
    action = network.spec.actions.get("logits") if network.spec is not None else None
    if action is None or pixels.undefined is not None:
        return pixels
    return declared(action, Place("the action of logits", shape, views), plan.group.transforms)


def declared_action(network: Network, layer: str, *, vector: bool) -> Action | None:
    """What the spec declares for a layer: the first entry that selects it. Every entry has to select one.

    For a ``vector``, the names ``features`` and ``logits`` mean those; else they are layers like any other.

    Raises:
        InputError: an entry of the spec that selects no layer.
    """
    entries = network.spec.actions if network.spec is not None else {}
    if vector and layer in SITES:
        return entries.get(layer)
    layers = {pattern: action for pattern, action in entries.items() if pattern not in SITES}
    return declared_for(network, layers, layer)


def _of_fields(fields: FieldType, spatial: Spatial, group: FiniteGroup) -> Representation:
    """The action that a geometric tensor's type states."""
    matrices = fields.matrices(group.transforms)
    if isinstance(matrices, str):
        reason = f"its field type is of {fields.space.name}, which has no {matrices}"
        return NoAction(spatial.order, spatial.shape, "none", reason)
    return Joint.of(spatial, _channels(matrices, spatial.shape, fields))


def _channels(matrices: np.ndarray, shape: tuple[int, ...], fields: FieldType) -> Representation:
    """Moves where the matrices are permutations, which is exact and fast."""
    moves = as_moves(matrices)
    if moves is not None:
        return Permutation.of(moves, shape, fields.key)
    return Matrices.of(matrices, shape, fields.key)


def field_types(network: Network, layers: Sequence[str]) -> dict[str, FieldType]:
    """The field type of each layer that puts out a geometric tensor of e2cnn or escnn, from one pass of black images.

    Networks without modules of these packages are not run.
    """
    if not any(from_geometric_package(module) for module in network.module.modules()):
        return {}
    seen: dict[str, list[FieldType | None]] = {module_of(layer): [] for layer in layers}
    with ExitStack() as stack:
        for name, types in seen.items():
            stack.callback(attach(network.module, Site(name, "output"), _noting(types)).remove)
        with explained(network):
            forward_plain(network.module, network.input, traced_images(network))
    of_calls = {layer: seen[module_of(layer)][(call_of(layer) or 1) - 1] for layer in layers}
    return {layer: found for layer, found in of_calls.items() if found is not None}


def _noting(types: list[FieldType | None]) -> Callable[[object], None]:
    def note(output: Any) -> None:  # noqa: ANN401 - whatever a module returns
        geometric = from_geometric_package(output) and hasattr(output, "type")
        types.append(FieldType(output.type.gspace, tuple(output.type.representations)) if geometric else None)

    return note
