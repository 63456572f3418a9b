"""Ways out that messages print, taken from their "try" line as printed and run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import Result

from support.command import Geed


@dataclass(frozen=True)
class Situation:
    """A command that is refused, and the ways out that its message prints.

    Attributes:
        typed: the command line, without ``geed``; ``{here}`` is the folder of the test.
        says: a part of the message, on one line.
        ways: regular expressions that find each way out in the "try" line, in their first group: a whole command
            (``geed …``, ``python …``), options to be added to what was typed or to replace there,
            ``leave out --option``, or lines of a spec.
        fill: what stands for the message's placeholders, such as FILE.
        prepare: makes the files that the situation needs.
        before: a command line that is run first, and works.
        edit: does what the way out says with a file, for those that are no command; the same line is then typed again.
        exits: exit codes of a way out that worked.
        code: the exit code of the refusal.
    """

    typed: str
    says: str
    ways: tuple[str, ...]
    fill: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], object] = lambda _here: None
    before: str = ""
    edit: Callable[[Path, str], object] | None = None
    exits: tuple[int, ...] = (0,)
    code: int = 2


def remedy_of(done: Result) -> str:
    """The "try" part of a message, on one line."""
    text = done.stderr.rpartition("  try:      ")[2]
    return " ".join(text.split())


def options_of(words: Sequence[str]) -> list[str]:
    return [
        word.partition("=")[0] for word in words if word.startswith("-") and not re.fullmatch(r"-\d+", word)
    ]


def joined(typed: Sequence[str], said: Sequence[str]) -> list[str]:
    """What was typed, with the options of a way out in place of the same ones."""
    words = list(typed)
    for option in options_of(said):
        words = without(words, option)
    return [*words, *said]


def without(typed: Sequence[str], option: str) -> list[str]:
    """What was typed without an option and its value."""
    words: list[str] = []
    skip = False
    for place, word in enumerate(typed):
        if skip:
            skip = False
        elif word == option:
            following = typed[place + 1 : place + 2]
            skip = bool(following) and not following[0].startswith("--") and option not in FLAGS
        else:
            words.append(word)
    return words


FLAGS = frozenset(
    {
        "--no-cache", "--allow-code", "--allow-pickle", "--twin", "--fresh", "--simultaneous", "--phase-correct",
        "--follow-links", "--allow-mismatch", "--force", "--dry-run", "--layers", "--debug", "--compile", "-v",
    }
)  # fmt: skip


def take(geed: Geed, typed: Sequence[str], way: str, here: Path) -> tuple[int, str]:
    """Take one way out: exit code, and what was printed."""
    words = shlex.split(way)
    if way.startswith("leave out "):
        left = list(typed)
        for option in options_of(words):
            left = without(left, option)
        return _in_process(geed, left)
    if words[0] == "geed":
        return _in_process(geed, words[1:])
    if words[0].startswith("-"):
        return _in_process(geed, joined(typed, words))
    if words[0] == "cd" and words[2] == "&&":
        with chdir(words[1]):
            return _python(words[3:])
    return _python(words) if words[:2] == ["python", "-c"] else in_a_shell(way, here)


def _python(words: Sequence[str]) -> tuple[int, str]:
    """What ``python -c CODE`` would do, in this process: its imports begin in the current folder."""
    assert words[:2] == ["python", "-c"]
    assert len(words) == 3
    sys.path.insert(0, "")
    try:
        exec(words[2], {})
    except Exception as error:  # as Python would, which prints it
        return 1, f"{type(error).__name__}: {error}"
    finally:
        sys.path.remove("")
    return 0, ""


def _in_process(geed: Geed, words: Sequence[str]) -> tuple[int, str]:
    done = geed(*words)
    return done.exit_code, done.output


def in_a_shell(command: str, here: Path) -> tuple[int, str]:
    """Run a line as it was printed by ``sh``, where ``geed`` and ``python`` are this environment's."""
    folder = Path(sys.executable).parent
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join([str(root), str(here)])}
    done = subprocess.run(
        ["sh", "-c", command], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def lacking(remedy: str, command: str, options: Mapping[str, frozenset[str]]) -> list[str]:
    """Options that a "try" line recommends to a command that has them not.

    Between a "geed NAME" and the next semicolon they are those of the commands named there, elsewhere of ``command``.
    """
    wrong: list[str] = []
    for part in re.split(r"[;(]", re.sub(r"""python -c (".*?"|'.*?')""", "", remedy)):
        place = re.search(r"geed ([a-z]+)", part)
        own, others = (part[: place.start()], part[place.start() :]) if place else (part, "")
        named = re.findall(r"geed ([a-z]+)", others)
        wrong += [option for option in _options_in(own) if option not in options[command]]
        wrong += [
            option for option in _options_in(others) if any(option not in options[name] for name in named)
        ]
    return wrong


def _options_in(text: str) -> list[str]:
    return re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text)
