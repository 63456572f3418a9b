"""What ends a cluster of this machine with whoever started it: a process that waits for that, and then cleans up.

Ray's servers end with the process that started them, but processes of workers that were starting wait for the servers
for minutes, and the folder stays, where that process is killed. So a process of its own reads from a pipe that nobody
writes to; at its end, whatever brought it about, it kills what has files of the folder open and takes the folder away.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PAUSE_S = 0.1
CALM = 5
"""After so many looks in a row at which nothing had the folder's files open, nothing will: who starts has them open."""


@contextmanager
def cluster_folder() -> Iterator[str]:
    """A folder for the files of a cluster, which goes with all processes that have files of it open, but this one."""
    folder = tempfile.mkdtemp(prefix="geed-ray-")
    words = [sys.executable, "-I", "-S", __file__, folder, str(os.getpid())]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, cwd="/", start_new_session=True
    ):
        yield folder


def _users(folder: str) -> Iterator[int]:
    """The processes that have a file of the folder open, as far as this system says so (Linux)."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended, or is another user's
            opened = map(os.readlink, (process / "fd").iterdir())
            if any(name.startswith(f"{folder}/") for name in opened):
                yield int(process.name)


def _clean(folder: str, owner: int) -> None:
    """End all processes of a cluster but the one that started it, then take its folder away."""
    calm = 0
    while calm < CALM:
        left = set(_users(folder)) - {owner}
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        calm = 0 if left else calm + 1
        time.sleep(PAUSE_S)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    _clean(sys.argv[1], int(sys.argv[2]))
