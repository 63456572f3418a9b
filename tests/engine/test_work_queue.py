"""Dealing images out to workers: each goes to one of them, and those whose order matters to the first."""

import threading
from collections.abc import Iterator

import pytest
import torch

from geed_cli.engine.batches import Task
from geed_cli.engine.row import Subject
from geed_cli.engine.workers import MOST_WAITING, WorkQueue
from geed_cli.images.source import ImageRecord

PIXELS = torch.zeros(3, 2, 2, dtype=torch.uint8)


def tasks(count: int, controls: int = 0, first: int = -1) -> list[Task]:
    subjects = [
        Subject(ImageRecord(f"{n:04}", ""), control=n < controls, first=n == first) for n in range(count)
    ]
    return [Task(subject, PIXELS, ()) for subject in subjects]


def number(task: Task) -> int:
    """Which of the tasks it is."""
    return int(task.subject.path)


def test_every_image_goes_to_one_worker_and_control_images_in_order_to_the_first() -> None:
    """Workers that ask at any time, from their threads."""
    queue = WorkQueue(tasks(500, controls=100, first=300))
    taken: list[list[Task]] = [[], [], []]

    def take(worker: int) -> None:
        taken[worker].extend(queue.tasks_of(worker))

    threads = [threading.Thread(target=take, args=(worker,)) for worker in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=10)
    assert sorted(number(task) for worker in taken for task in worker) == list(range(500))
    assert [number(task) for task in taken[0] if task.subject.control] == list(range(100))
    assert 300 in [number(task) for task in taken[0]]


def test_a_worker_passes_over_what_belongs_to_the_first() -> None:
    """It gets the next image that anyone may see; the first gets what was passed over before anything new."""
    queue = WorkQueue(tasks(6, controls=2))
    one, other = queue.tasks_of(0), queue.tasks_of(1)
    assert [number(next(other)), number(next(one)), number(next(one)), number(next(one))] == [2, 0, 1, 3]
    assert [number(next(other)), number(next(one))] == [4, 5]
    assert next(one, None) is next(other, None) is None


def test_only_so_many_pictures_wait() -> None:
    """A worker waits once there are so many, and goes on when the first takes one."""
    asked: list[int] = []

    def listed() -> Iterator[Task]:
        for task in tasks(MOST_WAITING + 10, controls=MOST_WAITING + 5):
            asked.append(number(task))
            yield task

    queue = WorkQueue(listed())
    found: list[Task | None] = []
    waiting = threading.Thread(target=lambda: found.append(next(queue.tasks_of(1), None)))
    waiting.start()
    waiting.join(timeout=0.3)
    assert waiting.is_alive()
    assert len(asked) == MOST_WAITING
    one = queue.tasks_of(0)
    assert [number(next(one)) for _ in range(6)] == list(range(6))
    waiting.join(timeout=10)
    assert found[0] is not None
    assert number(found[0]) == MOST_WAITING + 5


def test_the_end_wakes_a_worker_that_waits() -> None:
    """And nobody gets anything any more."""
    queue = WorkQueue(tasks(MOST_WAITING + 10, controls=MOST_WAITING + 5))
    found: list[Task | None] = []
    waiting = threading.Thread(target=lambda: found.append(next(queue.tasks_of(1), None)))
    waiting.start()
    queue.end()
    waiting.join(timeout=10)
    assert found == [None]
    assert next(queue.tasks_of(0), None) is None


def test_an_error_reaches_the_worker_that_asked() -> None:
    """The others find no further image."""

    def failing() -> Iterator[Task]:
        yield from tasks(1)
        raise ValueError("unreadable")

    queue = WorkQueue(failing())
    assert number(next(queue.tasks_of(0))) == 0
    with pytest.raises(ValueError, match="unreadable"):
        next(queue.tasks_of(1))
    assert next(queue.tasks_of(0), None) is None
