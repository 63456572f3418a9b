"""Commands with ``--engine ray`` in processes of their own, which tests watch, kill and interrupt."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

Seen = TypeVar("Seen")
ROOT = Path(__file__).parents[2]
PAUSE_S = 0.02
LOOKS = 5_000
"""So often it is looked whether a run has left anything, before it is said that it has."""
BUSY = "ray::Worker.make"
"""What Ray calls the process of a worker that is at a task."""


class RayRun:
    """A command of ``geed`` that was started, with a cache of its own.

    Args:
        folder: where it runs; its cache is the folder ``cache`` there.
        words: behind ``geed``.
        cache: another folder for the cache.
        settings: further variables of its environment.

    Attributes:
        temporary: where its temporary files are; the names of sockets there have to be short.
    """

    def __init__(
        self, folder: Path, *words: str, cache: Path | None = None, settings: dict[str, str] | None = None
    ) -> None:
        cache = cache or folder / "cache"
        self.temporary = Path(tempfile.mkdtemp(prefix="ray-"))
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "GEED_CACHE_DIR": str(cache),
            "TMPDIR": str(self.temporary),
            **(settings or {}),
        }
        self.rows = cache / "rows"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "geed_cli", *words],
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def said(self, code: int = 0) -> str:
        """What it said, once it has ended with that code."""
        said, _ = self.process.communicate()
        with suppress(OSError):  # something of it is left, which is the matter of another test
            os.rmdir(self.temporary)
        assert self.process.returncode == code, said
        return said

    def wait_until_said(self, words: str) -> None:
        """Until it says so; what it said up to then is not in what ``said`` returns.

        Raises:
            AssertionError: it ended without.
        """
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            if words in line:
                return
            lines.append(line)
        raise AssertionError("".join(lines))

    def kill(self) -> None:
        """End it at once, as memory that runs out does."""
        self.process.kill()
        self.process.communicate()

    def left(self) -> tuple[list[str], list[str]]:
        """The temporary files and the processes that are left of it, once there are none, or have not gone for long."""
        for _ in range(LOOKS):
            files = [file.name for file in self.temporary.glob("*")]
            processes = [words for _, words in processes_in(self.temporary)]
            if not files and not processes:
                break
            time.sleep(PAUSE_S)
        return files, processes

    def workers(self) -> list[int]:
        """The processes of its workers that are at a task."""
        return workers_of(self.process.pid)

    def kill_a_worker(self) -> bool:
        """Kill one that is at a task, once there is one.

        Returns:
            whether there was one before the run ended.
        """
        return any(killed(worker) for worker in self.wait_for(self.workers)[:1])

    def written(self) -> int:
        """Bytes of rows that are kept."""
        return sum(size for size in map(_size, self.rows.rglob("*.rows")))

    def wait_for(self, what: Callable[[], Seen]) -> Seen:
        """What it looked for, once there is some of it or the command has ended."""
        while not (seen := what()) and self.running:
            time.sleep(PAUSE_S)
        return seen


def workers_of(process: int) -> list[int]:
    """The workers that are at a task, among the processes that one has started."""
    return [each for each, words in descendants_of(process).items() if words.startswith(BUSY)]


def descendants_of(process: int) -> dict[int, str]:
    """The processes that one has started, and that these have, with their words."""
    listed = subprocess.run(["ps", "-ewwo", "pid,ppid,args"], capture_output=True, text=True, check=True)
    lines = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
    mine = {process}
    while more := {int(pid) for pid, parent, _ in lines if int(parent) in mine} - mine:
        mine |= more
    return {int(pid): words for pid, _, words in lines if int(pid) in mine - {process}}


def killed(process: int) -> bool:
    """Kill a process.

    Returns:
        whether it had not ended.
    """
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:  # it ended by itself
        return False
    return True


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # its result is there
        return 0


def processes_in(folder: Path) -> Iterator[tuple[int, str]]:
    """The processes that have a file of a folder open, as those of a cluster have their logs there; and their words."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = [os.readlink(file) for file in (process / "fd").iterdir()]
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended, or is another user's
            continue
        if any(name.startswith(f"{folder}/") for name in opened):
            yield int(process.name), words
