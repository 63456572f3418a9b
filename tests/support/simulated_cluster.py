"""A cluster under a simulated clock: workers of different speed that stall, die, and are replaced; nothing waits."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random

from geed_cli.scheduling.piece import Lease, Piece
from geed_cli.scheduling.scheduler import Scheduler

Place = tuple[str, int, int]
"""Cell, tile and place of an image."""


@dataclass(frozen=True)
class Weather:
    """What happens to the workers of a cluster.

    Attributes:
        load_s: seconds in which a worker loads the networks of a cell, before its first piece of that.
        mean_life_s: of a worker, exponential; None where none is preempted.
        restart_s: after so long another comes in the place of one that is gone; None where none comes.
        slow: the part of the workers that take ten times as long.
        stall: the part of the pieces over which a worker stalls for twenty times their duration.
        poison: images that no worker survives.
        hang: images that no worker is ever done with.
        refused: workers that cannot load a cell at all, by its name: all whose number the function is true of.
    """

    load_s: float = 0.0
    mean_life_s: float | None = None
    restart_s: float | None = 0.0
    slow: float = 0.0
    stall: float = 0.0
    poison: frozenset[Place] = frozenset()
    hang: frozenset[Place] = frozenset()
    refused: Mapping[str, Callable[[int], bool]] = field(default_factory=dict)


@dataclass
class Machine:
    """A worker: its speed, what it has been told to do, and since when it is there."""

    number: int
    speed: float
    came: float
    leases: list[Lease] = field(default_factory=list)
    holds: str | None = None


class SimulatedCluster:
    """Runs what a scheduler says.

    Args:
        scheduler: that is followed.
        seconds: of one image of each cell, on a worker of usual speed.
        workers: at the beginning.
        weather: what happens to them.
        seed: of everything that is random.
        poll_s: the scheduler is asked so often, and after a piece was done.

    Attributes:
        now: the time.
        rows: how often what was made of a piece was kept, for each image that it has.
        made_s: seconds of work kept, as a worker of usual speed takes.
        capacity_s: seconds of workers that were there, weighted by their speed.
        stalled_s: seconds that workers were stalled, weighted by their speed.
        most_out: the largest number of leases that one worker had at once.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        seconds: Mapping[str, float],
        workers: int,
        weather: Weather,
        *,
        seed: int = 0,
        poll_s: float = 0.25,
    ) -> None:
        self._scheduler, self._seconds, self._weather = scheduler, seconds, weather
        self._random, self._numbers = Random(seed), count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._poll_s = count(), poll_s
        self._machines: dict[str, Machine] = {}
        self.now = self.made_s = self.capacity_s = 0.0
        self.stalled_s = 0.0
        self.most_out = 0
        self.rows: dict[Place, int] = {}
        for _ in range(workers):
            self.come()
        self._at(0.0, self._poll)

    @property
    def workers(self) -> int:
        """How many there are."""
        return len(self._machines)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Until the scheduler says that it is over, or the function says so."""
        while not self._scheduler.over and not until():
            self.now, _, event = heapq.heappop(self._events)
            event()
        for machine in self._machines.values():
            self.capacity_s += (self.now - machine.came) * machine.speed
            machine.came = self.now

    def _at(self, delay: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._order), event))

    def _poll(self) -> None:
        for name in self._scheduler.hung(self.now):
            self._die(name, "hung")
        self._give()
        self._at(self._poll_s, self._poll)

    def come(self) -> None:
        """A worker more."""
        speed = 0.1 if self._random.random() < self._weather.slow else 1.0
        machine = Machine(next(self._numbers), speed, self.now)
        name = f"worker-{machine.number}"
        self._machines[name] = machine
        self._scheduler.join(name)
        if (life := self._weather.mean_life_s) is not None:
            self._at(self._random.expovariate(1 / life), lambda: self._die(name, "preempted"))

    def _die(self, name: str, reason: str) -> None:
        machine = self._machines.pop(name, None)
        if machine is None:
            return
        self.capacity_s += (self.now - machine.came) * machine.speed
        self._scheduler.leave(name, reason)
        if (again := self._weather.restart_s) is not None:
            self._at(again, self.come)

    def _give(self) -> None:
        for lease in self._scheduler.unneeded():
            machine = self._machines[lease.worker]
            if lease in machine.leases[1:]:
                machine.leases.remove(lease)
                self._scheduler.dropped(lease.number, self.now)
        for lease in self._scheduler.assign(self.now):
            machine = self._machines[lease.worker]
            machine.leases.append(lease)
            self.most_out = max(self.most_out, len(machine.leases))
            if len(machine.leases) == 1:
                self._begin(lease.worker, lease)

    def _begin(self, name: str, lease: Lease) -> None:
        machine, piece = self._machines[name], lease.piece
        seconds = self._cost(piece) / machine.speed
        if self._random.random() < self._weather.stall:
            self.stalled_s += 19 * seconds * machine.speed
            seconds *= 20
        if machine.holds != piece.cell:
            machine.holds, seconds = piece.cell, seconds + self._weather.load_s
        if self._weather.refused.get(piece.cell, lambda _: False)(machine.number):
            machine.holds = None
            self._at(self._weather.load_s, lambda: self._end(name, lease, refused=True))
        elif self._weather.poison & set(places(piece)):
            self._at(seconds / 2, lambda: self._die(name, "killed"))
        elif not self._weather.hang & set(places(piece)):
            self._at(seconds, lambda: self._end(name, lease))

    def _end(self, name: str, lease: Lease, *, refused: bool = False) -> None:
        machine = self._machines.get(name)
        if machine is None:
            return
        machine.leases.remove(lease)
        if refused:
            self._scheduler.refuse(lease.number, self.now, "cannot be loaded")
        elif self._scheduler.done(lease.number, self.now):
            self.made_s += self._cost(lease.piece)
            for place in places(lease.piece):
                self.rows[place] = self.rows.get(place, 0) + 1
        if machine.leases:
            self._begin(name, machine.leases[0])
        if not self._scheduler.over:
            self._give()

    def _cost(self, piece: Piece) -> float:
        return piece.images * self._seconds[piece.cell]


def places(piece: Piece) -> list[Place]:
    """The images of a piece that are opened."""
    return [
        (piece.cell, piece.tile, place)
        for place in range(piece.start, piece.stop)
        if place not in piece.left_out
    ]
