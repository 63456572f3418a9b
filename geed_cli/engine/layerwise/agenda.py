"""What of a batch is compared at a layer: decided once for all layers on whose maps the same families act.

f̂(x) is the mean over the kernel of the action at the layer's real shape, so a map is held only until the kernel's
members of its orbit have come: usually e alone, which comes first. Where maps are, each layer knows itself; here they
are numbers: those of the batch by their rows, and behind them those that are held from earlier batches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.actions.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.layerwise.layer_numbers import Compared, Shown
from geed_cli.engine.plan import Variant
from geed_cli.engine.shared_action import Family
from geed_cli.measures.maps.stack import Matching, Move

EARLIER = -1
"""In place of one of a batch's images: the control image of an earlier one."""
MatchingOf = Callable[[tuple[int, ...], tuple[Move | None, ...]], Matching]
KEPT = 256
"""Matchings that are kept at a time; batches of whole orbits have one or two, others one for each way of cutting
an orbit, and only where parts of many orbits are cached there are more."""


@dataclass(frozen=True, eq=False)
class Null:
    """Rows of control images beside another image's centre.

    Attributes:
        rows: which of the compared rows.
        compared: image and view of these.
        centres: whose centres: images of the batch, or ``EARLIER``.
        matching: the rows beside these.
    """

    rows: tuple[int, ...]
    compared: Compared
    centres: tuple[int, ...]
    matching: Matching


@dataclass(frozen=True, eq=False)
class Trips:
    """Round trips beside the image that they should have come back to.

    Attributes:
        compared: images and round trips.
        returned: their maps' numbers.
        identities: those of the maps that they are compared with.
        matching: each beside its own.
    """

    compared: Compared
    returned: tuple[int, ...]
    identities: tuple[int, ...]
    matching: Matching


@dataclass(frozen=True, eq=False)
class Due:
    """What can be compared of one family.

    Attributes:
        family: how G acts.
        images: whose kernels are complete.
        kernels: the numbers of each kernel's maps, the identity's first.
        rows: image and view of each map that is compared.
        numbers: of these maps.
        itself: which of the rows are the centres; None where some of the centres are not among the rows, or are means.
        matching: the rows beside their centres.
        matching_of: makes matchings, equal ones once.
        controls: which of the images are control images, and whether each is then complete.
        trips: None where there are none.
    """

    family: Family
    images: tuple[str, ...]
    kernels: tuple[tuple[int, ...], ...]
    rows: tuple[tuple[str, View], ...]
    numbers: tuple[int, ...]
    itself: tuple[int, ...] | None
    matching: Matching
    matching_of: MatchingOf
    controls: Mapping[int, bool]
    trips: Trips | None
    _nulls: dict[tuple[tuple[int, int], ...], Null | None] = field(default_factory=dict, init=False)

    @cached_property
    def compared(self) -> Compared:
        """The rows, as the tables of their numbers ask for them."""
        return Compared(self.family, self.rows)

    def null(self, partners: Mapping[int, int]) -> Null | None:
        """The null of the rows of control images; None where there are none.

        Args:
            partners: for control images which image is the partner, or ``EARLIER``.
        """
        key = tuple(partners.items())
        if key not in self._nulls:
            self._nulls[key] = self._null(partners)
        return self._nulls[key]

    def _null(self, partners: Mapping[int, int]) -> Null | None:
        images = {self.images[at]: partner for at, partner in partners.items()}
        rows = tuple(row for row, (image, _) in enumerate(self.rows) if image in images)
        if not rows:
            return None
        shown = tuple(self.rows[row] for row in rows)
        wanted = [images[image] for image, _ in shown]
        centres = tuple(dict.fromkeys(wanted))
        moves = tuple(self.family.moves[view] for _, view in shown)
        compared = Compared(self.family, shown, "null")
        return Null(rows, compared, centres, self.matching_of(tuple(map(centres.index, wanted)), moves))


@dataclass(frozen=True)
class Step:
    """What is done with the maps of one batch.

    Attributes:
        due: family by family; those alone of which something can be compared.
        kept: the numbers of the maps that later batches need, which are numbered then in this order.
    """

    due: tuple[Due, ...]
    kept: tuple[int, ...]


class Agenda:
    """What was shown so far of the images whose orbits are not complete, and what of it was compared.

    Args:
        families: that act on the maps of each layer.

    Attributes:
        step: for the batch that was taken last.
    """

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = tuple(families)
        self.step = Step((), ())
        self._matching: MatchingOf = lru_cache(maxsize=KEPT)(Matching)
        self._held: tuple[Shown, ...] = ()
        self._compared: set[tuple[Family, str, Variant]] = set()

    def take(self, slots: Sequence[Slot | None]) -> None:
        """Take a batch: what can be compared with it, and what is held after it."""
        last = {slot.image: slot for slot in slots if slot is not None}
        numbers: dict[str, dict[Variant, int]] = {image: {} for image in last}
        for number, (image, variant) in enumerate(self._held, start=len(slots)):
            numbers.setdefault(image, {})[variant] = number
        for number, slot in enumerate(slots):
            if slot is not None:
                numbers[slot.image][slot.variant] = number
        due = tuple(
            each for family in self._families if (each := self._due(family, last, numbers)) is not None
        )
        for image, slot in last.items():
            numbers[image] = {} if slot.last else self._needed(image, numbers[image])
        ended = {image for image, slot in last.items() if slot.last}
        self._compared = {each for each in self._compared if each[1] not in ended}
        self._held = tuple((image, variant) for image, held in numbers.items() for variant in held)
        self.step = Step(due, tuple(number for held in numbers.values() for number in held.values()))

    def _due(
        self, family: Family, last: Mapping[str, Slot], numbers: Mapping[str, Mapping[Variant, int]]
    ) -> Due | None:
        """None where no image's kernel is complete."""
        images = tuple(image for image in last if family.kernel_in(numbers[image]))
        if not images:
            return None
        rows = tuple(
            (image, view)
            for image in images
            for view in family.moves
            if view in numbers[image] and (family, image, view) not in self._compared
        )
        self._compared.update((family, image, view) for image, view in rows)
        places = {shown: row for row, shown in enumerate(rows)}
        alone = family.kernel[0] if len(family.kernel) == 1 else None
        centres = [places.get((image, family.kernel[0])) for image in images]
        itself = tuple(row for row in centres if row is not None)
        among = alone is not None and len(itself) == len(images)
        of = tuple(images.index(image) for image, _ in rows)
        moves = tuple(None if among and view == alone else family.moves[view] for _, view in rows)
        return Due(
            family,
            images,
            kernels=tuple(tuple(numbers[image][view] for view in family.kernel) for image in images),
            rows=rows,
            numbers=tuple(numbers[image][view] for image, view in rows),
            itself=itself if among else None,
            matching=self._matching(of, moves),
            matching_of=self._matching,
            controls={at: last[image].last for at, image in enumerate(images) if last[image].subject.control},
            trips=self._trips(family, [image for image in images if last[image].subject.control], numbers),
        )

    def _trips(
        self, family: Family, controls: Sequence[str], numbers: Mapping[str, Mapping[Variant, int]]
    ) -> Trips | None:
        shown = tuple(
            (image, variant)
            for image in controls
            for variant in numbers[image]
            if isinstance(variant, RoundTrip)
            and variant.there in family.moves
            and (family, image, variant) not in self._compared
        )
        if not shown:
            return None
        self._compared.update((family, image, trip) for image, trip in shown)
        return Trips(
            Compared(family, shown),
            tuple(numbers[image][trip] for image, trip in shown),
            tuple(numbers[image][trip.identity] for image, trip in shown),
            self._matching(tuple(range(len(shown))), tuple(family.moves[trip.identity] for _, trip in shown)),
        )

    def _needed(self, image: str, held: Mapping[Variant, int]) -> dict[Variant, int]:
        """The kernels' maps, and those that are not compared with every family yet."""
        return {
            variant: number
            for variant, number in held.items()
            if any(
                variant in family.kernel
                or (variant in family.moves and (family, image, variant) not in self._compared)
                for family in self._families
            )
        }
