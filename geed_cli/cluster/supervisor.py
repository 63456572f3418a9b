"""What watches over audits while their tiles are made: rows are kept, images replaced, results made, deaths told."""

from collections import deque
from collections.abc import Iterator, Sequence

from geed_cli.cluster.cell_run import CellRun
from geed_cli.engine.passes import OutOfMemoryError
from geed_cli.errors import GeedError, RunError
from geed_cli.pipeline.progress import Progress
from geed_cli.result.schema import Result
from geed_cli.scheduling.piece import Cell, Lease
from geed_cli.scheduling.scheduler import Scheduler

Outcome = tuple[Result, ...] | GeedError
"""What came of an audit: its results, or what stood in the way."""


class Supervisor:
    """Watches several audits.

    Args:
        cells: the audits, none of which has begun.
        scheduler: that is to have their tiles.
        progress: of all of them together.
    """

    def __init__(
        self,
        cells: Sequence[CellRun],
        scheduler: Scheduler,
        progress: Progress,
    ) -> None:
        self._waiting, self._all = deque(cells), tuple(cells)
        self._open: dict[str, CellRun] = {}
        self._cells: dict[str, CellRun] = {}
        self._scheduler, self._progress = scheduler, progress
        self._ended: list[tuple[CellRun, Outcome]] = []
        self._errors: dict[str, GeedError] = {}
        self._lost = 0
        self._told = 0

    def begin_next(self) -> bool:
        """Begin one more audit; one that cannot be begun has ended.

        Returns:
            whether there was one, and the user did not ask the run to end.
        """
        if self.stopping() or not self._waiting:
            return False
        cell = self._waiting.popleft()
        try:
            self._hand_out(cell, cell.begin())
        except GeedError as error:
            self._ended.append((cell, error))
        self.looked()
        return True

    def cell(self, key: str) -> CellRun:
        """The audit that the scheduler knows by that key."""
        return self._cells[key]

    def keep(self, lease: Lease, record: object) -> None:
        """Write rows to their audit's file."""
        self._cells[lease.piece.cell].keep(lease.piece, record)

    def refused(self, lease: Lease, error: Exception) -> None:
        """Remember why an audit cannot be done."""
        if isinstance(error, GeedError):
            self._errors[lease.piece.cell] = error

    def stopping(self) -> bool:
        """Whether the user asked the run to end."""
        return self._progress.stopping()

    def looked(self) -> None:
        """Tell what happened, and end audits of which nothing is left."""
        self._tell_losses()
        counts = self._scheduler.counts
        known = sum(cell.known for cell in self._all)
        done = known + counts.images + counts.lost
        self._progress.images(done, max(done, sum(cell.asked for cell in self._all)))
        for key in list(self._open):
            if self._scheduler.is_over(key) and not self.stopping():
                self._go_on(key)

    def ended(self) -> Iterator[tuple[CellRun, Outcome]]:
        """Audits that are through, each once; the rows of one are gone when the next is asked for."""
        while self._ended:
            cell, outcome = self._ended.pop(0)
            yield cell, outcome
            complete = not isinstance(outcome, GeedError) and outcome[0].status == "complete"
            # rows of an audit that its workers ended in an error may be wrong, as where a network is not steady
            cell.close(clear=complete, discard=cell.key in self._errors)

    def interrupt(self) -> None:
        """End the audits that are still open with what is there of them.

        Raises:
            KeyboardInterrupt: of one of them nothing is, or others have not begun; rows are kept.
        """
        if self._waiting:
            raise KeyboardInterrupt
        for cell in self._open.values():
            try:
                self._ended.append((cell, cell.partial()))
            except GeedError as error:
                self._ended.append((cell, error))
        self._open.clear()

    def _go_on(self, key: str) -> None:
        """Hand out what is still to be made of an audit; where nothing is, its results are made."""
        cell = self._open.pop(key)
        outcome: Outcome
        try:
            reason = self._scheduler.failed.get(key)
            more = cell.more() if reason is None else self._anew(key, reason)
            if more is not None:
                self._hand_out(cell, more)
                return
            outcome = cell.results()
        except GeedError as error:
            outcome = error
        self._ended.append((cell, outcome))

    def _hand_out(self, cell: CellRun, images: Cell) -> None:
        self._open[cell.key] = self._cells[cell.key] = cell
        self._scheduler.add(images)

    def _anew(self, key: str, reason: str) -> Cell:
        """What a failed audit begins anew with, where memory ran out.

        Raises:
            GeedError: why it failed, else.
        """
        error = self._errors.get(key) or _given_up(reason)
        cell = self._cells[key]
        more = cell.in_smaller_batches(error) if isinstance(error, OutOfMemoryError) else None
        if more is None:
            raise error
        return more

    def _tell_losses(self) -> None:
        """Say of every image that it was given up, and of deaths at their first, second, fourth, eighth, and so on."""
        for lost in self._scheduler.lost[self._lost :]:
            path = self._cells[lost.cell].lose(lost)
            self._progress.note(f"{path} is left out: no worker survived it ({lost.reason})")
        self._lost = len(self._scheduler.lost)
        deaths = self._scheduler.counts.deaths
        if deaths > self._told:
            self._told = max(2 * self._told, deaths)
            so_far = "a worker died" if deaths == 1 else f"{deaths} workers died so far"
            self._progress.note(f"{so_far}; others have taken over what they had")


def _given_up(reason: str) -> RunError:
    return RunError(
        f"no worker did any of it: {reason}",
        expected="a network that runs where workers are",
        remedy="--engine local with few --samples, which shows how it fails; memory for fewer --workers",
    )
