"""What the kernel is to do for pairs of maps, but for where these lie: found once for all batches and layers alike.

What is done while a network runs is done with the processor's caches full of maps, where each step in Python takes five
times as long as elsewhere; so next to nothing is left to be done there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.reading import Reading
from geed_cli.kernel.sums import BESIDE, COLUMNS
from geed_cli.measures.maps.scattered import Layout
from geed_cli.measures.maps.stack import Matching

AS_IT_LIES = Reading()
BYTES = 4
"""Of a float32 number."""
Ints = NDArray[np.int64]
View = tuple[int, tuple[int, ...]]
"""The number of a part, and the columns of a map within it."""


class Selection(NamedTuple):
    """Some maps, but for where they lie.

    Attributes:
        layout: of all maps; see ``Scattered``.
        numbers: which of them.
    """

    layout: Layout
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Jobs whose addresses are those within parts.

    Attributes:
        jobs: as the kernel takes them, shape (J, 1 + BESIDE, COLUMNS).
        parts: of each the part that its address is within, shape (J, 1 + BESIDE): those of b, those of ρ(g)b that torch
            makes, those of a, and one for all that begins at 0.
        results: rows of results, those of a first.
        expected: for each a the row of results with the sizes of its ρ(g)b, shape (R,).
        permuted: rows of a, and from which channel of b each channel of their ρ(g)b is.
        kept: what addresses point to.
    """

    jobs: Ints
    parts: Ints
    results: int
    expected: Ints
    permuted: tuple[tuple[Ints, Ints], ...]
    kept: tuple[Ints, ...]

    def placed(self, addresses: Sequence[int]) -> Ints:
        """The jobs for parts that begin there."""
        jobs = self.jobs.copy()
        jobs[..., 0] += np.array([*addresses, 0])[self.parts]
        return jobs


@dataclass
class _Beside:
    """A map b with its row of results, −1 before it has one, and what lies beside it."""

    at: View
    result: int = -1
    views: list[View] = field(default_factory=list)

    def put_itself(self, row: int) -> None:
        """A row of results is for b itself."""
        part, columns = self.at
        if self.result < 0:
            self.result = row
        else:
            self.views.append((part, (*columns, 0, row)))


def program(matching: Matching, own: Selection, other: Selection, made: Layout) -> Program:
    """The program for a matching, which keeps it.

    Args:
        matching: which maps of the one are compared with which of the other.
        own: the maps a.
        other: the maps b.
        made: of the ρ(g)b that torch has made, those of one move after the other's.
    """
    found = matching.programs.get((own, other, made))
    if found is None:
        found = matching.programs[own, other, made] = _program(matching, own, other, made)
    return found


def _program(matching: Matching, own: Selection, other: Selection, made: Layout) -> Program:
    theirs = _starts(other.layout, 0)
    moved = _starts(made, len(other.layout))
    mine = _starts(own.layout, len(other.layout) + len(made))
    every = [_Beside(theirs[number]) for number in other.numbers] + [_Beside(at) for at in moved]
    of = list(matching.of)
    for number, row in enumerate(
        (row for rows in matching.made.values() for row in rows), start=len(other.numbers)
    ):
        of[row] = number
    for row, move in enumerate(matching.moves):
        if move is None:
            every[of[row]].put_itself(row)
    permuted, kept = _put_moved(
        matching, [every[place] for place in of], [mine[number] for number in own.numbers]
    )
    further = count(len(of))
    for beside in every:
        if beside.result < 0:
            beside.result = next(further)
    jobs = _jobs(every, none=len(other.layout) + len(made) + len(own.layout))
    return Program(
        np.array([[columns for _, columns in job] for job in jobs], dtype=np.int64),
        np.array([[part for part, _ in job] for job in jobs], dtype=np.int64),
        next(further),
        np.array([every[place].result for place in of], dtype=np.int64),
        permuted,
        kept,
    )


def _put_moved(
    matching: Matching, beside: Sequence[_Beside], mine: Sequence[View]
) -> tuple[tuple[tuple[Ints, Ints], ...], tuple[Ints, ...]]:
    """Put each a beside its b; rows and channels of those that are permuted, and what addresses point to.

    ⟨a, ρ(g)b⟩ = ⟨ρ(g)⁻¹a, b⟩, since ρ(g) moves numbers alone: a is read where b's pixels go.
    """
    permuted: list[tuple[Ints, Ints]] = []
    kept: list[Ints] = []
    for (representation, g), rows in matching.by_move.items():
        reading = representation.reading(g) or AS_IT_LIES
        back = reading.inverse
        channels = 0
        if reading.channels is not None and back.channels is not None:
            channels = back.channels.ctypes.data
            permuted.append((np.array(rows), reading.channels))
            kept.append(back.channels)
        for row in rows:
            part, (start, channel, *steps) = mine[row]
            begin, *steps = back.walk(*representation.shape[-2:], *steps)
            beside[row].views.append((part, (start + BYTES * begin, channel, *steps, channels, row)))
    return tuple(permuted), tuple(kept)


def _starts(layout: Layout, first: int) -> list[View]:
    """Of each map its part, which are numbered from the first, and its start there, channel, row and column."""
    return [
        (part, (BYTES * steps[0] * row, *steps[1:]))
        for part, (maps, steps) in enumerate(layout, start=first)
        for row in range(maps)
    ]


def _jobs(every: Sequence[_Beside], none: int) -> list[list[View]]:
    """As many maps at once as the kernel takes; the sums of a b are asked for once. ``none`` is the part of no map.

    Those that the network wrote last come first, since they may still be in the cache, and the next layer finds there
    what it reads first.
    """
    jobs = []
    for beside in reversed(every):
        part, columns = beside.at
        for start in range(0, max(1, len(beside.views)), BESIDE):
            views = beside.views[start : start + BESIDE]
            own = (part, (*columns, 0, -1 if start else beside.result))
            jobs.append([own, *views, *[(none, (0,) * COLUMNS)] * (BESIDE - len(views))])
    return jobs
