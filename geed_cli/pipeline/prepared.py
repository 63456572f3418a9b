"""One network with everything that a run needs before its first image is decoded, and the rows made of it so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from geed_cli.engine.assemble import assemble, assemble_identity
from geed_cli.engine.batches import Placement
from geed_cli.engine.family import Families, families_of
from geed_cli.engine.local import LocalEngine
from geed_cli.engine.observation import Observation
from geed_cli.engine.row import Row
from geed_cli.models.network import Network
from geed_cli.pipeline.memory import Remembered
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import move_to_all
from geed_cli.pipeline.planning import Planned, make_plan


@dataclass(frozen=True)
class Prepared:
    """A network of a session.

    Attributes:
        network: on the first device.
        planned: what is measured.
        layers: asked for, those that are measured before those where no group acts.
        families: of the plan.
        engines: one for each device, in their order.
        rows: by the images' paths.
    """

    network: Network
    planned: Planned
    layers: tuple[str, ...]
    families: Families
    engines: tuple[LocalEngine, ...]
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def engine(self) -> LocalEngine:
        """The first device's, which sees what depends on order and measures the rounding."""
        return self.engines[0]

    @property
    def total_s(self) -> float:
        """Seconds in its engines, the mean over devices, which work side by side."""
        return sum(engine.total_s for engine in self.engines) / len(self.engines)

    @property
    def measure_s(self) -> float:
        """Seconds of these in its hooks."""
        return sum(engine.measure_s for engine in self.engines) / len(self.engines)

    @property
    def subject(self) -> Remembered:
        """What the cache has to know of it."""
        return Remembered(self.network, self.planned.plan, self.families, self.engine)

    def row_of(self, seen: Observation, *, audited: bool) -> Row:
        """The row of an image that was audited, or that only serves the normaliser."""
        plan = self.planned.plan
        return assemble(plan, self.families, seen) if audited else assemble_identity(plan, seen)


def prepare(
    network: Network,
    groups: str | Sequence[str],
    options: AuditOptions,
    placements: Sequence[Placement],
    told: Callable[[str], None],
) -> Prepared:
    """Resolve everything that can be wrong before time is spent on images.

    Args:
        network: moved to the first of the placements, copied to the others.
        groups: names of groups.
        options: of the run.
        placements: one for each device.
        told: called with the name of each stage that takes long.

    Raises:
        InputError: a group, layer or metric that cannot be used, or a network that cannot be moved.
    """
    moved = move_to_all(network, placements)
    planned = make_plan(moved[0], groups, options)
    blocked = [cell.layer for cell in planned.not_applicable if cell.layer is not None]
    layers = tuple(dict.fromkeys([*planned.plan.layers, *blocked]))
    families = families_of(planned.plan)
    engines = tuple(
        LocalEngine(one, planned.plan, families, placement, compiled=options.run.compile, told=told)
        for one, placement in zip(moved, placements, strict=True)
    )
    return Prepared(moved[0], planned, layers, families, engines)
