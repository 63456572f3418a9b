"""Reduces one layer's maps at the two ends of a flow to a derivative while the network runs.

The first map of a pair is held until the other has come.
"""

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.outbox import Outbox
from geed_cli.engine.plan import GroupPlan, Variant
from geed_cli.measures.map_distance import wide
from geed_cli.measures.measure import DerivativeMeasure
from geed_cli.sets.flow import Flow

Slopes = dict[tuple[str, View], float]
"""By measure, and the view at +t of the flow."""


class DerivativeReducer:
    """The derivatives of one layer along the flows of a plan."""

    def __init__(self, flows: Sequence[GroupPlan], measures: Sequence[DerivativeMeasure]) -> None:
        self._ends: dict[Variant, tuple[View, View]] = {
            view: (plan.views[1], plan.views[2]) for plan in flows for view in plan.views[1:]
        }
        self._measures = tuple(measures)
        self._held: dict[str, dict[Variant, Tensor]] = {}
        self._slopes: dict[str, Slopes] = {}

    def consume(
        self, slots: Sequence[Slot | None], maps: Tensor, outbox: Outbox, broken: Callable[[set[str]], None]
    ) -> None:
        """Take a batch's maps, shape (B, C, H, W); what waits for the other end of its flow is kept.

        Once the outbox is delivered, ``broken`` is called with the images whose derivative is not finite.
        """
        for row, slot in enumerate(slots):
            if slot is None or slot.variant not in self._ends:
                continue
            held = self._held.setdefault(slot.image, {})
            held[slot.variant] = maps[row]
            ahead, behind = self._ends[slot.variant]
            if ahead in held and behind in held:
                pair = moved_back(held.pop(ahead), ahead), moved_back(held.pop(behind), behind)
                for measure in self._measures:
                    take = partial(self._take, slot.image, (measure.name, ahead), broken)
                    outbox.put(measure.slope(*pair)[None], take)
        for waiting in self._held.values():  # an in-place ReLU may change what its hook has read
            for variant in waiting:
                waiting[variant] = waiting[variant].clone()

    def pop(self, image: str) -> Slopes:
        """The derivatives of one image."""
        self._held.pop(image, None)
        return self._slopes.pop(image, {})

    def _take(
        self, image: str, key: tuple[str, View], broken: Callable[[set[str]], None], number: Tensor
    ) -> None:
        self._slopes.setdefault(image, {})[key] = float(number[0])
        if not bool(number.isfinite().all()):
            broken({image})


def moved_back(maps: Tensor, view: View) -> Tensor:
    """ρ(g_t)⁻¹ of maps (C, H, W), as one vector in float64."""
    flow = view.transform
    assert isinstance(flow, Flow), "derivatives are along flows"
    return flow.inverse.act(wide(maps)).flatten()
