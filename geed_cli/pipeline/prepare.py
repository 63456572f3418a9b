"""One network with everything that a run needs before its first image is decoded, and the rows made of it so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from geed_cli.cache.store import RowStore
from geed_cli.engine.assemble import Assembler
from geed_cli.engine.batches import Placement
from geed_cli.engine.engine import Engine
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers, alike_layers
from geed_cli.engine.observation import Observation
from geed_cli.engine.row import Rounding, Row
from geed_cli.engine.shared_action import Families, families_of
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.groups.named import Groups
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.output_check import OutputCheck
from geed_cli.pipeline.placement import move_to_all
from geed_cli.pipeline.planning import Planned, make_plan
from geed_cli.pipeline.reuse.row_cache import RowCache, open_rows


@dataclass(frozen=True)
class Prepared:
    """A network of a session.

    Attributes:
        network: on the first device.
        planned: what is measured.
        layers: asked for, those that are measured before those where no group acts.
        families: of the plan.
        alike: its layers that are compared.
        engines: one for each device, in their order.
        cache: its rows of earlier runs; None where none are kept.
        check: of what the network puts out.
        assembler: makes rows.
        rows: by the images' paths.
    """

    network: Network
    planned: Planned
    layers: tuple[str, ...]
    families: Families
    alike: tuple[AlikeLayers, ...]
    engines: tuple[Engine, ...]
    cache: RowCache | None
    check: OutputCheck
    assembler: Assembler
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        """The first device's, which sees what depends on order."""
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
    def unsteady(self) -> Unsteady | None:
        """What was found of a network that is no function of one image, on the first device where it was found."""
        return next((engine.unsteady for engine in self.engines if engine.unsteady is not None), None)

    @property
    def repeat(self) -> Rounding:
        """How far a network that is no function of one image moves by itself; empty of any other."""
        return next((engine.repeats.means() for engine in self.engines if engine.unsteady is not None), {})

    def close(self) -> None:
        """Write what is new, and whether the network is steady; nothing of one that is not."""
        if self.cache is None:
            return
        if self.unsteady is not None:
            self.cache.forget()
            return
        self.cache.write()
        if any(engine.steady for engine in self.engines):
            self.cache.keep_as_steady()

    def keep(self, seen: Observation) -> None:
        """Make the row of an image from what was seen of it and from its cached values.

        Raises:
            RunError: as for ``RowCache.complete``.
            InputError: as for ``OutputCheck.see``.
        """
        whole = seen if self.cache is None else self.cache.complete(seen)
        for z in whole.vectors.get("logits", {}).values():
            self.check.see(seen.subject.path, z)
        self.rows[seen.subject.path] = self.assembler.row(whole)


def prepare(
    network: Network,
    groups: Groups,
    options: AuditOptions,
    placements: Sequence[Placement],
    store: RowStore | None,
    report: Callable[[str], None],
) -> Prepared:
    """Resolve everything that can be wrong before time is spent on images.

    Args:
        network: moved to the first of the placements, copied to the others.
        groups: by name, or themselves.
        options: of the run.
        placements: one for each device.
        store: the cache, where it may be used.
        report: called with stages that take long.

    Raises:
        InputError: a group, layer or metric that cannot be used, or a network that cannot be moved.
    """
    moved = move_to_all(network, placements)
    planned = make_plan(moved[0], groups, options, store)
    blocked = [cell.layer for cell in planned.not_applicable if cell.layer is not None]
    layers = tuple(dict.fromkeys([*planned.plan.layers, *blocked]))
    families = families_of(planned.plan)
    alike = alike_layers(planned.plan, families)
    cache = None if store is None else open_rows(store, moved[0], planned.plan, alike, options, placements[0])
    # a reduced precision is judged by the float32 run beside it; what the cache knows as steady is not shown again
    unchecked = options.run.reduced or (cache is not None and cache.knows_as_steady())
    engines = tuple(
        Engine(
            here,
            planned.plan,
            alike,
            placement,
            compiled=options.run.compile,
            on_unsteady=None if unchecked else options.run.on_unsteady,
            report=report,
        )
        for here, placement in zip(moved, placements, strict=True)
    )
    check = OutputCheck(network.output, placements[0].dtype)
    assembler = Assembler(planned.plan, alike)
    return Prepared(moved[0], planned, layers, families, alike, engines, cache, check, assembler)
