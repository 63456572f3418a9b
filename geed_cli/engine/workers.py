"""Workers: devices that share the images of a run, each with networks, engines and batches of its own.

A worker runs in a thread and takes the next tile when it wants one; a single worker runs in the caller's thread.
Batches have one shape in all workers, and a tile is shown whole by one of them, so that an image's numbers are the same
in each. The first tile has all control images, whose null is measured against the one before.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby, takewhile
from threading import Lock

import torch

from geed_cli.engine.batches import Batch, Line, Placement, Task, batches, in_order, tile_of
from geed_cli.engine.engine import Engine, exact_arithmetic
from geed_cli.engine.observation import Observation
from geed_cli.engine.passes import out_of_memory
from geed_cli.engine.row import Broken
from geed_cli.engine.steady.again import ShownAgain

BATCHES_AHEAD = 2
"""Batches that a worker runs before anything of them is fetched, so that it does not wait for the caller."""

Finished = tuple[Observation | Broken, ...]
"""What became of one image, for each network."""


class WorkQueue:
    """Hands out every task of a run once, from any thread, a tile at a time; the tasks are asked for one by one."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = tasks
        self._tiles = groupby(tasks, key=tile_of)
        self._ended = False
        self._asking = Lock()

    def tasks(self) -> Iterator[Task]:
        """The tasks of whole tiles, until there are none or ``end`` was called.

        Raises:
            Exception: what the run's tasks raised, in the worker that asked; the others find no further task.
        """
        while tile := self._next():
            yield from tile

    def end(self) -> None:
        """Hand out no further task."""
        self._ended = True

    def close(self) -> None:
        """Let go of what makes the tasks, once no thread asks for one any more."""
        if isinstance(self._tasks, Generator):
            self._tasks.close()

    def _next(self) -> list[Task]:
        """The next tile; empty where there is none."""
        with self._asking:
            _, tile = next(self._tiles, (None, ()))
            return list(takewhile(lambda _: not self._ended, tile))


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

    def run(self, tasks: Iterable[Task], expected: int) -> Iterator[list[Finished]]:
        """Show the tasks to every network; after each batch the images that are finished, in order.

        Args:
            tasks: the images.
            expected: how many rows those of the first tile come to, where all of them can be used.

        Raises:
            OutOfMemoryError: a batch has no room on this device.
            UnsteadyError: a network showed the first image two things.
        """
        again = self._again if any(engine.watched for engine in self.engines) else None

        def arrange(tile: int, lines: Iterator[Line]) -> Iterator[Sequence[Line]]:
            if again is None:
                return in_order(lines, self.placement.batch_size)
            return again.in_place(lines) if tile else again.arrange(lines, expected)

        arriving = batches(tasks, self.size, self.placement, arrange)
        while (images := self._feed(arriving)) is not None:
            yield images
        with out_of_memory(self.placement), _current(self.placement.device):
            rest: list[Finished] = list(zip(*[engine.finish() for engine in self.engines], strict=True))
        if rest:
            yield rest

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
        expected: how many rows those of the first tile come to, where all of them can be used.

    Raises:
        Exception: the first that a worker or the tasks raised; the other workers have ended by then.
    """
    if len(workers) == 1:
        yield from workers[0].run(tasks, expected)
    else:
        yield from _side_by_side(workers, tasks, expected)


def _side_by_side(
    workers: Sequence[Worker], tasks: Iterable[Task], expected: int
) -> Iterator[list[Finished]]:
    queue = WorkQueue(tasks)
    runs = [worker.run(queue.tasks(), expected) for worker in workers]
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
        stack.callback(queue.end)  # innermost: workers would go on with whatever tiles there are
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
