"""What runs in a worker process: it holds the networks of one cell and makes what it is asked to.

Nothing here knows of Ray, which calls it. The networks of a cell are opened with its first task and closed with the
first of another, so that a worker needs the memory of one cell.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Literal, Protocol

from geed_cli.engine.passes import OutOfMemoryError
from geed_cli.engine.steady.finding import UnsteadyError
from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.runtime.own_process import own_process

Kind = Literal["made", "refused", "ended"]


class Maker(Protocol):
    """What a worker holds of a cell."""

    def make(self, task: object) -> object:
        """What comes of a task.

        Raises:
            GeedError: the cell cannot be done by any worker.
        """


class Job(Protocol):
    """What a worker needs to know of a cell; it travels to other processes."""

    def open(self) -> AbstractContextManager[Maker]:
        """The networks of the cell, ready to be run.

        Raises:
            GeedError: they cannot be had here.
        """


@dataclass(frozen=True)
class Answer:
    """What a worker says of a task.

    Attributes:
        kind: whether it was made, the worker cannot do the cell, or nobody can.
        record: what was made.
        error: what stood in the way.
    """

    kind: Kind
    record: object = None
    error: GeedError | None = None


class Worker:
    """One process of a cluster."""

    def __init__(self) -> None:
        self._cell: str | None = None
        self._maker: Maker | None = None
        self._stack = ExitStack()

    def ready(self) -> None:
        """Nothing: whoever gets an answer knows that the process is there."""

    def make(self, cell: str, fetch: Callable[[], Job], task: object) -> Answer:
        """Do one task of a cell, whose job is fetched where it is not open."""
        with own_process():
            try:
                maker = self._opened(cell, fetch)
            except GeedError as error:
                return Answer("refused", error=plain(error))
            try:
                return Answer("made", maker.make(task))
            except GeedError as error:
                return Answer("ended", error=plain(error))

    def close(self) -> Answer:
        """Close the networks that are open."""
        try:
            self._close()
        except GeedError as error:
            return Answer("ended", error=plain(error))
        return Answer("made")

    def _opened(self, cell: str, fetch: Callable[[], Job]) -> Maker:
        if self._maker is None or self._cell != cell:
            self._close()
            self._maker = self._stack.enter_context(fetch().open())
            self._cell = cell
        return self._maker

    def _close(self) -> None:
        self._cell = self._maker = None
        self._stack.close()


def plain(error: GeedError) -> GeedError:
    """The error as one of the kinds that every process can make again, and that callers tell from each other."""
    if isinstance(error, OutOfMemoryError):
        return OutOfMemoryError(error.device, error.batch_size)
    kind = next(kind for kind in (UnsteadyError, InputError, RunError, GeedError) if isinstance(error, kind))
    return kind(error.found, expected=error.expected, remedy=error.remedy)
