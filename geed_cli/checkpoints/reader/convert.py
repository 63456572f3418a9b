"""Turning a torch.save file into safetensors in a process of its own, with limits, so that no pickle is ever read here.

The process is a fresh Python (``-I``: no environment variables, no user site, no current folder), with a few
environment variables, no standard input but the request, and its results in a private folder that is removed in any
case. It has this user's rights: it is a second wall behind ``weights_only``, not a sandbox.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geed_cli.checkpoints.formats import Container
from geed_cli.checkpoints.reader.archive import SAVE_AGAIN
from geed_cli.checkpoints.reader.child import ANSWER_FILE
from geed_cli.checkpoints.reader.messages import Choice, Conversion, Refused, Request, read_answer
from geed_cli.checkpoints.reader.resource_limits import Limits, limits_for
from geed_cli.errors import InputError, RunError

START_READER = (
    "import json, sys; values = json.load(sys.stdin); sys.path[:] = values.pop('sys_path'); "
    "from geed_cli.checkpoints.reader.child import main; main(values)"
)
VARIABLES_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL")
"""Environment variables that finding and starting torch may need; tokens and passwords stay here."""


@contextmanager
def converted(
    path: Path, container: Container, choice: Choice, limits: Limits | None = None
) -> Iterator[Conversion]:
    """The chosen entry of a torch.save file as a safetensors file, which is gone after the block.

    Args:
        path: a zip archive or an older stream of torch.save, as ``container`` says.
        container: what its first bytes announce.
        choice: which entry.
        limits: of the reading process; by default those of the file's size.

    Raises:
        InputError: the file was refused, exceeded a limit or made its reader crash.
        RunError: the reading process could not be started, or there is no room for the copy.
    """
    limits = limits or limits_for(path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="geed-") as folder:
        target = Path(folder) / "weights.safetensors"
        request = Request(_nameable(path.absolute(), Path(folder)), target, container.value, choice, limits)
        _run(request, Path(folder))
        answer = read_answer(Path(folder) / ANSWER_FILE)
        if isinstance(answer, Refused):
            kind = InputError if answer.kind == "input" else RunError
            raise kind(answer.found, expected=answer.expected, remedy=answer.remedy)
        yield Conversion(target, answer)


def _nameable(path: Path, folder: Path) -> Path:
    """The path, or a link to it in the folder where torch could not open it: it takes names as UTF-8 alone."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        link = folder / "original"
        link.symlink_to(path)
        return link
    return path


def _run(request: Request, folder: Path) -> None:
    """Start the process, wait for it, and explain how it ended where it left no answer."""
    message = json.dumps({**request.values(), "sys_path": [part for part in sys.path if part]})
    with (folder / "messages").open("w+b") as messages:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", START_READER],
                input=message.encode(),
                stdout=messages,
                stderr=messages,
                env=_environment(),
                cwd=folder,
                timeout=request.limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _too_slow(request.limits) from error
        except OSError as error:
            raise _not_started(str(error)) from error
        if done.returncode == 0:
            return
        if done.returncode > 0:
            raise _not_started(_last_line(folder / "messages"))
    raise _killed(-done.returncode, request.limits)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in VARIABLES_PASSED_ON if name in os.environ}
    # One thread is enough for copying, and each of a pool takes its share of the memory limit; no GPU is touched.
    return kept | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2000))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return ascii(lines[-1])[1:-1][:200] if lines else "it ended without a message"


def _killed(number: int, limits: Limits) -> InputError:
    """By a signal: a limit, the system's own memory guard, or a crash in native code."""
    if number == getattr(signal, "SIGXCPU", None):
        return _too_slow(limits)
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    cause = "probably because memory ran out" if name == "SIGKILL" else "a crash in its reader"
    return InputError(
        f"reading the file ended in {name}, {cause}; the audit itself was not touched",
        expected="a complete file as torch.save writes it",
        remedy=SAVE_AGAIN,
    )


def _too_slow(limits: Limits) -> InputError:
    return InputError(
        f"reading the file takes longer than {limits.seconds} s",
        expected="a checkpoint that is read at the speed of the disk",
        remedy="copy it to a local disk; if that does not help, do not trust it",
    )


def _not_started(reason: str) -> RunError:
    return RunError(
        f"the process that reads checkpoint files failed: {reason}",
        expected=f"{sys.executable} that can import geed_cli and torch",
        remedy="check the installation, or give the weights as safetensors",
    )
