"""Progress on stderr: a bar on a terminal, a line every ten seconds anywhere else."""

import time
from types import TracebackType
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

from geed_cli.cli.interrupt import StopOnInterrupt

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
        self._quiet = quiet
        self._stop = StopOnInterrupt(console)
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
        self._began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        self._stop.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.__exit__(kind, error, trace)
        self._bar.stop()

    def stopping(self) -> bool:
        """Whether the user asked the run to end."""
        return self._stop.requested

    def step(self, what: str) -> None:
        """A stage without a count has begun."""
        self._bar.update(self._task, description=what)

    def note(self, text: str) -> None:
        """One line, also where progress is not shown."""
        self._console.print(Text(text))

    def images(self, done: int, total: int) -> None:
        """So many images are done."""
        if done == 0:
            self._began = self._said = time.monotonic()
            self._bar.reset(self._task, total=total, description="auditing")
        self._bar.update(self._task, completed=done, description="auditing")
        now = time.monotonic()
        if (
            not self._quiet
            and not self._console.is_terminal
            and 0 < done < total
            and now - self._said >= EVERY_S
        ):
            self._said = now
            rate = done / (now - self._began)
            left = (total - done) / rate
            self._console.print(f"{done}/{total} images, {rate:.1f} images/s, {left:.0f} s left")
