"""A worker's process is geed's own: memory is kept between forward passes there, and prints go to its log."""

from collections.abc import Iterator
from contextlib import contextmanager

from geed_cli.cluster.worker import Worker
from geed_cli.runtime.own_process import is_own_process


class Asking:
    """A job, and what a worker holds of it: each says whether the process is its own."""

    def __init__(self) -> None:
        self.opened: list[bool] = []

    @contextmanager
    def open(self) -> Iterator["Asking"]:
        self.opened.append(is_own_process())
        yield self

    def make(self, task: object) -> object:
        return task, is_own_process()


def test_it_opens_and_makes_in_its_own_process() -> None:
    asking, worker = Asking(), Worker()
    answers = [worker.make("cell", lambda: asking, task) for task in (1, 2)]
    assert [answer.record for answer in answers] == [(1, True), (2, True)]
    assert asking.opened == [True]
    assert not is_own_process()
    assert worker.close().kind == "made"
