"""Timing several things side by side, so that what else the machine does falls on all of them."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Turns:
    """Seconds of each thing, by its name, one for each round."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """The median over rounds."""
        return statistics.median(self.seconds[name])

    def best(self, name: str) -> float:
        """The quickest round, where what disturbs can only slow down."""
        return min(self.seconds[name])

    def ratio(self, one: str, other: str) -> float:
        """The median over rounds of the ratio one/other within a round."""
        pairs = zip(self.seconds[one], self.seconds[other], strict=True)
        return statistics.median(a / b for a, b in pairs)


def in_turns(timed: Mapping[str, Callable[[], float]], rounds: int) -> Turns:
    """Time everything once a round, every second round in reverse, so that a drift favours none.

    Args:
        timed: functions that return seconds.
        rounds: how often each is called.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds):
        names = list(timed) if number % 2 == 0 else list(timed)[::-1]
        for name in names:
            seconds[name].append(timed[name]())
    return Turns({name: tuple(values) for name, values in seconds.items()})
