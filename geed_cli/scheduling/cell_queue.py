"""The pieces of one cell: not begun, given out, to be done anew; and how long they take."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from geed_cli.scheduling.piece import Cell, Piece
from geed_cli.scheduling.trial import Trial

REMEMBERED = 64
"""So many of the last durations of a cell are kept: enough for a median, however long the run."""


@dataclass(eq=False)
class Work:
    """A piece that is not done yet.

    Attributes:
        piece: the images.
        losses: how often a worker was lost, or failed, over it.
        trial: of the tile, where the piece is a part of it, or was tried in parts before.
        leases: those that are out, by number, in the order in which they were given.
    """

    piece: Piece
    losses: int = 0
    trial: Trial | None = None
    leases: list[int] = field(default_factory=list)

    @property
    def suspect(self) -> bool:
        """Whether a worker was lost over it, or it is to be found out which of its images it was."""
        return self.losses > 0 or self.piece.trial


class CellQueue:
    """What is left of a cell.

    Attributes:
        name: of the cell.
        waiting: images that no worker has.
        live: pieces that are out.
        workers: that hold the cell's networks.
        done: pieces that were done.
        losses: of pieces.
        given_up: images that no worker survived.
        refusals: how often a worker could not do it at all.
        reason: why it failed; None while it has not.
        unneeded: leases, by number, that need not be begun any more.
    """

    def __init__(self, cell: Cell) -> None:
        self.name = cell.name
        self.waiting = cell.images
        self.live: set[Work] = set()
        self.workers = 0
        self.done = self.losses = 0
        self.given_up = 0
        self.refusals = 0
        self.reason: str | None = None
        self.unneeded: list[int] = []
        self._tiles: Iterator[tuple[int, int]] = iter(cell.tiles)
        self._anew: deque[Work] = deque()
        self._durations: deque[float] = deque(maxlen=REMEMBERED)
        self._usual: float | None = None
        self._next = self._fresh()

    @property
    def begun(self) -> bool:
        """Whether anything of it was ever done."""
        return self.done > 0

    @property
    def pending(self) -> bool:
        """Whether it has a piece that no worker has."""
        return self.reason is None and (bool(self._anew) or self._next is not None)

    @property
    def over(self) -> bool:
        """Whether nothing is left of it to be waited for."""
        return not self.pending and not self.live

    @property
    def suspect(self) -> bool:
        """Whether the piece that is next is."""
        return bool(self._anew) and self._anew[0].suspect

    def extend(self, further: Cell) -> None:
        """Add tiles behind those that are there; to a cell that failed none are added."""
        if self.reason is None:
            self._tiles = chain(self._tiles, further.tiles)
            self._next = self._next or self._fresh()
            self.waiting += further.images

    def take(self) -> Work:
        """The next piece; those that were lost come before those that nobody has begun."""
        if self._anew:
            work = self._anew.popleft()
        else:
            assert self._next is not None, "asked only of a cell with a pending piece"
            work, self._next = self._next, self._fresh()
        self.waiting -= work.piece.images
        self.live.add(work)
        return work

    def put_back(self, *works: Work) -> None:
        """Pieces that are to be done anew, before all others."""
        self.live.difference_update(works)
        self._anew.extendleft(reversed(works))
        self.waiting += sum(work.piece.images for work in works)

    def finish(self, work: Work) -> None:
        """A piece was done; who else has it need not begin."""
        self.live.remove(work)
        self.done += 1
        self.unneeded += work.leases

    def took(self, seconds: float, images: int) -> None:
        """Remember how long a piece took."""
        self._durations.append(seconds / max(images, 1))
        self._usual = None

    @property
    def seconds(self) -> float | None:
        """The usual time of an image; None while nothing is known."""
        if self._usual is None and self._durations:
            self._usual = median(self._durations)
        return self._usual

    def fail(self, reason: str) -> None:
        """Give up the cell."""
        self.reason = reason
        self.unneeded += [number for work in self.live for number in work.leases]
        self._anew.clear()
        self.live.clear()
        self._next, self.waiting = None, 0

    def _fresh(self) -> Work | None:
        tile = next(self._tiles, None)
        return None if tile is None else Work(Piece(self.name, tile[0], 0, tile[1]))
