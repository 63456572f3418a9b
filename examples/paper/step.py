"""A step of an experiment: one command, and the file that is there when it is done."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from examples.paper.settings import SCALES, Scale

HERE = Path(__file__).parent
SPECS = HERE / "specs"


@dataclass(frozen=True)
class Place:
    """Where an experiment reads and writes: ``data`` as given, all else below ``out``."""

    data: Path
    out: Path
    scale: str

    @property
    def settings(self) -> Scale:
        """All that the scale fixes."""
        return SCALES[self.scale]


@dataclass(frozen=True)
class Step:
    """``command`` begins with ``geed`` or with a module of this package; ``makes`` is the last file that it writes."""

    command: tuple[str, ...]
    makes: Path

    @property
    def done(self) -> bool:
        """Whether its file is there, and does not say that a part of it is missing, as tracks and sweeps do."""
        if self.makes.suffix != ".json" or not self.makes.is_file():
            return self.makes.exists()
        return bool(json.loads(self.makes.read_text(encoding="utf-8")).get("status") != "partial")

    @property
    def line(self) -> str:
        """As it is typed in a shell, from the repository's root."""
        start = ["geed"] if self.command[0] == "geed" else ["python", "-m", self.command[0]]
        return shlex.join([*start, *self.command[1:]])

    def run(self) -> None:
        """Run it, unless it was.

        Raises:
            subprocess.CalledProcessError: the command failed; what it said stands on the terminal.
        """
        if self.done:
            return
        print(f"$ {self.line}", flush=True)
        self.makes.parent.mkdir(parents=True, exist_ok=True)
        module = "geed_cli" if self.command[0] == "geed" else self.command[0]
        paths = os.pathsep.join(filter(None, [str(HERE.parents[1]), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": paths}  # specs name nets of this package
        subprocess.run([sys.executable, "-m", module, *self.command[1:]], env=environment, check=True)


def geed(*words: object, makes: Path) -> Step:
    """A step of ``geed``."""
    return Step(("geed", *map(str, words)), makes)


def metrics(*names: str) -> list[str]:
    """``--metric`` before each name."""
    return [word for name in names for word in ("--metric", name)]


def specs(place: Place) -> Step:
    """The networks' specs, of this scale."""
    words = ("--scale", place.scale, "--out", str(place.out / "specs"))
    return Step(("examples.paper.specs", *words), place.out / "specs" / "written.json")
