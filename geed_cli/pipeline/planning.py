"""From names to a plan: which layers can be measured for which groups, and a reason for each that cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from geed_cli.algebra.catalogue import group_named
from geed_cli.algebra.representation import Spatial
from geed_cli.engine.layout import layout_of
from geed_cli.engine.local import MapShape
from geed_cli.engine.plan import GroupPlan, Plan
from geed_cli.engine.row import Cell
from geed_cli.engine.shapes import trace_shapes
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import Measure, select_measures
from geed_cli.models.network import Network, Site, resolve_layers
from geed_cli.pipeline.options import AuditOptions


@dataclass(frozen=True)
class Planned:
    """A plan, the shapes it rests on, and why some cells have no value.

    Attributes:
        plan: what is measured.
        maps: shape of each layer in the plan.
        not_applicable: reason for each cell that cannot be measured.
    """

    plan: Plan
    maps: Mapping[str, MapShape]
    not_applicable: Mapping[Cell, str]


def make_plan(network: Network, group_names: str | Sequence[str], options: AuditOptions) -> Planned:
    """The plan of an audit.

    Raises:
        InputError: an unknown group, metric or layer, or nothing left to measure.
    """
    groups = plan_groups(group_names, options)
    measures = select_measures(options.metrics)
    layers = _layers(network, measures, options.layers)
    sites = {network.features: None} | {Site(layer, "output"): None for layer in layers}
    shapes = trace_shapes(network, sites)
    reasons = _vector_reasons(network, groups, measures)
    maps = {}
    for layer in layers:
        shape = shapes[Site(layer, "output")]
        layout = layout_of(network, layer, shape)
        if layout is None:
            reasons |= _no_map(layer, shape, groups)
            continue
        _, height, width = layout.shape(shape)
        maps[layer] = MapShape(height, width, layout)
        reasons |= _not_acted_on(layer, maps[layer], groups)
    if not layers:
        reasons |= {
            Cell(
                "channelwise.cosine", plan.group.name
            ): "the network has no stages by itself; name layers with --layer"
            for plan in groups
        }
    plan = Plan(groups, tuple(maps), measures)
    return Planned(plan, maps, reasons)


def plan_groups(names: str | Sequence[str], options: AuditOptions) -> tuple[GroupPlan, ...]:
    """The groups under the run's boundary and interpolation, each once.

    Raises:
        InputError: no group, or an unknown one.
    """
    names = [names] if isinstance(names, str) else names
    if not names:
        raise InputError("no group", expected="at least one", remedy="--group flip")
    each = [part for name in names for part in name.split(",")]  # -g flip,c4 is -g flip -g c4
    groups = {group.name: group for group in map(group_named, each)}
    action = options.action
    return tuple(GroupPlan.of(g, action.boundary, action.interpolation) for g in groups.values())


def _layers(network: Network, measures: Sequence[Measure], patterns: Sequence[str]) -> tuple[str, ...]:
    """The layers asked for, else the network's own; none where no measure is layerwise."""
    chosen = (
        resolve_layers(network.module, patterns, network.reference or network.id)
        if patterns
        else network.layers
    )
    return chosen if any(measure.site == "channelwise" for measure in measures) else ()


def _vector_reasons(
    network: Network, groups: Sequence[GroupPlan], measures: Sequence[Measure]
) -> dict[Cell, str]:
    """Why latent, softmax or prediction measures have no value."""
    reasons = {}
    for measure in measures:
        for plan in groups:
            cell = Cell(measure.name, plan.group.name)
            if measure.site in {"softmax", "prediction"} and not network.logits:
                reasons[cell] = "the network has no classifier"
            elif measure.site == "prediction" and plan.group.order == 1:
                reasons[cell] = "the group has no element but e"
    return reasons


def _no_map(layer: str, shape: tuple[int, ...], groups: Sequence[GroupPlan]) -> dict[Cell, str]:
    """Why a layer whose output is no map cannot be measured for any group."""
    text = "×".join(map(str, shape))
    reason = (
        f"its output of shape {text} is no channels × height × width map (tokens are not read as maps yet)"
    )
    return {Cell("channelwise.cosine", plan.group.name, layer): reason for plan in groups}


def _not_acted_on(layer: str, maps: MapShape, groups: Sequence[GroupPlan]) -> dict[Cell, str]:
    """Why a layer cannot be measured for groups that do not act on maps of its size."""
    size = f"{maps.height}×{maps.width}"
    reasons = {}
    for plan in groups:
        cell = Cell("channelwise.cosine", plan.group.name, layer)
        representation = Spatial(plan.views, maps.height, maps.width)
        if not representation.defined:
            reasons[cell] = f"its {size} maps are not square, and the group turns them"
        elif not representation.restrict(torch.ones(maps.height, maps.width)).any():
            reasons[cell] = f"its {size} maps have no pixel inside the disc"
    return reasons
