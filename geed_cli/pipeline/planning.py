"""From names to a plan: which layers can be measured for which groups, and a reason for each that cannot."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial

from geed_cli.actions.representation import Representation
from geed_cli.cache.store import RowStore
from geed_cli.engine.layer_actions import pixel_action, representation_of
from geed_cli.engine.plan import GroupPlan, LayerPlan, Plan
from geed_cli.engine.row import Cell
from geed_cli.engine.shapes import trace
from geed_cli.errors import InputError, is_out_of_memory
from geed_cli.grids.findings import corrected, grid_findings
from geed_cli.grids.obstacles import GridAlignment, trace_alignments
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import Groups, groups_named
from geed_cli.measures.catalogue import BY_NAME, require_guaranteed, select_measures
from geed_cli.measures.channelwise import COSINE
from geed_cli.measures.measure import LayerMeasure, Measure, RetrievalMeasure, VectorMeasure, VectorSite
from geed_cli.models.network import OUTPUT, Network, Site, module_of
from geed_cli.models.output import Output
from geed_cli.pipeline.chosen_layers import AskedLayers, asked_layers, choose_layers
from geed_cli.pipeline.layer_plans import each_once, plan_layers
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.output_check import require_upright
from geed_cli.pipeline.reuse.grid_cache import findings_key, found_once, sizes_found_once
from geed_cli.result.schema import GridPhase
from geed_cli.sets.known_sets import set_named
from geed_cli.sets.transformation_set import TransformationSet

NO_FLOW = "it is a derivative, along flows alone: --set lie:rotation"


@dataclass(frozen=True)
class Planned:
    """A plan, and what has to be said about its cells.

    Attributes:
        plan: what is measured.
        not_applicable: reason for each cell that cannot be measured.
        notes: of cells that are measured.
        find_misalignments: finds the layers whose sampling grid a group does not map onto itself.
        moves_logits: whether G moves predictions: classes, as the spec declares, or the pixels of dense ones.
        left_out: what globs selected that cannot be measured, as one line; None where there is none.
    """

    plan: Plan
    not_applicable: Mapping[Cell, str]
    notes: Mapping[Cell, tuple[str, ...]] = field(default_factory=dict)
    find_misalignments: Callable[[], tuple[GridPhase, ...]] = tuple
    moves_logits: bool = False
    left_out: str | None = None

    @cached_property
    def grid_phase(self) -> tuple[GridPhase, ...]:
        """What ``find_misalignments`` finds: asked at the end, since it takes seconds and no image waits for it."""
        return self.find_misalignments()


def make_plan(network: Network, of: Groups, options: AuditOptions, store: RowStore | None = None) -> Planned:
    """The plan of an audit.

    Args:
        network: on its device.
        of: the groups, by name or themselves.
        options: of the run.
        store: of what earlier runs found of sampling grids.

    Raises:
        InputError: an unknown group, set, metric or layer, or nothing left to measure.
    """
    groups = plan_groups(of, options)
    for member in groups:
        fits = network.input.channels == 3 or not member.needs_colour
        if isinstance(member.group, TransformationSet) and fits:
            member.group.check(network.input.size, network.input.channels)
    measures = select_measures(options.metrics)
    _check_controls(options, groups, measures, network.input.size)
    layerwise = any(isinstance(measure, LayerMeasure) for measure in measures)
    asked = asked_layers(network, options.layers, options.unreadable) if layerwise else AskedLayers(())
    seen = trace(network, [network.features, OUTPUT], map(module_of, asked.names))
    chosen = choose_layers(network, asked, seen)
    if any(isinstance(measure, VectorMeasure) and measure.site == "logits" for measure in measures):
        require_upright(network)
    vectors, reasons = _vectors(network, groups, measures, seen.shapes)
    planned = plan_layers(network, chosen, seen.shapes, groups, measures)
    layers = planned.layers
    traced = cache(partial(trace_alignments, network, tuple(layers)))
    if options.controls.phase_correct:
        alignments = traced()
        layers = {
            name: replace(layer, corrected=corrected(layer, alignments[name], groups))
            if name in alignments
            else layer
            for name, layer in layers.items()
        }
    elif options.controls.discover is None:
        layers = each_once(layers, seen.first)
    floor = options.controls.probes > 0
    size, channels, discover = network.input.size, network.input.channels, options.controls.discover
    plan = Plan(groups, layers, measures, vectors, size, floor, discover, channels, network.output)
    declared = network.spec is not None and "logits" in network.spec.actions
    moves_logits = declared or network.output.kind == "dense"
    require_guaranteed(options.interval.method, measures, moves_logits=moves_logits)
    find = partial(_misalignments, network, layers, groups, traced, store)
    still = {
        Cell(each.name, group.name): NO_FLOW
        for each in measures
        if each.of_flows
        for group in groups
        if not group.is_flow
    }
    not_applicable = {**reasons, **planned.not_applicable, **still}
    return Planned(plan, not_applicable, planned.notes, find, moves_logits, chosen.note)


def plan_groups(of: Groups, options: AuditOptions) -> tuple[GroupPlan, ...]:
    """The groups, then the sets of the options, each once; ``flip,c4`` is ``flip`` and ``c4``.

    Raises:
        InputError: no group and no set, an unknown one, or two different ones of the same name.
    """
    members: list[FiniteGroup | TransformationSet] = list(groups_named(of))
    members += [set_named(text) for text in options.sets]
    if not members:
        raise InputError("no group", expected="at least one group or set", remedy="--group flip")
    chosen = {member.name: member for member in members}
    for member in members:
        if chosen[member.name] != member:
            raise InputError(
                f"two different groups or sets are called {member.name!r}",
                expected="a name for each, since results are found by it",
                remedy="give one of them another name in its file",
            )
    action = options.action
    return tuple(GroupPlan.of(g, action.boundary, action.interpolation) for g in chosen.values())


def _misalignments(
    network: Network,
    layers: Mapping[str, LayerPlan],
    groups: tuple[GroupPlan, ...],
    traced: Callable[[], Mapping[str, GridAlignment]],
    store: RowStore | None,
) -> tuple[GridPhase, ...]:
    """The grid findings, kept between runs; none, and nothing is kept, where memory runs out."""
    key = findings_key(network, layers, groups)
    try:
        return found_once(
            store, key, lambda: grid_findings(network, layers, traced(), groups, sizes_found_once)
        )
    except Exception as error:  # what has been measured by now is worth more
        if not is_out_of_memory(error):
            raise
        return ()


def _check_controls(
    options: AuditOptions, groups: Sequence[GroupPlan], measures: Sequence[Measure], size: int
) -> None:
    """Refuse controls of layers where no layer is measured in the way that they need.

    Raises:
        InputError: naming the option.
    """
    controls = options.controls
    if options.run.reduced and (flowing := [measure.name for measure in measures if measure.of_flows]):
        raise InputError(
            f"{flowing[0]} in {options.run.precision}, which does not tell two pictures that are t = 1/1024 apart",
            expected="fp32 or fp64",
            remedy="--precision fp32",
        )
    if controls.phase_correct and not any(isinstance(measure, LayerMeasure) for measure in measures):
        raise InputError(
            "--phase-correct without a measure of layers",
            expected=" or ".join(m.name for m in BY_NAME.values() if isinstance(m, LayerMeasure))
            + " among the metrics",
            remedy="leave out --metric, or add --metric 'channelwise.*'",
        )
    if controls.discover is None:
        return
    if COSINE.name not in {measure.name for measure in measures}:
        raise InputError(
            f"--discover without {COSINE.name}, which it is judged by",
            expected=f"{COSINE.name} among the metrics",
            remedy=f"leave out --metric, or add --metric {COSINE.name}",
        )
    if controls.probes == 0 and any(plan.trips_at(size) for plan in groups):
        raise InputError(
            "--discover with --floor 0 for a group that resamples",
            expected="the floor, which says how much of a deviation resampling explains",
            remedy="leave out --floor 0",
        )


def _vectors(
    network: Network,
    groups: Sequence[GroupPlan],
    measures: Sequence[Measure],
    shapes: Mapping[Site, tuple[int, ...]],
) -> tuple[dict[tuple[VectorSite, str], Representation], dict[Cell, str]]:
    """How G acts on features and predictions, and why a measure of them has no value."""
    sites: dict[VectorSite, Site] = {"features": network.features}
    if network.logits:
        sites["logits"] = OUTPUT
    actions = {
        (name, plan.name): representation_of(network, name, (math.prod(shapes[site]),), plan)
        if name == "features" or network.output.kind != "dense"
        else pixel_action(network, plan)
        for plan in groups
        for name, site in sites.items()
    }
    whys = {
        Cell(measure.name, plan.name): _why_no_vector(measure, plan, actions, network.output)
        for plan in groups
        for measure in measures
        if isinstance(measure, VectorMeasure | RetrievalMeasure)
    }
    acting = {key: rho for key, rho in actions.items() if rho.undefined is None}
    return acting, {cell: why for cell, why in whys.items() if why is not None}


def _why_no_vector(
    measure: VectorMeasure | RetrievalMeasure,
    plan: GroupPlan,
    actions: Mapping[tuple[VectorSite, str], Representation],
    output: Output,
) -> str | None:
    """Why a measure of features or predictions has no value for a group; None where it has."""
    representation = actions.get((measure.site, plan.name))
    if representation is None:
        return output.reason
    among = isinstance(measure, VectorMeasure) and measure.among
    if (measure.against_plain or among) and plan.group.order == 1:
        return "the group has no element but e"
    categories = 2 if output.kind == "sigmoid" else (output.shape or (math.inf,))[0]
    if isinstance(measure, VectorMeasure) and measure.site == "logits" and categories < measure.fewest:
        return f"it needs {measure.fewest} classes or more, and there are {categories}"
    return representation.undefined
