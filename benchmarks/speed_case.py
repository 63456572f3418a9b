"""Every case of the speed benchmark runs in a process of its own, which writes its lines as JSON, one a line.

So no case inherits the memory, the threads or the warm caches of another, and the process that collects needs no torch.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict

from benchmarks.speed_settings import Settings
from benchmarks.table import Line

CASES = ("loops", "groups", "layers", "memory", "decoding", "statistics", "startup")
TIMM = "timm"
"""The case that needs a copy of timm's benchmark script; see ``benchmarks.speed_timm``."""


def run_case(name: str, settings: Settings) -> Iterator[Line]:
    """The lines of one case, each as soon as it is there.

    Raises:
        subprocess.CalledProcessError: the case failed; its message is on stderr.
    """
    command = module_command(f"benchmarks.speed_{name}", settings.to_json())
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        assert child.stdout is not None, "a pipe was asked for"
        for text in child.stdout:
            yield Line(**json.loads(text))
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)


def serve(case: Callable[[Settings], Iterable[Line]]) -> None:
    """Run a case by the settings that the command line holds, and write its lines."""
    for line in case(Settings.from_json(sys.argv[1])):
        sys.stdout.write(f"{json.dumps(asdict(line))}\n")
        sys.stdout.flush()


def module_command(name: str, *arguments: str) -> Sequence[str]:
    """The command that runs a module with this interpreter."""
    return (sys.executable, "-m", name, *arguments)
