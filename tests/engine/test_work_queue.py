"""Dealing images out to workers: each goes to one of them, and those of a tile to the same."""

import threading
from collections.abc import Iterator

import pytest
import torch

from geed_cli.engine.batches import Task
from geed_cli.engine.row import Subject
from geed_cli.engine.workers import WorkQueue
from geed_cli.images.source import ImageRecord

PIXELS = torch.zeros(3, 2, 2, dtype=torch.uint8)


def tasks(count: int, tile: int) -> list[Task]:
    """So many tasks, so many of them in a tile."""
    return [Task(Subject(ImageRecord(f"{n:04}", "")), PIXELS, (), n // tile) for n in range(count)]


def number(task: Task) -> int:
    """Which of the tasks it is."""
    return int(task.subject.path)


def test_every_image_goes_to_one_worker_and_a_tile_to_the_same() -> None:
    """Workers that ask at any time, from their threads; the tiles of each are in order."""
    queue = WorkQueue(tasks(500, 7))
    taken: list[list[Task]] = [[], [], []]

    def take(worker: int) -> None:
        taken[worker].extend(queue.tasks())

    threads = [threading.Thread(target=take, args=(worker,)) for worker in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=10)
    assert sorted(number(task) for worker in taken for task in worker) == list(range(500))
    owners = [{task.tile for task in worker} for worker in taken]
    assert sum(map(len, owners)) == len(set.union(*owners)) == -(-500 // 7)
    assert all([number(task) for task in worker] == sorted(map(number, worker)) for worker in taken)


def test_workers_take_tiles_by_turns() -> None:
    """Whoever asks first gets the first."""
    queue = WorkQueue(tasks(6, 2))
    one, other = queue.tasks(), queue.tasks()
    assert [number(next(other)), number(next(one))] == [0, 2]
    assert [number(next(other)), number(next(one))] == [1, 3]
    assert [number(next(one)), number(next(one))] == [4, 5]
    assert next(one, None) is next(other, None) is None


def test_images_of_the_normaliser_are_in_a_tile_of_their_own() -> None:
    """They are shown under e alone, and whoever takes them has to take no others."""
    audited, others = tasks(2, 9), [Task(Subject(ImageRecord("9", ""), audited=False), PIXELS, ())]
    queue = WorkQueue([*audited, *others])
    one, other = queue.tasks(), queue.tasks()
    assert [number(next(one)), number(next(other)), number(next(one))] == [0, 9, 1]


def test_nobody_gets_a_tile_after_the_end() -> None:
    """Who has one goes on with it."""
    queue = WorkQueue(tasks(6, 2))
    one = queue.tasks()
    assert number(next(one)) == 0
    queue.end()
    assert [number(task) for task in one] == [1]
    assert next(queue.tasks(), None) is None


def test_an_error_reaches_the_worker_that_asked() -> None:
    """The others find no further image."""

    def failing() -> Iterator[Task]:
        yield from tasks(4, 2)
        raise ValueError("unreadable")

    queue = WorkQueue(failing())
    assert number(next(queue.tasks())) == 0
    with pytest.raises(ValueError, match="unreadable"):
        next(queue.tasks())
    assert next(queue.tasks(), None) is None
