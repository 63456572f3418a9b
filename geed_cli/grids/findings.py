"""Grid phase in a run: which layers cannot be equivariant at this input size, and the comparison that allows for it."""

from collections.abc import Mapping, Sequence

from geed_cli.actions.composed import DirectSum, Joint
from geed_cli.actions.representation import Representation, Spatial, Trivial
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.grids.centred_action import AboutOwnCentre
from geed_cli.grids.obstacles import GridAlignment, clean_sizes
from geed_cli.models.network import Network
from geed_cli.result.schema import GridPhase


def grid_findings(
    network: Network,
    layers: Mapping[str, LayerPlan],
    phases: Mapping[str, GridAlignment],
    groups: Sequence[GroupPlan],
) -> tuple[GridPhase, ...]:
    """Every group and layer whose sampling grid the group does not map onto itself.

    Args:
        network: whose other input sizes are tried, where a layer is broken.
        layers: those that are measured.
        phases: of these, from ``trace_alignments``.
        groups: of the run.
    """
    broken = {
        (plan.name, name): (plan, phase, obstacle)
        for plan in groups
        for name, phase in phases.items()
        if plan.name in layers[name].representations
        for obstacle in [phase.obstacle(plan.group)]
        if obstacle is not None
    }
    concerned = {plan.name: plan.group for plan, _, _ in broken.values()}
    sizes = clean_sizes(network, tuple(phases), tuple(concerned.values())) if broken else {}
    return tuple(
        GridPhase(
            group=group,
            layer=layer,
            kind=obstacle.kind,
            reason=obstacle.reason,
            offset=phase.known_offset,
            clean_size=sizes[group],
        )
        for (group, layer), (_, phase, obstacle) in broken.items()
    )


def corrected(
    layer: LayerPlan, phase: GridAlignment, groups: Sequence[GroupPlan]
) -> dict[str, Representation]:
    """How groups act about the layer's own centre; only where it is known and lies off the middle of the map.

    Args:
        layer: how it is compared.
        phase: of its sampling grid.
        groups: of the run.
    """
    offset = phase.known_offset
    if offset is None or offset == (0.0, 0.0):
        return {}
    found: dict[str, Representation] = {}
    for plan in groups:
        plain = layer.representations.get(plan.name)
        about = AboutOwnCentre.of(plan.views, layer.shape, offset)
        if plain is None or about.undefined is not None:
            continue
        if isinstance(plain, Spatial):
            found[plan.name] = about
        elif (channels := _channels(plain)) is not None:
            found[plan.name] = Joint.of(about, channels)
    return found


def _channels(plain: Representation) -> Representation | None:
    """What an action that moves every pixel does to channels; None where it may leave pixels in place."""
    if isinstance(plain, Spatial):
        return Trivial(plain.order, plain.shape)
    if isinstance(plain, Joint):
        return plain.channels
    if not isinstance(plain, DirectSum):
        return None
    parts = [_channels(part) for part in plain.parts]
    known = [part for part in parts if part is not None]
    return DirectSum.of(known) if len(known) == len(parts) else None
