"""Workers as a scheduler's decisions reach them, and what they report; an engine is one implementation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from geed_cli.scheduling.piece import Lease


@dataclass(frozen=True)
class Came:
    """A worker is ready. Its name is new."""

    worker: str


@dataclass(frozen=True)
class Gone:
    """A worker is no more."""

    worker: str
    reason: str


@dataclass(frozen=True)
class Made:
    """A lease was done; ``record`` is what came of it."""

    lease: Lease
    record: object


@dataclass(frozen=True)
class Dropped:
    """A lease was withdrawn before the worker came to it."""

    lease: Lease


@dataclass(frozen=True)
class Refused:
    """A worker cannot do the lease's cell at all."""

    lease: Lease
    error: Exception


@dataclass(frozen=True)
class Ended:
    """The lease's cell cannot be done by any worker, as where an audit ends in an error."""

    lease: Lease
    error: Exception


Event = Came | Gone | Made | Dropped | Refused | Ended


class Pool(Protocol):
    """Workers, some of which are still to come."""

    def begin(self, lease: Lease) -> None:
        """Hand a lease to its worker, which does it after those that it has."""

    def withdraw(self, lease: Lease) -> None:
        """Take a lease back, if its worker has not come to it; where that is so, it is reported as dropped."""

    def end(self, worker: str) -> None:
        """End a worker that hangs; that it is gone is reported. It may be named again until then."""

    def events(self) -> Sequence[Event]:
        """What happened since it was last asked; waits a moment where nothing did.

        Raises:
            RunError: there are no workers, and there will be none.
        """
