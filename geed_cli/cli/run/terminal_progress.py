"""Progress on stderr, a bar on a terminal, a line every ten seconds elsewhere; and Ctrl-C in two steps.

The first Ctrl-C asks the run to finish its current image and end, the second ends it at once.
"""

import signal
import threading
import time
from types import FrameType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

EVERY_S = 10.0
"""Seconds between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    """Images per second since the first."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} images/s" if speed else "", style="dim")


class TerminalProgress:
    """Draws a run's progress; shows nothing for runs that are over in a moment."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._prints_lines = not quiet and not console.is_terminal
        self._stopping = False
        columns = (
            TextColumn("{task.description}"),
            BarColumn(30),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
        )
        self._bar = Progress(
            *columns, console=console, transient=True, disable=quiet or not console.is_terminal
        )
        self._task = self._bar.add_task("starting", total=None)
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        # only the main thread may set handlers; elsewhere an interrupt ends the run at once
        self._handles = threading.current_thread() is threading.main_thread()
        if self._handles:
            self._handler_before = signal.signal(signal.SIGINT, self._first_interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handles:
            signal.signal(signal.SIGINT, self._handler_before)
        self._bar.stop()

    def _first_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._console.print("finishing the current image; press Ctrl-C again to stop at once")

    def stopping(self) -> bool:
        """Whether the user asked the run to end."""
        return self._stopping

    def step(self, what: str) -> None:
        """A stage without a count has begun."""
        self._bar.update(self._task, description=what)

    def note(self, text: str) -> None:
        """One line, also where progress is not shown."""
        self._console.print(Text(text))

    def images(self, done: int, total: int) -> None:
        """So many images are done."""
        if done == 0:
            self._began = self._last_line = time.monotonic()
            self._bar.reset(self._task, total=total, description="auditing")
        self._bar.update(self._task, completed=done, description="auditing")
        now = time.monotonic()
        if self._prints_lines and 0 < done < total and now - self._last_line >= EVERY_S:
            self._last_line = now
            rate = done / (now - self._began)
            left = (total - done) / rate
            self._console.print(f"{done}/{total} images, {rate:.1f} images/s, {left:.0f} s left")
