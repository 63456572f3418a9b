"""The loop between a scheduler and the workers of an engine."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from geed_cli.scheduling.piece import Lease
from geed_cli.scheduling.pool import Came, Dropped, Ended, Event, Gone, Made, Pool, Refused
from geed_cli.scheduling.scheduler import Scheduler


class Watcher(Protocol):
    """Receives what comes of a run."""

    def keep(self, lease: Lease, record: object) -> None:
        """What was made of a whole tile, for the first time."""

    def refused(self, lease: Lease, error: Exception) -> None:
        """Why a worker, or every worker, cannot do the lease's cell."""

    def looked(self) -> None:
        """The scheduler has been told what happened; called several times a second."""

    def stopping(self) -> bool:
        """Whether nothing more is to be begun."""


def drive(
    scheduler: Scheduler, pool: Pool, watcher: Watcher, clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Do all that a scheduler has, or what was begun of it when the watcher says that the run is to stop.

    Yields:
        several times a second, after what happened was told.

    Args:
        scheduler: that says who does what.
        pool: of workers.
        watcher: of what comes of it.
        clock: the time in seconds.

    Raises:
        RunError: there are no workers.
    """
    drained = False
    while not scheduler.over:
        if watcher.stopping() and not drained:
            drained = True
            scheduler.drain()
        for worker in scheduler.hung(clock()):
            pool.end(worker)
        for lease in scheduler.unneeded():
            pool.withdraw(lease)
        for lease in scheduler.assign(clock()):
            pool.begin(lease)
        for event in pool.events():
            _tell(scheduler, event, watcher, clock())
        watcher.looked()
        yield


def _tell(scheduler: Scheduler, event: Event, watcher: Watcher, now: float) -> None:
    match event:
        case Came(worker):
            scheduler.join(worker)
        case Gone(worker, reason):
            scheduler.leave(worker, reason)
        case Dropped(lease):
            scheduler.dropped(lease.number, now)
        case Made(lease, record):
            if scheduler.done(lease.number, now):
                watcher.keep(lease, record)
        case Refused(lease, error):
            watcher.refused(lease, error)
            scheduler.refuse(lease.number, now, str(error))
        case Ended(lease, error):
            watcher.refused(lease, error)
            scheduler.end(lease.number, now, str(error))
