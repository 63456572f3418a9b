"""A pool of Ray actors, one a worker: leases go to them, answers come back, and who dies is replaced."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

from geed_cli.cluster.worker import Answer, Worker
from geed_cli.errors import RunError, described
from geed_cli.scheduling.patience import Patience
from geed_cli.scheduling.piece import Lease, Piece
from geed_cli.scheduling.pool import Came, Dropped, Ended, Event, Gone, Made, Refused

POLL_S = 0.1
"""How long it waits for news: the scheduler looks for stragglers about so often."""
FALSE_STARTS = 5
"""After so many workers in a row that ended before they were ready there is no use in another."""
DIED = "its worker process died, as where it crashed, memory ran out or its machine went away"
HUNG = (
    f"its worker was ended after {Patience.hung_s / 60:g} minutes or more, "
    f"{Patience.hung:g} times as long as others take"
)


class RayPool:
    """Keeps a number of actors alive.

    Args:
        ray: the module, connected.
        workers: how many there are to be; on a cluster that grows they come as there is room.
        gpus_per_worker: how much of a GPU each has.
        job_of: the job of a cell, by its name; asked once, and kept in the object store while there is work on it.
        task_of: what a worker is told of a piece.
    """

    def __init__(
        self,
        ray: Any,  # noqa: ANN401 - a module
        workers: int,
        gpus_per_worker: float,
        job_of: Callable[[str], object],
        task_of: Callable[[Piece], object],
    ) -> None:
        self._ray = ray
        once = ray.remote(num_cpus=1, num_gpus=gpus_per_worker, max_restarts=0, max_task_retries=0)
        self._actor = once(Worker)
        self._job_of, self._task_of = job_of, task_of
        self._jobs: dict[str, Any] = {}
        self._numbers = count()
        self._crew: dict[str, Any] = {}
        self._coming: dict[Any, str] = {}
        self._out: dict[Any, Lease] = {}
        self._hung: set[str] = set()
        self._false_starts = 0
        for _ in range(workers):
            self._hire()

    def begin(self, lease: Lease) -> None:
        """Hand a lease to its worker."""
        cell = lease.piece.cell
        if cell not in self._jobs:
            self._jobs[cell] = self._ray.put(self._job_of(cell))
        # as something to be fetched: what is handed over itself is unpacked with every task
        fetch = partial(self._ray.get, self._jobs[cell])
        ref = self._crew[lease.worker].make.remote(cell, fetch, self._task_of(lease.piece))
        self._out[ref] = lease

    def forget(self, cell: str) -> None:
        """Nothing more will be begun of a cell."""
        self._jobs.pop(cell, None)

    def withdraw(self, lease: Lease) -> None:
        """Take a lease back, if its worker has not come to it."""
        for ref, other in self._out.items():
            if other == lease:
                self._ray.cancel(ref)

    def end(self, worker: str) -> None:
        """End a worker that hangs; that it is gone is reported. It may be named again until then."""
        if worker not in self._hung:
            self._hung.add(worker)
            self._ray.kill(self._crew[worker])

    def events(self) -> Sequence[Event]:
        """What happened; that workers are gone comes after all that they said.

        Raises:
            RunError: one worker after the other ended before it was ready.
        """
        waiting = [*self._out, *self._coming]
        ready, _ = self._ray.wait(waiting, num_returns=1, timeout=POLL_S)
        if ready:
            ready, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        events = [self._event(ref) for ref in ready]
        gone = {event.worker: event for event in events if isinstance(event, Gone)}
        told = [event for event in events if not isinstance(event, Gone)]
        return told + [gone[name] for name in gone if self._replaced(name, gone[name].reason)]

    def close(self) -> None:
        """End all workers."""
        for actor in self._crew.values():
            self._ray.kill(actor)

    def _hire(self) -> None:
        name = f"worker-{next(self._numbers)}"
        self._crew[name] = self._actor.remote()
        self._coming[self._crew[name].ready.remote()] = name

    def _event(self, ref: Any) -> Event:  # noqa: ANN401 - Ray's
        """What an answer says."""
        lease = self._out.get(ref)
        worker = self._coming[ref] if lease is None else lease.worker
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.TaskCancelledError:
            assert lease is not None, "only leases are withdrawn"
            del self._out[ref]
            return Dropped(lease)
        except self._ray.exceptions.RayError as error:
            return Gone(worker, HUNG if worker in self._hung else _reason(error))
        if lease is None:
            del self._coming[ref]
            self._false_starts = 0
            return Came(worker)
        del self._out[ref]
        return _said(lease, answer)

    def _replaced(self, worker: str, reason: str) -> bool:
        """End a worker that died or is in an unknown state, and hire another.

        Returns:
            whether it had been ready.

        Raises:
            RunError: none gets ready.
        """
        self._ray.kill(self._crew.pop(worker))
        self._hung.discard(worker)
        self._out = {ref: lease for ref, lease in self._out.items() if lease.worker != worker}
        coming = len(self._coming)
        self._coming = {ref: name for ref, name in self._coming.items() if name != worker}
        was_ready = len(self._coming) == coming
        self._false_starts += not was_ready
        if self._false_starts >= FALSE_STARTS:
            raise RunError(
                f"{FALSE_STARTS} workers in a row ended before they were ready: {reason}",
                expected="machines with the same geed and Python as this one, and memory for a worker each",
                remedy="fewer --workers, or --engine local",
            )
        self._hire()
        return was_ready


def _said(lease: Lease, answer: Answer) -> Event:
    if answer.kind == "made":
        return Made(lease, answer.record)
    assert answer.error is not None, "whoever made nothing says why"
    return (Refused if answer.kind == "refused" else Ended)(lease, answer.error)


def _reason(error: Exception) -> str:
    """Why a worker is gone: what its code raised, or that it died; the same words on every machine."""
    cause = getattr(error, "cause", None)
    return described(cause) if isinstance(cause, Exception) else DIED
