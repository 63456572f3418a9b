"""Deals the tasks of a run out to lanes, each of which takes the next one when it wants it.

Whatever depends on the order of images goes to the first lane, in order: control images, whose null is measured
against the one before, and the image on which rounding is measured.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from threading import Condition

from geed_cli.engine.batches import Task

MOST = 16
"""Pictures that wait for the first lane; the others wait, too, once there are so many."""


class Dealer:
    """Hands out every task once, from any thread.

    Args:
        tasks: of the run, which is asked for one at a time.
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = iter(tasks)
        self._kept: deque[Task] = deque()
        self._ended = False
        self._changed = Condition()

    def tasks_of(self, lane: int) -> Iterator[Task]:
        """The tasks of that lane, until there are none or ``end`` was called.

        Raises:
            Exception: what the run's tasks raised, in the lane that asked; the others find no further task.
        """
        while (task := self._next(first=lane == 0)) is not None:
            yield task

    def end(self) -> None:
        """Hand out no further task, and wake whoever waits for one."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Let go of what makes the tasks, once no thread asks for one any more."""
        if isinstance(self._tasks, Generator):
            self._tasks.close()

    def _next(self, *, first: bool) -> Task | None:
        with self._changed:
            while not self._ended:
                if first and self._kept:
                    self._changed.notify_all()
                    return self._kept.popleft()
                if len(self._kept) >= MOST:
                    self._changed.wait()
                    continue
                task = next(self._tasks, None)
                if task is None or first or not (task.subject.control or task.subject.first):
                    return task
                self._kept.append(task)
        return None
