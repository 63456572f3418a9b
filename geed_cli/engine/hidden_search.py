"""The search for a hidden action at one layer while the network runs: feeds ``Discovery`` for every group.

What is looked for is an action on channels beside the plain spatial one, whatever action a spec declares.
"""

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor

from geed_cli.actions.representation import Spatial
from geed_cli.actions.round_trip import RoundTrip
from geed_cli.choices import Discover
from geed_cli.discovery.discover import Discovered, Discovery
from geed_cli.engine.batches import Slot
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.groups.group import FiniteGroup


class HiddenSearch:
    """The searches of one layer, one for each group of the run that acts on its pixels.

    Sets have no products and are left out; what a colour does to channels is looked for like any hidden action, beside
    what the element does to pixels. ``report`` is called once, when the fitted half is complete.
    """

    def __init__(
        self,
        groups: Sequence[GroupPlan],
        layer: LayerPlan,
        method: Discover,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        self._report = report
        self._solved = False
        self._searches: list[tuple[GroupPlan, Discovery]] = []
        self._references: dict[str, Tensor] = {}
        self._acts: dict[str, Callable[[int, Tensor], Tensor]] = {}
        for plan in groups:
            if not isinstance(plan.group, FiniteGroup) or plan.group.order == 1:
                continue
            spatial = Spatial.of(plan.views, layer.shape)
            if spatial.misfit is None:
                self._acts[plan.name] = _masked(spatial)
                search = Discovery(layer.shape[0], plan.group.order, method, self._acts[plan.name])
                self._searches.append((plan, search))

    def consume(self, slots: Sequence[Slot | None], maps: Tensor) -> None:
        """Take a batch's maps, shape (B, C, H, W): images for the fit first, then those that are scored."""
        for row, slot in enumerate(slots):
            if slot is not None and slot.subject.audited and not isinstance(slot.variant, RoundTrip):
                for plan, search in self._searches:
                    self._take(plan, search, slot, maps[row])

    def outcomes(self) -> Iterator[tuple[GroupPlan, Discovered]]:
        """What was found for each group."""
        for plan, search in self._searches:
            assert isinstance(plan.group, FiniteGroup), "sets are left out above"
            yield plan, search.outcome(plan.group.table)

    def _solve(self) -> None:
        """Find the maps of every group, once."""
        if not self._solved:
            self._solved = True
            self._report()
            for _, search in self._searches:
                search.solve()

    def _take(self, plan: GroupPlan, search: Discovery, slot: Slot, maps: Tensor) -> None:
        if slot.variant == plan.identity:
            self._references[plan.name] = maps.clone()
            search.start(maps)
            return
        if slot.variant not in plan.views:
            return
        g, act = plan.views.index(slot.variant), self._acts[plan.name]
        expected = act(g, self._references[plan.name])
        if slot.subject.fit:
            search.fit(g, act(0, maps), expected)
        else:
            self._solve()
            search.score(g, act(0, maps), expected)


def _masked(spatial: Spatial) -> Callable[[int, Tensor], Tensor]:
    """g·y, masked where the comparison is; element 0 only masks."""
    return lambda g, y: spatial.restrict(spatial.act(g, y))
