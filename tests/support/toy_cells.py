"""Cells without networks, for the pool of a real cluster: a task is a few numbers, what comes of it their squares."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.scheduling.piece import Lease, Piece


@dataclass(frozen=True)
class Toy:
    """A job.

    Attributes:
        deadly: numbers that no worker survives.
        refuses: whether nobody can open it.
        wrong: a number at which the cell ends in an error.
        odd: a number over which code of a worker raises something of its own.
        seconds: of a task.
        once: file that the first worker who finds it missing makes before it dies.
    """

    deadly: frozenset[int] = frozenset()
    refuses: bool = False
    wrong: int | None = None
    odd: int | None = None
    seconds: float = 0.0
    once: Path | None = None

    @contextmanager
    def open(self) -> Iterator["Toy"]:
        if self.refuses:
            raise InputError("no such network", expected="one that is there", remedy="another")
        yield self

    def make(self, task: object) -> bytes:
        assert isinstance(task, list)
        time.sleep(self.seconds)
        if self.deadly & set(task):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.once is not None and _is_first(self.once):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.wrong in task:
            raise InputError("an image is wrong", expected="none", remedy="leave it out")
        if self.odd in task:
            raise ZeroDivisionError("odd")
        return json.dumps({number: number**2 for number in task}).encode()


def _is_first(file: Path) -> bool:
    """Whether the file was not there; of several processes that ask at the same moment one is the first."""
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def numbers(piece: Piece, size: int) -> list[int]:
    """The numbers of a piece of tiles of one size."""
    return [
        piece.tile * size + place for place in range(piece.start, piece.stop) if place not in piece.left_out
    ]


class Kept:
    """Keeps what is made, by cell and number, and why cells were refused."""

    def __init__(self) -> None:
        self.values: dict[str, dict[int, int]] = {}
        self.twice: list[int] = []
        self.errors: list[str] = []
        self.stop = False

    def keep(self, lease: Lease, record: object) -> None:
        assert isinstance(record, bytes)
        own = self.values.setdefault(lease.piece.cell, {})
        for number, value in json.loads(record).items():
            if int(number) in own:
                self.twice.append(int(number))
            own[int(number)] = value

    def refused(self, _: Lease, error: Exception) -> None:
        self.errors.append(str(error).partition("\n")[0])

    def looked(self) -> None:
        pass

    def stopping(self) -> bool:
        return self.stop
