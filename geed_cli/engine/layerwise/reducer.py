"""Reduces one layer's maps to deviations while the network runs; no map outlives its use.

What is compared with what, the agenda says; on control images the same maps also give the controls: against the
previous control image (null), and of round trips (floor).
"""

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.layerwise.agenda import EARLIER, Agenda, Due
from geed_cli.engine.layerwise.comparisons import Centres, Made, compare_centred, compare_maps
from geed_cli.engine.layerwise.layer_measures import LayerMeasures
from geed_cli.engine.layerwise.layer_numbers import Compared, NumbersInFlight
from geed_cli.engine.outbox import Destination, Outbox, send
from geed_cli.engine.shared_action import Family
from geed_cli.measures.maps.compared import stack_of
from geed_cli.measures.maps.lying import copied
from geed_cli.measures.maps.scattered import Scattered
from geed_cli.measures.maps.stack import MapStack
from geed_cli.measures.measure import LayerMeasure
from geed_cli.measures.moments import laid_out

Broken = Callable[[set[str]], None]


def _broken(rows: Sequence[tuple[str, View]], finite: Tensor) -> set[str]:
    """The images of which a row is not finite, by a flag for each row."""
    return {image for (image, _), good in zip(rows, finite.tolist(), strict=True) if not good}


class LayerReducer:
    """The layerwise measures of one layer.

    Args:
        agenda: of the families of all groups that act on it.
        measures: of layers.
        numbers: of the layers that are compared alike.
        layer: its row there.
    """

    def __init__(
        self, agenda: Agenda, measures: Sequence[LayerMeasure], numbers: NumbersInFlight, layer: int
    ) -> None:
        self._agenda = agenda
        self._measures = LayerMeasures.of(measures)
        self._to = partial(Destination, numbers, layer)
        self._held: tuple[Tensor, ...] = ()
        self._partner: dict[Family, Centres] = {}

    def consume(self, batch: Tensor, outbox: Outbox, broken: Broken) -> None:
        """Compare what can be of the batch that the agenda took last, from maps (B, C, H, W), and let go of the rest.

        Once the outbox is delivered, ``broken`` is called with the images whose maps are not finite.
        """
        maps = Scattered([batch, *self._held])
        for due in self._agenda.step.due:
            self._compare(due, maps, outbox, broken)
        self._held = tuple(copied(maps[number])[None] for number in self._agenda.step.kept)

    def _compare(self, due: Due, maps: Scattered, outbox: Outbox, broken: Broken) -> None:
        """The deviations of all rows, and the controls."""
        own = stack_of(maps, due.numbers, due.family.support) if due.rows else None
        centres = self._centres(due, maps, own)
        made: Made | None = None
        if own is not None:
            made = compare_maps(due.family, due.matching, own, centres, self._measures)
            # partial: what the outbox holds stays until the end of the batch, and maps must not
            made.send(self._to(due.compared), outbox, partial(_tell, due.rows, broken))
            if due.family.corrected:
                self._corrected(due, maps, centres, outbox)
        if due.controls:
            self._null(due, own, centres, made, outbox)
            self._trips(due, maps, outbox)

    def _centres(self, due: Due, maps: Scattered, own: MapStack | None) -> Centres:
        """f̂ of the images; what is known of maps that are compared now is not found again."""
        support = due.family.support
        identities = tuple([kernel[0] for kernel in due.kernels])
        if len(due.family.kernel) == 1:
            if own is not None and due.itself is not None:
                return Centres(own.rows(due.itself))
            return Centres(stack_of(maps, identities, support))
        means = Scattered([_means(maps, due.kernels)])  # eq. 2
        return Centres(
            stack_of(means, tuple(range(len(means))), support),
            alone=stack_of(maps, identities, support) if self._measures.by_map else None,
        )

    def _corrected(self, due: Due, maps: Scattered, centres: Centres, outbox: Outbox) -> None:
        """The deviations about the layer's own centre, row by row."""
        for shown, at, number in zip(due.rows, due.matching.of, due.numbers, strict=True):
            _, view = shown
            if view in due.family.corrected:
                pair = centres.maps[at], centres.plain[at]
                centred = compare_centred(due.family, view, maps[number], *pair, self._measures.every)
                compared = Compared(due.family, (shown,), "phase_corrected")
                send(centred, [self._to(compared)], outbox.put)

    def _null(
        self, due: Due, own: MapStack | None, centres: Centres, made: Made | None, outbox: Outbox
    ) -> None:
        """f(gx) against g·f̂(x') of the control image before, where there is one that is whole and finite."""
        ended = any(due.controls.values())
        broken = _broken(due.rows, made.finite) if made is not None and ended else set()
        partners: dict[int, int] = {}
        before = EARLIER if due.family in self._partner else None
        for at, ends in due.controls.items():
            if before is not None:
                partners[at] = before
            if ends and due.images[at] not in broken:
                before = at
        null = due.null(partners)
        if null is not None and own is not None:
            others = Centres.together([self._centre(due, centres, at) for at in null.centres])
            compared = compare_maps(due.family, null.matching, own.rows(null.rows), others, self._measures)
            compared.send(self._to(null.compared), outbox)
        if before is not None and before != EARLIER:
            self._partner[due.family] = centres.at(before).clone()

    def _centre(self, due: Due, centres: Centres, at: int) -> Centres:
        return self._partner[due.family] if at == EARLIER else centres.at(at)

    def _trips(self, due: Due, maps: Scattered, outbox: Outbox) -> None:
        """Round trips against the image that they should have come back to."""
        trips = due.trips
        if trips is None:
            return
        returned, identities = (
            stack_of(maps, numbers, due.family.support) for numbers in (trips.returned, trips.identities)
        )
        made = compare_maps(due.family, trips.matching, returned, Centres(identities), self._measures)
        made.send(self._to(trips.compared), outbox)


def _tell(rows: Sequence[tuple[str, View]], broken: Broken, finite: Tensor) -> None:
    broken(_broken(rows, finite))


def _means(maps: Scattered, kernels: Sequence[Sequence[int]]) -> Tensor:
    """The mean over each kernel, laid out as its maps are, shape (m, C, H, W); all kernels have one size."""
    held = maps.tensor([number for kernel in kernels for number in kernel])
    # contiguous, so that a mean is added up in one order whatever the maps lie like
    each = held.reshape(len(kernels), -1, *held.shape[1:]).contiguous()
    return laid_out(each.mean(dim=1), held)
