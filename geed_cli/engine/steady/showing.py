"""Small batches of their own, in which rows of an image stand at other places, or alone.

R are the rows of the first batch that show the first image. They are shown in such batches where the run's own have no
room for them (``again.py``), and one of them alone. A neighbour is the image in inverted colours, which need not be
decoded. No such batch has more rows than R, or than two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from geed_cli.measures.moments import channels_last


@dataclass(frozen=True)
class Showing:
    """Pixels in [0, 1], shape (rows, 3, S, S), and which row of R each place shows; None for a neighbour."""

    pixels: Tensor
    places: tuple[int | None, ...]

    def in_full(self) -> "Showing":
        """The same with every place looked at, neighbours by numbers of their own."""
        numbers = count(sum(place is not None for place in self.places))
        return Showing(self.pixels, tuple(next(numbers) if p is None else p for p in self.places))

    def first(self, rows: int) -> "Showing":
        """Its first rows, of those that are looked at where it has more."""
        if len(self.places) <= rows:
            return self
        kept = [place for place, number in enumerate(self.places) if number is not None][:rows]
        return Showing(self.pixels[kept], tuple(self.places[place] for place in kept))

    def padded(self, rows: int) -> "Showing":
        """At least so many rows, by neighbours in inverted colours."""
        lacking = rows - len(self.places)
        if lacking <= 0:
            return self
        more = 1 - self.pixels[-1:].expand(lacking, *self.pixels.shape[1:])
        return Showing(_joined([self.pixels, more]), (*self.places, *[None] * lacking))


def alone(row: Tensor, beside: Tensor, batch_size: int) -> Showing:
    """One row, shape (1, 3, S, S); behind another one where a batch has an odd number, so that this is even."""
    return Showing(_joined([beside, row]), (None, 0)) if batch_size % 2 else Showing(row, (0,))


def second(rows: Tensor) -> Showing:
    """The showing after the second batch: some of the rows, moved round by one."""
    order = (len(rows) - 1, *range(len(rows) - 1))[: _some(len(rows))]
    return Showing(_lying(rows[list(order)], rows), order)


def last(rows: Tensor) -> Showing:
    """The showing at the end: as many as in the second, so that a result that is kept by its shape is seen.

    Of two rows the second showing had one at its first place, which is behind a neighbour here.
    """
    beside = 1 - rows[-1:]
    if len(rows) == 2:
        return Showing(_joined([beside, rows[1:]]), (None, 1))
    left = range(1, _some(len(rows))) if len(rows) > 2 else range(1)
    return Showing(_joined([rows[list(left)], beside]), (*left, None))


def _some(rows: int) -> int:
    """All but two, of few all but one: with the row alone and the small pictures the cost of two orbits."""
    return max(rows - 2, min(rows - 1, 2), 1)


def company(rows: Tensor, *, extremes: bool) -> tuple[Showing, Showing, Showing]:
    """Three images thrice: at other places, after other ones, in other numbers, so that a mean over rows moves.

    The third time they are as many as the second. With ``extremes`` black and white stand beside them the second time,
    so that a maximum over rows moves, too.
    """
    one, two, three = (rows[row : row + 1] for row in range(3))
    black, white = (torch.zeros_like(one), torch.ones_like(one)) if extremes else (two, three)
    return (
        Showing(_joined([one, one, two, three]), (0, None, 1, 2)),
        Showing(_joined([three, two, black, one, white, three]), (2, 1, None, 0, None, None)),
        Showing(_joined([two, one, one, three, one, two]), (1, 0, None, 2, None, None)),
    )


def full(rows: Tensor, batch_size: int) -> Showing:
    """A whole batch of R, again and again, from another row on."""
    order = tuple((place + 1) % len(rows) for place in range(max(batch_size, len(rows))))
    return Showing(_lying(rows[list(order)], rows), order)


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return _lying(torch.cat(list(parts)), parts[0])


def _lying(rows: Tensor, like: Tensor) -> Tensor:
    """The rows in memory as those of the batch lie, which may move last digits."""
    return rows.contiguous(
        memory_format=torch.channels_last if channels_last(like) else torch.contiguous_format
    )
