"""What sites held of some rows, and how far it moves between two showings of the same rows.

A movement is the largest difference of a site over its largest magnitude, so that a spacing of float32 is 2⁻²³.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.engine.batches import Places
from geed_cli.measures.moments import channels_last
from geed_cli.models.network import Site

STEADY = 1000 * 2.0**-23
"""A movement of at most 1,000 spacings of float32 is rounding: a deep network leaves a few tens (measured)."""
BYTES_PER_SITE = 2 * 2**20
"""Rows that are held of a layer: as many as fit, at least one, so that memory does not grow with the group."""


@dataclass(frozen=True)
class Rows:
    """What one site held.

    Attributes:
        numbers: of the rows that are held, ascending; one that was shown several times stands there as often.
        values: of these rows, shape (rows, …).
    """

    numbers: tuple[int, ...]
    values: Tensor

    def row(self, number: int) -> Tensor:
        """One row, where it was shown first, without a batch axis."""
        return self.values[self.numbers.index(number)]


Seen = Mapping[Site, Rows]
"""By site, in the order of execution."""


def rows_of(activation: Tensor, places: Places, *, vector: bool, before: Rows | None = None) -> Rows:
    """Copies of the rows that are looked at.

    Args:
        activation: of the whole batch, shape (B, …).
        places: for each place of the batch which row it shows; None for one that is not looked at.
        vector: whether all of them are held; of maps only as many as ``BYTES_PER_SITE`` allows.
        before: what the site held of these rows earlier; where that is the same, it is held once.
    """
    shown = sorted((number, place) for place, number in enumerate(places) if number is not None)
    if not vector:
        one = activation[0].numel() * activation.element_size()
        shown = shown[: max(BYTES_PER_SITE // max(one, 1), 1)]
    values = _at(activation.detach(), [place for _, place in shown])
    real = values.is_floating_point() or values.is_complex()
    rows = Rows(tuple(number for number, _ in shown), values if real else values.float())
    return rows if before is None else _once(rows, before)


def _once(rows: Rows, before: Rows) -> Rows:
    """The rows as they are held already, if they are; on a GPU asking would wait for all that is queued there."""
    count = len(rows.numbers)
    if rows.values.device.type != "cpu" or rows.numbers != before.numbers[:count]:
        return rows
    held = before.values[:count]
    return Rows(rows.numbers, held) if torch.equal(rows.values, held) else rows


def first_moved(before: Seen, after: Seen) -> tuple[Site, float] | None:
    """The first site in order of execution that moved by more than ``STEADY``, and how far; None where none did."""
    for site, moved in _movements(before, after).items():
        size = max(moved.tolist(), default=0.0)
        if size > STEADY:
            return site, size
    return None


def moved_rows(before: Seen, after: Seen) -> set[int]:
    """The numbers of the rows that moved by more than ``STEADY`` at any site."""
    return {
        number
        for site, moved in _movements(before, after).items()
        for (number, _, _), size in zip(_shared(before[site], after[site]), moved.tolist(), strict=True)
        if size > STEADY
    }


def identical(before: Seen, after: Seen) -> bool:
    """Whether any row that both hold is the same bit for bit at every site that holds it."""
    moved: dict[int, float] = {}
    for site, sizes in _movements(before, after).items():
        for (number, _, _), size in zip(_shared(before[site], after[site]), sizes.tolist(), strict=True):
            moved[number] = max(size, moved.get(number, 0.0))
    return 0.0 in moved.values()


def same_by_place(one: tuple[Places, Seen], other: tuple[Places, Seen]) -> bool:
    """Whether two batches, of other pictures, gave the same bit for bit at every place, as of a result that is kept."""
    first, then = one[1], other[1]
    whole = [site for site in first if len(first[site].numbers) == len(one[0])]
    return bool(whole) and all(
        site in then
        and torch.equal(_in_order(one[0], first[site].values), _in_order(other[0], then[site].values))
        for site in whole
    )


def _in_order(places: Places, values: Tensor) -> Tensor:
    """The rows of a whole batch by their places."""
    held = sorted((number, place) for place, number in enumerate(places) if number is not None)
    return values[sorted(range(len(held)), key=lambda row: held[row][1])]


def _movements(before: Seen, after: Seen) -> dict[Site, Tensor]:
    """How far each row that both hold moved at each site, shape (rows,)."""
    return {site: _moved(before[site], after[site]) for site in before if site in after}


def _shared(before: Rows, after: Rows) -> list[tuple[int, int, int]]:
    """The rows of the second showing that the first holds, too: number, and the place among the values of each.

    Of rows that are shown several times each is compared with its own place in the same arrangement, and with the first
    in any other.
    """
    same = before.numbers == after.numbers
    return [
        (number, place if same else before.numbers.index(number), place)
        for place, number in enumerate(after.numbers)
        if number in before.numbers
    ]


def _at(values: Tensor, places: Sequence[int]) -> Tensor:
    """A copy of the rows at these places, in their order of memory, which indexing does not keep."""
    return torch.cat([values[place : place + 1] for place in places]) if places else values[:0]


def _moved(before: Rows, after: Rows) -> Tensor:
    shared = _shared(before, after)
    if not shared:
        return torch.zeros(0)
    a, b = before.values, after.values
    if before.numbers != after.numbers:
        a, b = _at(a, [place for _, place, _ in shared]), _at(b, [place for _, _, place in shared])
    if a.shape != b.shape:
        a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    if a.shape != b.shape:
        return torch.full((len(shared),), torch.inf)
    if a.numel() == 0:
        return torch.zeros(len(shared))
    # in the run's own type, which holds differences of a thousand of its spacings well enough
    difference = _row_largest((a - b).abs())
    scale = torch.maximum(_magnitude(a), _magnitude(b))
    if not bool(torch.isfinite(difference).all()):
        return _moved_beside_infinities(a, b)
    return (difference / scale.clamp(min=torch.finfo(difference.dtype).tiny)).cpu()


def _row_largest(values: Tensor) -> Tensor:
    """The largest number of each row, shape (rows,)."""
    return _in_memory_order(values).reshape(len(values), -1).amax(1)


def _magnitude(values: Tensor) -> Tensor:
    """The largest magnitude, without a copy of them all."""
    if values.is_complex():
        return values.abs().amax()
    numbers = _in_memory_order(values).reshape(-1)
    return torch.maximum(-numbers.amin(), numbers.amax())


def _in_memory_order(values: Tensor) -> Tensor:
    """The axes as their numbers lie in memory, in which they are read six times as fast."""
    return values.permute(0, 2, 3, 1) if values.dim() == 4 and channels_last(values) else values


def _moved_beside_infinities(a: Tensor, b: Tensor) -> Tensor:
    """What is not finite in both is the same nothing; in one alone it has moved."""
    there, then = torch.isfinite(a), torch.isfinite(b)
    difference = torch.where(there & then, (a - b).abs(), 0.0).masked_fill(there != then, torch.inf)
    scale = torch.where(there & then, torch.maximum(a.abs(), b.abs()), 0.0).amax()
    return (_row_largest(difference) / scale.clamp(min=torch.finfo(difference.dtype).tiny)).cpu()
