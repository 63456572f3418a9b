"""The scheduler: told what happens and when, it says who does what next.

It has no clock, no threads and no workers of its own, so that a simulated clock drives it as well as a cluster does.
Work is done at least once: whoever keeps the rows does so by their keys, and a row that comes twice counts once. All
that it holds grows with the number of workers and cells, and with the images that were lost, not with the images.

The bounds. A loss is charged to the piece that the worker was at, and to no other. A worker that dies may take with it
the news that it had come to its next piece, so a piece over which one was lost is given to a worker that has no other:
an innocent one is cleared then. A piece is done anew, cut in halves or given up after a number of losses that
``Patience`` names, so that a run ends whatever its images do to workers.
"""

from collections.abc import Iterable, Iterator

from geed_cli.scheduling.cell_queue import CellQueue, Work
from geed_cli.scheduling.counts import Counts
from geed_cli.scheduling.crew import Crew, Member
from geed_cli.scheduling.losses import Losses
from geed_cli.scheduling.patience import Patience
from geed_cli.scheduling.piece import Cell, Lease, Lost
from geed_cli.scheduling.stragglers import hung_workers, late_pieces, usual_seconds


class Scheduler:
    """Deals the pieces of all cells to all workers.

    Args:
        cells: that are scheduled together.
        patience: how often and how long it tries.

    Attributes:
        counts: what has happened so far.
    """

    def __init__(self, cells: Iterable[Cell] = (), patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._cells: dict[str, CellQueue] = {}
        self._crew = Crew(self._patience.ahead)
        self._out: dict[int, tuple[Lease, Work]] = {}
        self._given = 0
        self._draining = False
        self.counts = Counts()
        self._losses = Losses(self._patience, self.counts)
        for cell in cells:
            self.add(cell)

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for; what is still out then is not needed."""
        cells = self._cells.values()
        return all(cell.over for cell in cells) or (self._draining and not any(cell.live for cell in cells))

    @property
    def lost(self) -> list[Lost]:
        """The images that were given up, in that order."""
        return self._losses.lost

    @property
    def failed(self) -> dict[str, str]:
        """The cells that failed as a whole, and why."""
        return {name: cell.reason for name, cell in self._cells.items() if cell.reason is not None}

    @property
    def waiting(self) -> int:
        """How many images no worker has."""
        return sum(cell.waiting for cell in self._cells.values())

    def is_over(self, cell: str) -> bool:
        """Whether nothing is left of a cell to be waited for."""
        return self._cells[cell].over

    def add(self, cell: Cell) -> None:
        """A new cell, or further tiles of one that is there."""
        if cell.name in self._cells:
            self._cells[cell.name].extend(cell)
        else:
            self._cells[cell.name] = CellQueue(cell)

    def drain(self) -> None:
        """Begin nothing more; what workers are at is waited for."""
        self._draining = True
        for member in self._crew:
            for lease in list(member.leases)[1:]:
                self._cells[lease.piece.cell].unneeded.append(lease.number)

    def join(self, worker: str) -> None:
        """A worker is there. Its name is never used again."""
        self._crew.join(worker)
        self.counts.workers += 1

    def leave(self, worker: str, reason: str) -> None:
        """A worker is gone, with what it was at; what was to wait for it, others do."""
        member = self._crew.leave(worker)
        self._hold(member, None)
        self.counts.deaths += bool(member.leases)
        for place, lease in enumerate(member.leases):
            self._hand_on(lease, reason if place == 0 else None)
        self._fail_where_all_refuse(reason)

    def done(self, number: int, now: float) -> bool:
        """A lease was done.

        Returns:
            whether what was made is to be kept: the piece is a whole tile, and nobody had done it before.
        """
        lease, work = self._out.pop(number)
        seconds = self._crew.strike(lease, now)
        cell = self._cells[lease.piece.cell]
        if work not in cell.live:
            self.counts.duplicates += 1
            return False
        if seconds is not None:
            cell.took(seconds, lease.piece.images)
        work.leases.remove(number)
        cell.finish(work)
        if lease.piece.trial:
            self._losses.through(cell, work)
        else:
            self.counts.images += lease.piece.images
        return not lease.piece.trial

    def dropped(self, number: int, now: float) -> None:
        """A worker will not do a lease that it had not come to, since it was told so."""
        lease = self._out[number][0]
        self._crew.strike(lease, now)
        self._hand_on(lease)

    def end(self, number: int, now: float, reason: str) -> None:
        """The cell of a lease cannot be done by any worker."""
        cell = self._cells[self._out[number][0].piece.cell]
        self.dropped(number, now)
        if cell.reason is None:
            cell.fail(reason)

    def refuse(self, number: int, now: float, reason: str) -> None:
        """A worker cannot do the cell of a lease at all, as where a network cannot be loaded."""
        lease = self._out[number][0]
        member, cell = self._crew[lease.worker], self._cells[lease.piece.cell]
        if cell.name not in member.barred:
            member.barred.add(cell.name)
            cell.refusals += 1
        self._hold(member, None)
        self.dropped(number, now)
        if not cell.begun and cell.refusals >= self._patience.refusals:
            cell.fail(reason)
        self._fail_where_all_refuse(reason)

    def unneeded(self) -> list[Lease]:
        """Leases that need not be begun, each named once; a worker that is at one goes on."""
        named = [number for cell in self._cells.values() for number in cell.unneeded]
        for cell in self._cells.values():
            cell.unneeded.clear()
        return [self._out[number][0] for number in named if number in self._out]

    def hung(self, now: float) -> list[str]:
        """Workers that will never be done with what they are at, and are to be ended; ``leave`` is told of that."""
        return hung_workers(self._cells, self._crew, now, self._patience)

    def assign(self, now: float) -> list[Lease]:
        """New leases: of pieces that nobody has, to those first that have nothing; then copies of what is late."""
        if self._draining:
            return []
        return [*self._firsts(now), *self._copies(now)]

    def _firsts(self, now: float) -> Iterator[Lease]:
        """Leases of pieces that nobody has."""
        for place in range(self._patience.ahead):
            for member in self._crew.free:
                if not any(cell.pending for cell in self._cells.values()):
                    return
                cell = self._chosen(member) if len(member.leases) == place else None
                if cell is not None and not (place and cell.suspect):
                    yield self._lease(member, cell.take(), now)

    def _copies(self, now: float) -> Iterator[Lease]:
        """Leases of pieces that others have, for workers that have nothing."""
        idle = [member for member in self._crew.free if not member.leases]
        late = late_pieces(self._cells.values(), self._crew, self._out, now, self._patience) if idle else []
        for member in idle:
            work = next((work for work in late if work.piece.cell not in member.barred), None)
            if work is not None:
                late.remove(work)
                self.counts.copies += 1
                yield self._lease(member, work, now)

    def _chosen(self, member: Member) -> CellQueue | None:
        """The cell that a worker goes on with: its own, else the one with most left for each that works on it."""
        open_to = [cell for cell in self._cells.values() if cell.pending and cell.name not in member.barred]
        if (own := next((cell for cell in open_to if cell.name == member.cell), None)) is not None:
            return own
        usual = usual_seconds(self._cells.values(), 1.0)
        return max(
            open_to,
            key=lambda cell: cell.waiting * (cell.seconds or usual) / (cell.workers + 1),
            default=None,
        )

    def _lease(self, member: Member, work: Work, now: float) -> Lease:
        lease = Lease(self._given, member.name, work.piece)
        self._given += 1
        work.leases.append(lease.number)
        self._out[lease.number] = lease, work
        self._hold(member, work.piece.cell)
        self._crew.give(lease, now, alone=work.suspect)
        return lease

    def _hold(self, member: Member, cell: str | None) -> None:
        """Count a worker among those of a cell."""
        if member.cell is not None:
            self._cells[member.cell].workers -= 1
        if cell is not None:
            self._cells[cell].workers += 1
        member.cell = cell

    def _hand_on(self, lease: Lease, reason: str | None = None) -> None:
        """A lease ended without being done; its piece is charged for the reason, if there is one."""
        work = self._out.pop(lease.number)[1]
        work.leases.remove(lease.number)
        cell = self._cells[lease.piece.cell]
        if work not in cell.live:
            return
        if reason is not None:
            self._losses.charge(cell, work, reason)
        elif not work.leases:
            cell.put_back(work)

    def _fail_where_all_refuse(self, reason: str) -> None:
        """Give up cells that no worker that is there can do."""
        for cell in self._cells.values():
            refused = len(self._crew) > 0 and all(cell.name in member.barred for member in self._crew)
            if cell.refusals and refused and not cell.over:
                cell.fail(reason)
