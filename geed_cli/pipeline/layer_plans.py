"""How each layer is measured: the action of each group on its maps, why there is none, and what to know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from geed_cli.actions.representation import Spatial
from geed_cli.engine.geometric import FieldType
from geed_cli.engine.layer_actions import field_types, representation_of
from geed_cli.engine.map_layout import Layout
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.engine.row import Cell
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.transform import Transform
from geed_cli.measures.measure import LayerMeasure, Measure
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.chosen_layers import ChosenLayers

NO_STAGES = "the network has no stages that can be found; name layers with --layer"


@dataclass(frozen=True)
class PlannedLayers:
    """Layers that are measured, and what has to be said about their cells.

    Attributes:
        layers: by name, in order; those on which no group acts are left out.
        not_applicable: reason for each cell that cannot be measured.
        notes: of cells that are measured.
    """

    layers: Mapping[str, LayerPlan]
    not_applicable: Mapping[Cell, str]
    notes: Mapping[Cell, tuple[str, ...]]


def plan_layers(
    network: Network,
    chosen: ChosenLayers,
    shapes: Mapping[Site, tuple[int, ...]],
    groups: Sequence[GroupPlan],
    measures: Sequence[Measure],
) -> PlannedLayers:
    """The plan of each layer, for the layerwise ones of the measures.

    There are no layers where the network has no stages and the user named none; shapes come from a trace.
    """
    layerwise = [measure for measure in measures if isinstance(measure, LayerMeasure)]
    metrics = [measure.name for measure in layerwise]
    types = field_types(network, tuple(chosen.layouts))
    layers: dict[str, LayerPlan] = {}
    reasons: dict[Cell, str] = {}
    for name, layout in chosen.layouts.items():
        layer, why = _layer(network, name, layout, shapes[Site(name, "output")], groups, types)
        reasons |= {Cell(metric, group, name): text for metric in metrics for group, text in why.items()}
        layers[name] = layer
        reasons |= _nothing_varies(name, layer, layerwise)
    without = chosen.reasons if chosen.layouts or chosen.reasons else {None: NO_STAGES}
    reasons |= {
        Cell(metric, plan.name, name): why
        for metric in metrics
        for plan in groups
        for name, why in without.items()
    }
    notes = {
        Cell(measure.name, group, name): (note,)
        for name, layer in layers.items()
        for group, note in _notes(layer, groups).items()
        for measure in layerwise
        if not measure.of_flows  # which move maps in a way of their own
    }
    return PlannedLayers(layers, reasons, notes)


def each_once(layers: Mapping[str, LayerPlan], first: Mapping[Site, Site]) -> dict[str, LayerPlan]:
    """The layers, of which those with the maps of one before them, compared alike, repeat it."""
    speakers: dict[Site, str] = {}
    plans: dict[str, LayerPlan] = {}
    for name, layer in layers.items():
        speaker = speakers.setdefault(first[Site(name, "output")], name)
        repeats = speaker != name and layer.compared_like(layers[speaker])
        plans[name] = replace(layer, repeats=speaker) if repeats else layer
    return plans


def _layer(
    network: Network,
    name: str,
    layout: Layout,
    shape: tuple[int, ...],
    groups: Sequence[GroupPlan],
    types: Mapping[str, FieldType],
) -> tuple[LayerPlan, dict[str, str]]:
    """How a layer is measured, and the reason for each group for which it is not."""
    maps = layout.shape(shape)
    actions = {plan.name: representation_of(network, name, maps, plan, types) for plan in groups}
    reasons = {group: rho.undefined for group, rho in actions.items() if rho.undefined is not None}
    acting = {group: rho for group, rho in actions.items() if rho.undefined is None}
    return LayerPlan(layout, maps, acting), reasons


def _nothing_varies(name: str, layer: LayerPlan, measures: Sequence[LayerMeasure]) -> dict[Cell, str]:
    """Maps of which a single pixel is compared have no correlation, nor any other measure of their variation."""
    _, height, width = layer.shape
    pixels = torch.ones(1, height, width)
    return {
        Cell(measure.name, group, name): "only one pixel of its maps is compared, and one pixel cannot vary"
        for measure in measures
        if measure.of_variation
        for group, rho in layer.representations.items()
        if int(rho.restrict(pixels).sum()) == 1
    }


def _notes(layer: LayerPlan, groups: Sequence[GroupPlan]) -> dict[str, str]:
    """What a reader has to know about a layer's action, by the group's name."""
    _, height, width = layer.shape
    notes = {}
    for plan in groups:
        if plan.name not in layer.representations:
            continue
        if not isinstance(plan.group, FiniteGroup):
            notes[plan.name] = "not a group: maps are compared with the set's mean where they are"
        elif any(
            isinstance(view.transform, Transform) and not view.transform.whole_pixels(height, width)
            for view in plan.views
        ):
            notes[plan.name] = (
                f"shifts are not whole pixels of its {height}×{width} maps, so they are interpolated"
            )
        elif not isinstance(layer.representations[plan.name], Spatial):
            notes[plan.name] = "compared under its own action, which moves channels too (geed explain action)"
    return notes
