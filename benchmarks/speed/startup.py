"""Goals: the first forward pass within 1.3 times the import of torch and timm, reruns in 3 s, the rest at once.

Every time is of a process of its own, from its start to its end, the best of several. Imports no torch.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import in_turns, module_command
from benchmarks.table import Line

POLICY = """\
version: 1
rules:
  - {metric: latent.l2, group: "*", max: 5, level: error}
  - {metric: channelwise.cosine, group: "*", layer: "*", max: 1, level: error}
"""
IMPORTS = (sys.executable, "-c", "import torch, timm")
ON_CHANGES = """\
baseline:
  rules:
    - {metric: "latent.*", group: "*", max_increase: 50%, level: warn}
"""


def startup(settings: Settings) -> Iterator[Line]:
    """A line for each command, and one with the import and the network alone."""
    yield command_line("geed --help", ["--help"], 0.3, settings)
    yield import_alone(settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from first_forward(settings, folder / "cache")
        yield from rerun(settings, folder / "rows")
        subprocess.run(module_command("benchmarks.speed.work", name, str(settings.saved)), check=True)
        policy, changes = folder / "policy.yaml", folder / "changes.yaml"
        policy.write_text(POLICY, encoding="utf-8")
        changes.write_text(POLICY + ON_CHANGES, encoding="utf-8")
        one, other = str(folder / "0.json"), str(folder / "1.json")
        alone = ["check", one, "--policy", str(policy)]
        against = ["check", one, "--policy", str(changes), "--baseline", other]
        about = f"{settings.saved} images"
        yield command_line(f"geed check, {about}", alone, 1, settings)
        yield command_line(f"geed check --baseline, {about}", against, 1, settings)
        yield command_line(f"geed compare of two results, {about}", ["compare", one, other], 1, settings)


def import_alone(settings: Settings) -> Line:
    """Importing the package, beside starting Python: its names are imported when they are first asked for."""
    commands = {"geed": (sys.executable, "-c", "import geed_cli"), "python": (sys.executable, "-c", "")}
    turns = in_turns({key: partial(seconds_of, command) for key, command in commands.items()}, runs(settings))
    more = turns.best("geed") - turns.best("python")
    return Line("import geed_cli, beside starting Python", f"best of {runs(settings)}", more, 0.05, "s")


def first_forward(settings: Settings, cache: Path) -> Iterator[Line]:
    """`geed audit` up to its first forward pass on an image, against the import, and that with the network."""
    name = settings.deep.removeprefix("timm:")
    network = f"import torch, timm; timm.create_model('{name}').eval()"
    commands = {
        "geed": module_command("benchmarks.speed.first_forward", settings.deep, str(cache)),
        "imports": IMPORTS,
        "network": (sys.executable, "-c", network),
    }
    turns = in_turns({key: partial(seconds_of, command) for key, command in commands.items()}, runs(settings))
    geed, imports, made = (turns.best(key) for key in commands)
    what = f"{name}, start to first forward pass, against importing torch and timm"
    yield Line(what, f"{geed:.2f} s against {imports:.2f} s", geed / imports, 1.3)
    words = f"{geed:.2f} s against {made:.2f} s"
    yield Line("… against importing them and creating the network", words, geed / made)


def rerun(settings: Settings, cache: Path) -> Iterator[Line]:
    """A finished audit once more, whose rows are all in the cache."""
    audit = module_command(
        "geed_cli", "audit", settings.deep, "--weights", "random", "--group", "c4", "--cache-dir", str(cache)
    )
    seconds_of(audit)
    commands = {"rerun": audit, "imports": IMPORTS}
    turns = in_turns({key: partial(seconds_of, command) for key, command in commands.items()}, runs(settings))
    again, imports = (turns.best(key) for key in commands)
    name = settings.deep.removeprefix("timm:")
    yield Line(f"{name}, c4, a finished audit once more", f"best of {runs(settings)}", again, 3, "s")
    words = f"{again:.2f} s against {imports:.2f} s"
    yield Line("… against importing torch and timm", words, again / imports)


def command_line(what: str, arguments: Sequence[str], limit: float, settings: Settings) -> Line:
    """Seconds of a geed command."""
    command = module_command("geed_cli", *arguments)
    seconds = min(seconds_of(command) for _ in range(runs(settings)))
    return Line(what, f"best of {runs(settings)}", seconds, limit, "s")


def runs(settings: Settings) -> int:
    """How often each process runs: two more than what is long, since the first reads files from the disk."""
    return settings.repeats + 2


def seconds_of(command: Sequence[str]) -> float:
    """Seconds of one process.

    Raises:
        RuntimeError: it did not work. A gate that does not pass has worked.
    """
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode not in {0, 1} or "Traceback" in done.stderr:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
    return seconds
