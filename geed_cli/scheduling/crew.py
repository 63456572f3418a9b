"""The workers: what each of them has been given, what it holds, and what it cannot do."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from geed_cli.scheduling.piece import Lease


@dataclass(eq=False)
class Member:
    """A worker, which does its leases in the order in which they were given.

    Attributes:
        name: its own, never used again.
        leases: that it has not reported on; it is at the first.
        since: when it came to the first.
        cell: whose networks it holds, or will hold once it comes to its last lease.
        barred: cells that it refused.
    """

    name: str
    leases: deque[Lease] = field(default_factory=deque)
    since: float = 0.0
    cell: str | None = None
    barred: set[str] = field(default_factory=set)

    def is_at(self, lease: Lease) -> bool:
        """Whether the worker is at that lease, and not at one before it."""
        return bool(self.leases) and self.leases[0] == lease


class Crew:
    """All workers that are there.

    Args:
        ahead: how many leases a worker may have at once.
    """

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._members: dict[str, Member] = {}
        self._free: dict[str, Member] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __getitem__(self, name: str) -> Member:
        return self._members[name]

    @property
    def free(self) -> list[Member]:
        """Those that may be given more, in the order in which they came free."""
        return list(self._free.values())

    def join(self, name: str) -> None:
        """A worker is there."""
        self._members[name] = self._free[name] = Member(name)

    def leave(self, name: str) -> Member:
        """A worker is gone."""
        self._free.pop(name, None)
        return self._members.pop(name)

    def give(self, lease: Lease, now: float, *, alone: bool) -> None:
        """Add a lease to its worker's; ``alone``: until it is done the worker is given no other."""
        member = self._members[lease.worker]
        if not member.leases:
            member.since = now
        member.leases.append(lease)
        if alone or len(member.leases) == self._ahead:
            del self._free[member.name]

    def strike(self, lease: Lease, now: float) -> float | None:
        """Take a lease from its worker's.

        Returns:
            the seconds since the worker came to it; None where it had not.
        """
        member = self._members[lease.worker]
        self._free[member.name] = member
        if not member.is_at(lease):
            member.leases.remove(lease)
            return None
        seconds, member.since = now - member.since, now
        member.leases.popleft()
        return seconds
