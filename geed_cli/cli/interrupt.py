"""Ctrl-C in two steps: the first asks the run to finish its current image and end, the second ends it at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console


class StopOnInterrupt:
    """While entered, the first SIGINT only sets ``requested``; the handler before it is put back at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.requested = False

    def __enter__(self) -> Self:
        # only the main thread may set handlers; elsewhere an interrupt ends the run at once, as before
        self._active = threading.current_thread() is threading.main_thread()
        if self._active:
            self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._active:
            signal.signal(signal.SIGINT, self._before)

    def _first(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._console.print("finishing the current image; press Ctrl-C again to stop at once")
