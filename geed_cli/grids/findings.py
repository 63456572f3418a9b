"""What a run makes of sampling grids: the layers that they break, and actions about the layers' own centres."""

from collections.abc import Callable, Mapping, Sequence

from geed_cli.actions.composed import DirectSum, Joint
from geed_cli.actions.representation import Representation, Spatial, Trivial
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.grids.centred_action import AboutOwnCentre
from geed_cli.grids.obstacles import GridAlignment, Group, clean_sizes
from geed_cli.models.network import Network
from geed_cli.result.schema import GridPhase

SizesOf = Callable[[Network, Sequence[str], Sequence[Group]], Mapping[str, int | None]]
"""``clean_sizes``, or what remembers what it gave."""


def grid_findings(
    network: Network,
    layers: Mapping[str, LayerPlan],
    alignments: Mapping[str, GridAlignment],
    groups: Sequence[GroupPlan],
    sizes_of: SizesOf = clean_sizes,
) -> tuple[GridPhase, ...]:
    """Every group and measured layer whose sampling grid, from ``trace_alignments``, the group does not keep.

    Where a layer is broken, other input sizes of the network are tried, by ``sizes_of``.
    """
    broken = [
        (plan, name, alignment, obstacle)
        for plan in groups
        for name, alignment in alignments.items()
        if plan.name in layers[name].representations
        for obstacle in [alignment.obstacle(plan.group)]
        if obstacle is not None
    ]
    concerned = {plan.name: plan.group for plan, *_ in broken}
    sizes = sizes_of(network, tuple(alignments), tuple(concerned.values())) if broken else {}
    return tuple(
        GridPhase(
            group=plan.name,
            layer=layer,
            kind=obstacle.kind,
            reason=obstacle.reason,
            offset=alignment.known_offset,
            clean_size=sizes[plan.name],
        )
        for plan, layer, alignment, obstacle in broken
    )


def corrected(
    layer: LayerPlan, alignment: GridAlignment, groups: Sequence[GroupPlan]
) -> dict[str, Representation]:
    """How groups act about the layer's own centre; only where it is known and lies off the middle of the map."""
    offset = alignment.known_offset
    if offset is None or offset == (0.0, 0.0):
        return {}
    actions: dict[str, Representation] = {}
    for plan in groups:
        plain = layer.representations.get(plan.name)
        about = AboutOwnCentre.of(plan.views, layer.shape, offset)
        if plain is None or about.undefined is not None:
            continue
        if isinstance(plain, Spatial):
            actions[plan.name] = about
        elif (channels := _channels(plain)) is not None:
            actions[plan.name] = Joint.of(about, channels)
    return actions


def _channels(plain: Representation) -> Representation | None:
    """What an action that moves every pixel does to channels; None where it may leave pixels in place."""
    if isinstance(plain, Spatial):
        return Trivial(plain.order, plain.shape)
    if isinstance(plain, Joint):
        return plain.channels
    if not isinstance(plain, DirectSum):
        return None
    parts = [channels for part in plain.parts if (channels := _channels(part)) is not None]
    return DirectSum.of(parts) if len(parts) == len(plain.parts) else None
