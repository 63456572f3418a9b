"""Workers: devices that share the images of a run, each with networks, engines and batches of its own.

A worker runs in a thread and takes the next image when it wants one; a single worker runs in the caller's thread.
Batches have one shape in all workers, so that an image's numbers are the same in each of them, as far as the
network's own do not depend on its place in a batch.

Whatever depends on the order of images goes to the first worker, in order: control images, whose null is measured
against the one before, and the image on which rounding is measured.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Condition

import torch

from geed_cli.engine.batches import Batch, Placement, Task, batches
from geed_cli.engine.engine import Engine, exact_arithmetic
from geed_cli.engine.observation import Observation
from geed_cli.engine.passes import out_of_memory
from geed_cli.engine.row import Broken
from geed_cli.engine.steady.again import ShownAgain

MOST_WAITING = 16
"""Pictures that may wait for the first worker; at so many the other workers wait, too."""
BATCHES_AHEAD = 2
"""Batches that a worker runs before anything of them is fetched, so that it does not wait for the caller."""

Finished = tuple[Observation | Broken, ...]
"""What became of one image, for each network."""


class WorkQueue:
    """Hands out every task of a run once, from any thread; the tasks are asked for one at a time."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = iter(tasks)
        self._kept: deque[Task] = deque()
        self._ended = False
        self._changed = Condition()

    def tasks_of(self, worker: int) -> Iterator[Task]:
        """The tasks of that worker, until there are none or ``end`` was called.

        Raises:
            Exception: what the run's tasks raised, in the worker that asked; the others find no further task.
        """
        while (task := self._next(first=worker == 0)) is not None:
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
                if len(self._kept) >= MOST_WAITING:
                    self._changed.wait()
                    continue
                task = next(self._tasks, None)
                if task is None or first or not (task.subject.control or task.subject.first):
                    return task
                self._kept.append(task)
        return None


@dataclass(frozen=True)
class Worker:
    """One device.

    Attributes:
        placement: the device, with the run's floating type and batch size.
        engines: one for each network of the run, on that device.
        size: S, the side of the networks' inputs.
    """

    placement: Placement
    engines: tuple[Engine, ...]
    size: int

    @cached_property
    def _again(self) -> ShownAgain:
        return ShownAgain(self.placement.batch_size)

    def run(self, tasks: Iterable[Task], expected: int | None = None) -> Iterator[list[Finished]]:
        """Show the tasks to every network; for each batch the images that it finished, in order.

        Args:
            tasks: the images.
            expected: how many rows they come to, if that is known.

        Raises:
            OutOfMemoryError: a batch has no room on this device.
            UnsteadyError: a network showed the first image two things.
        """
        watched = any(engine.watched for engine in self.engines)
        arrange = partial(self._again.arrange, expected=expected) if watched else None
        arriving = batches(tasks, self.size, self.placement, arrange)
        while (images := self._feed(arriving)) is not None:
            yield images
        with out_of_memory(self.placement), _current(self.placement.device):
            for engine in self.engines:
                engine.finish()

    def _feed(self, arriving: Iterator[Batch]) -> list[Finished] | None:
        """One batch; None where there is no further one."""
        with out_of_memory(self.placement), _current(self.placement.device):
            batch = next(arriving, None)
            if batch is None:
                return None
            return list(zip(*[engine.feed(batch) for engine in self.engines], strict=True))


def finished(
    workers: Sequence[Worker], tasks: Iterable[Task], expected: int
) -> Generator[list[Finished], None, None]:
    """The finished images, a batch at a time: in order from one worker, in any order from several.

    Closing the generator ends all workers once the batches that they are at are through.

    Args:
        workers: that share the tasks.
        tasks: the images.
        expected: how many rows they come to, where all of them can be used.

    Raises:
        Exception: the first that a worker or the tasks raised; the other workers have ended by then.
    """
    if len(workers) == 1:
        yield from workers[0].run(tasks, expected)
    else:
        yield from _side_by_side(workers, tasks)


def _side_by_side(workers: Sequence[Worker], tasks: Iterable[Task]) -> Iterator[list[Finished]]:
    queue = WorkQueue(tasks)
    runs = [worker.run(queue.tasks_of(number)) for number, worker in enumerate(workers)]
    threads = [ThreadPoolExecutor(1, f"worker-{number}") for number in range(len(workers))]

    def pull(number: int) -> Future[list[Finished] | None]:
        """The images of the worker's next batch; None where there is no further one."""
        return threads[number].submit(next, runs[number], None)

    with ExitStack() as stack:
        # outermost: the settings are the process's, and no worker may put them back under another
        stack.enter_context(exact_arithmetic())
        stack.callback(queue.close)
        for thread in threads:
            stack.callback(partial(thread.shutdown, cancel_futures=True))
        stack.callback(queue.end)  # innermost: a worker that waits for a task would never end
        waiting = {pull(number): number for number in range(len(workers)) for _ in range(BATCHES_AHEAD)}
        while waiting:
            for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                number = waiting.pop(done)
                images = done.result()
                if images is not None:
                    waiting[pull(number)] = number
                    yield images


def _current(device: torch.device) -> AbstractContextManager[object]:
    """Makes a GPU the thread's own, for pinned copies and for kernels that are not torch's."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()
