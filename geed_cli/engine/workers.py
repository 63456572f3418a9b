"""Lanes: devices that share the images of a run, each with networks, engines and batches of its own.

A lane runs in a thread and pulls whole images when it wants them; what it finishes comes back to the caller's thread.
A single lane runs in the caller's thread. Batches have one shape in all lanes, so that an image's numbers are the same
in each of them, as far as the network's own do not depend on its place in a batch.

Deals the tasks of a run out to lanes, each of which takes the next one when it wants it.

Whatever depends on the order of images goes to the first lane, in order: control images, whose null is measured
against the one before, and the image on which rounding is measured.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from threading import Condition

import torch

from geed_cli.engine.batches import Batch, Placement, Task, batches
from geed_cli.engine.engine import LocalEngine, exact_arithmetic
from geed_cli.engine.observation import Observation
from geed_cli.engine.out_of_memory import out_of_memory
from geed_cli.engine.row import Broken

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


AHEAD = 2
"""Batches that a lane runs before anything of them is fetched, so that it does not wait for the caller."""

Finished = tuple[Observation | Broken, ...]
"""What became of one image, for each network."""


@dataclass(frozen=True)
class Lane:
    """One device.

    Attributes:
        placement: the device, with the run's floating type and batch size.
        engines: one for each network of the run, on that device.
        size: S, the side of what the networks are shown.
    """

    placement: Placement
    engines: tuple[LocalEngine, ...]
    size: int

    def run(self, tasks: Iterable[Task]) -> Iterator[list[Finished]]:
        """Show the tasks to every network; for each batch the images that it finished, in order.

        Raises:
            OutOfMemoryError: a batch has no room on this device.
        """
        arriving = batches(tasks, self.size, self.placement)
        while (found := self._feed(arriving)) is not None:
            yield found

    def _feed(self, arriving: Iterator[Batch]) -> list[Finished] | None:
        """One batch; None where there is no further one."""
        with out_of_memory(self.placement), _current(self.placement.device):
            batch = next(arriving, None)
            if batch is None:
                return None
            return list(zip(*[engine.feed(batch) for engine in self.engines], strict=True))


def finished(lanes: Sequence[Lane], tasks: Iterable[Task]) -> Generator[list[Finished], None, None]:
    """The finished images, a batch at a time: in order from one lane, in any order from several.

    Closing the generator ends all lanes once the batches that they are at are through.

    Args:
        lanes: at least one; the first gets what has to be seen in order, see ``Dealer``.
        tasks: taken one at a time, by several lanes from their threads.

    Raises:
        Exception: the first that a lane or the tasks raised; the other lanes have ended by then.
    """
    if len(lanes) == 1:
        yield from lanes[0].run(tasks)
    else:
        yield from _side_by_side(lanes, tasks)


def _side_by_side(lanes: Sequence[Lane], tasks: Iterable[Task]) -> Iterator[list[Finished]]:
    dealer = Dealer(tasks)
    threads = [_Thread(number, lane.run(dealer.tasks_of(number))) for number, lane in enumerate(lanes)]
    with ExitStack() as stack:
        # outermost: the settings are the process's, and no lane may put them back under another
        stack.enter_context(exact_arithmetic())
        stack.callback(dealer.close)
        for thread in threads:
            stack.callback(thread.end)
        stack.callback(dealer.end)  # innermost: a lane that waits for a task would never end
        waiting = {thread.pull(): thread for thread in threads for _ in range(AHEAD)}
        while waiting:
            for pull in wait(waiting, return_when=FIRST_COMPLETED).done:
                thread = waiting.pop(pull)
                found = pull.result()
                if found is not None:
                    waiting[thread.pull()] = thread
                    yield found


_Pull = Future[list[Finished] | None]


class _Thread:
    """A lane's thread, which runs a batch each time that it is asked for one.

    Args:
        number: of the lane.
        found: from its ``run``.
    """

    def __init__(self, number: int, found: Iterator[list[Finished]]) -> None:
        self._executor = ThreadPoolExecutor(1, f"lane-{number}")
        self._found = found

    def pull(self) -> _Pull:
        """What the next batch will have finished; None where there is no further one."""
        return self._executor.submit(next, self._found, None)

    def end(self) -> None:
        """Wait for the batch that it is at, and run no further one."""
        self._executor.shutdown(cancel_futures=True)


def _current(device: torch.device) -> AbstractContextManager[object]:
    """Makes a GPU the thread's own, for pinned copies and for kernels that are not torch's."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()
