"""Where the reader of stdout is gone, as with ``geed … | head``: nothing more is printed, all else goes on."""

import os
from typing import IO


def print_nowhere(stream: IO[str]) -> None:
    """Send a stream to nowhere from here on, so that Python does not flush into the closed pipe at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
