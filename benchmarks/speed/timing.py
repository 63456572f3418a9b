"""Timing things in turns, and cases of the benchmark in processes of their own, which write their lines as JSON.

So no case inherits the memory, the threads or the warm caches of another, and the process that collects needs no torch.

    python -m benchmarks.speed.timing CASE '{"images": 100, ...}'
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module

from benchmarks.speed.settings import Settings
from benchmarks.table import Line

MODULES = {
    "loops": "cases",
    "groups": "cases",
    "layers": "cases",
    "memory": "memory",
    "precision": "precision",
    "decoding": "cases",
    "statistics": "tabulating",
    "startup": "startup",
    "peers": "peers",
    "timm": "timm_script",
}
"""Where the function is that yields a case's lines, by the case's name, which is the function's name, too."""
TIMM = "timm"
"""The case that needs a copy of timm's benchmark script; see ``benchmarks.speed.timm_script``."""
CASES = tuple(name for name in MODULES if name != TIMM)


@dataclass(frozen=True)
class Turns:
    """Seconds of each thing, by its name, one for each round."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """The median over rounds."""
        return statistics.median(self.seconds[name])

    def best(self, name: str) -> float:
        """The quickest round, where what disturbs can only slow down."""
        return min(self.seconds[name])

    def ratio(self, one: str, other: str) -> float:
        """The median over rounds of the ratio one/other within a round."""
        pairs = zip(self.seconds[one], self.seconds[other], strict=True)
        return statistics.median(a / b for a, b in pairs)


def in_turns(timed: Mapping[str, Callable[[], float]], rounds: int) -> Turns:
    """Time everything once a round, every second round in reverse, so that a drift favours none.

    Args:
        timed: functions that return seconds.
        rounds: how often each is called.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds):
        names = list(timed) if number % 2 == 0 else list(timed)[::-1]
        for name in names:
            seconds[name].append(timed[name]())
    return Turns({name: tuple(values) for name, values in seconds.items()})


def run_case(name: str, settings: Settings) -> Iterator[Line]:
    """The lines of one case, each as soon as it is there.

    Raises:
        subprocess.CalledProcessError: the case failed; its message is on stderr.
    """
    command = module_command("benchmarks.speed.timing", name, settings.to_json())
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        assert child.stdout is not None, "a pipe was asked for"
        for text in child.stdout:
            yield Line(**json.loads(text))
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)


def module_command(name: str, *arguments: str) -> Sequence[str]:
    """The command that runs a module with this interpreter."""
    return (sys.executable, "-m", name, *arguments)


def write_lines(name: str, settings: Settings) -> None:
    """Run a case here and write its lines; only its own module is imported, since some must not import torch."""
    case: Callable[[Settings], Iterable[Line]] = getattr(
        import_module(f"benchmarks.speed.{MODULES[name]}"), name
    )
    for line in case(settings):
        sys.stdout.write(f"{json.dumps(asdict(line))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_lines(sys.argv[1], Settings.from_json(sys.argv[2]))
