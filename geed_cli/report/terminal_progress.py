"""Progress on stderr: one line on a terminal that is gone when the run is, a line every ten seconds elsewhere.

On a command line Ctrl-C acts in two steps: the first asks the run to finish its current image and end, the second
ends it at once. In Python it is Python's own KeyboardInterrupt.
"""

import math
import signal
import threading
import time
from types import FrameType
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.table import Column
from rich.text import Text

from geed_cli.report.marks import ascii_text, plain_characters

EVERY_S = 10.0
"""Seconds between two lines where there is no terminal."""
BAR_WIDTH = 24
MINUTE, HOUR = 60, 3600
TEN = 10
"""Images per second: from so many on they are whole."""


def time_left(seconds: float) -> str:
    """``8 s left``, ``12 min left``, ``3 h 20 min left``: the larger, the coarser; never less than a second."""
    left = max(1, math.ceil(seconds))
    if left < 2 * MINUTE:
        return f"{left} s left"
    if left < 2 * HOUR:
        return f"{round(left / MINUTE)} min left"
    hours, rest = divmod(left, HOUR)
    return f"{hours} h {rest // MINUTE} min left"


def counted(done: int, total: int, per_second: float | None, left_s: float | None) -> str:
    """``12/40 images, 3.4 images/s, 8 s left``: what is known of it."""
    parts = [f"{done}/{total} images"]
    if per_second:
        parts.append(f"{per_second:{'.2g' if per_second < TEN else '.0f'}} images/s")
    if left_s is not None and done < total:
        parts.append(time_left(left_s))
    return ", ".join(parts)


class _Line(ProgressColumn):
    """What is being done, a bar where there is room, and the numbers; never more than one line."""

    def __init__(self, console: Console) -> None:
        super().__init__(Column(no_wrap=True, overflow="crop"))
        self._console = console

    def render(self, task: Task) -> Text:
        """The line as wide as the terminal is now."""
        room = self._console.width - 1  # a line that fills the last column wraps on some terminals
        if not task.total or not task.fields["counts"]:
            return Text(self._cut(task.description, room))
        done, total = int(task.completed), int(task.total)
        rate, ends = task.fields["rate"], task.fields["ends"]
        numbers = counted(done, total, rate, None if ends is None else ends - time.monotonic())
        filled = BAR_WIDTH * done // total
        bar = "━" * filled + "╌" * (BAR_WIDTH - filled)
        bar = ascii_text(bar) if plain_characters(self._console) else bar
        for parts in ([task.description, bar, numbers], [task.description, numbers]):
            line = "  ".join(filter(None, parts))
            if cell_len(line) <= room:
                return Text(line)
        return Text(self._cut(numbers, room))

    @staticmethod
    def _cut(text: str, room: int) -> str:
        while cell_len(text) > max(room, 0):
            text = text[:-1]
        return text


class TerminalProgress:
    """Draws a run's progress; shows nothing for runs that are over in a moment.

    Args:
        console: where it is drawn.
        quiet: whether notes alone are shown.
        handles_interrupts: whether Ctrl-C acts in two steps.
    """

    def __init__(self, console: Console, *, quiet: bool = False, handles_interrupts: bool = True) -> None:
        self._console = console
        self._handles = handles_interrupts
        draws = console.is_terminal and not console.is_dumb_terminal
        self._prints_lines = not quiet and not draws
        self._stopping = False
        self._of = ""
        self._bar = Progress(_Line(console), console=console, transient=True, disable=quiet or not draws)
        self._task = self._bar.add_task("starting", total=None, counts=False)
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        # only the main thread may set handlers; elsewhere an interrupt ends the run at once
        self._handles = self._handles and threading.current_thread() is threading.main_thread()
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

    def part(self, of: str) -> None:
        """Which of several audits runs from here on, as ``2 of 5``."""
        self._of = f", {of}"

    def step(self, what: str) -> None:
        """A stage without a count has begun."""
        self._bar.update(self._task, description=f"{what}{self._of}", counts=False)

    def finished(self, text: str) -> None:
        """One of several audits is done: a line where progress is lines, nothing where it is one that goes."""
        if self._prints_lines:
            self._console.print(Text(text))

    def note(self, text: str) -> None:
        """One line, also where progress is not shown."""
        self._console.print(Text(text))

    def images(self, done: int, total: int) -> None:
        """So many images are done."""
        now = time.monotonic()
        if done == 0:
            self._began = self._last_line = now
        rate = done / (now - self._began) if done and now > self._began else None
        ends = now + (total - done) / rate if rate else None
        what = f"auditing{self._of}"
        self._bar.update(
            self._task, completed=done, total=total, description=what, counts=True, rate=rate, ends=ends
        )
        if self._prints_lines and rate and done < total and now - self._last_line >= EVERY_S:
            self._last_line = now
            self._console.print(f"{what}  {counted(done, total, rate, (total - done) / rate)}")

    def checks(self, done: int, total: int, name: str) -> None:
        """So many checks of a self-test are done, and the next is called so.

        Raises:
            KeyboardInterrupt: the user asked the run to end.
        """
        if self._stopping:
            raise KeyboardInterrupt
        now = time.monotonic()
        self._bar.update(self._task, description=f"{done}/{total} checks, {name}", counts=False)
        if self._prints_lines and now - self._last_line >= EVERY_S:
            self._last_line = now
            self._console.print(f"{done}/{total} checks, {name}")
