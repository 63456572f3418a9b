"""Progress: one line with images per second and time left, of which a terminal keeps nothing."""

import io
import os
import pty
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console

from geed_cli.report import terminal_progress
from geed_cli.report.terminal_progress import TerminalProgress, counted, time_left


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "1 s"), (7.2, "8 s"), (119.0, "119 s"), (119.5, "2 min"), (725, "12 min"),
     (7200, "2 h 0 min"), (12000, "3 h 20 min")],
)  # fmt: skip
def test_time_left(seconds: float, said: str) -> None:
    """The larger the coarser, and never nothing."""
    assert time_left(seconds) == f"{said} left"


def test_what_is_not_known_is_not_said() -> None:
    """Before the first image there is no speed, and after the last nothing is left."""
    assert counted(0, 40, None, None) == "0/40 images"
    assert counted(12, 40, 3.41, 8.2) == "12/40 images, 3.4 images/s, 9 s left"
    assert counted(1, 40, 0.052, 750.0) == "1/40 images, 0.052 images/s, 12 min left"
    assert counted(40, 40, 123.4, 0.0) == "40/40 images, 123 images/s"


class Screen:
    """A terminal of one row's height under a program: what stands in each of its rows, by the codes that rich sends."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {0: ""}
        self.row = self.column = 0
        self.seen: list[str] = []

    def feed(self, text: str) -> None:
        """Carry out the text."""
        for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r\n|\r|\n|[^\x1b\r\n]+", text):
            self._do(part)

    def _do(self, part: str) -> None:
        if part.startswith("\x1b["):
            if part.endswith("K"):
                assert part == "\x1b[2K"
                self.rows[self.row] = ""
            elif part.endswith("A"):
                self.row -= int(part[2:-1] or 1)
        elif part == "\r":
            self.column = 0
        elif part in {"\n", "\r\n"}:
            self.row, self.column = self.row + 1, 0
            self.rows.setdefault(self.row, "")
        else:
            before = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = before[: self.column] + part + before[self.column + len(part) :]
            self.column += len(part)
            self.seen.append(part)


@contextmanager
def terminal(columns: int) -> Iterator[tuple[Console, Screen]]:
    """A console on a pseudo-terminal, and what can be read on its other side."""
    master, slave = pty.openpty()
    screen = Screen()

    def read() -> None:
        try:
            while data := os.read(master, 65536):
                screen.feed(data.decode())
        except OSError:  # Linux's word for the end of a terminal
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield Console(file=stream, width=columns, force_terminal=None, _environ={"TERM": "xterm"}), screen
    reader.join()
    os.close(master)


@pytest.mark.parametrize("columns", [30, 60, 100])
def test_a_terminal_keeps_nothing_of_it(columns: int) -> None:
    """Every state is one line that fits; at the end only the note is left, which is no progress."""
    with terminal(columns) as (console, screen), TerminalProgress(console) as progress:
        progress.step("loading a network with a rather long name")
        progress._bar.refresh()
        progress.images(0, 40)
        progress.images(12, 40)
        progress._bar.refresh()
        progress.note("a note")
        progress.finished("1/3 done")
        progress.step("statistics")
        progress._bar.refresh()
    assert [row for row in screen.rows.values() if row.strip()] == ["a note"]
    assert screen.seen[-1] == "statistics"  # of which nothing is counted
    assert max(map(len, screen.seen)) < columns
    assert any("12/40 images" in line for line in screen.seen)
    assert any("images/s" in line and "s left" in line for line in screen.seen) == (columns > 30)


@pytest.mark.parametrize("terminal_name", [None, "dumb"])
def test_elsewhere_it_is_a_line_now_and_then(
    terminal_name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away from a terminal, and on one that cannot move its cursor; with images per second and the time left."""
    now = iter([0.0, 0.0, 5.0, 10.0, 12.0, 20.0])
    monkeypatch.setattr(terminal_progress.time, "monotonic", lambda: next(now))
    stream = io.StringIO()
    environ = {} if terminal_name is None else {"TERM": terminal_name}
    console = Console(file=stream, width=80, force_terminal=terminal_name is not None, _environ=environ)
    with TerminalProgress(console) as progress:
        progress.part("2 of 3")
        for done in (0, 10, 20, 24, 40):
            progress.images(done, 40)
        progress.finished("2/3 done")
    assert stream.getvalue() == "auditing, 2 of 3  20/40 images, 2 images/s, 10 s left\n2/3 done\n"


def test_quiet_shows_none() -> None:
    """Neither a line that goes nor lines that stay."""
    for force in (True, False):
        stream = io.StringIO()
        with TerminalProgress(Console(file=stream, force_terminal=force), quiet=True) as progress:
            progress.images(0, 2)
            progress.images(1, 2)
            progress.finished("1/3 done")
        assert stream.getvalue() == ""
