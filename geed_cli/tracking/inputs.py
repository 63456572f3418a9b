"""What the arguments of a track name: files under labels, in an order that does not depend on the file system.

An argument is a path or a glob, or ``LABEL=`` and one of them; behind a colon checkpoints may have the network that
they belong to. What exists as a path or matches as a glob is never read as a label: ``epoch=3-step=1500.ckpt`` is a
file.
"""

import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.choices import PAGE_SUFFIXES
from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError, no_such_file

CHECKPOINT = re.compile(
    r"(?P<files>.+\.(?:pt|pth|bin|safetensors|ckpt|tar))(?::(?P<spec>.+))?", re.IGNORECASE
)
"""Checkpoint files, and behind a colon the network that they belong to."""
LABELLED = re.compile(r"(?P<label>[^/\\*?\[\]=]+)=(?P<rest>.+)")


@dataclass(frozen=True)
class Input:
    """One file.

    Attributes:
        label: that it was given; None where it was given none.
        model: the network that was named with it, a spec or a name; None where that of the others holds.
    """

    label: str | None
    path: Path
    model: str | None = None

    @property
    def saved(self) -> bool:
        """Whether it is a saved result or track, or a page with one, rather than a checkpoint."""
        return self.path.suffix == ".json" or self.path.suffix.lower() in PAGE_SUFFIXES


def expand(arguments: Sequence[str]) -> tuple[Input, ...]:
    """Every file of every argument once, in the order of the arguments, and in natural order within a glob.

    Raises:
        InputError: a path that is not there, a folder, or a glob without a match.
    """
    inputs: dict[Input, None] = {}
    for argument in arguments:
        label, paths, model = _labelled(argument)
        inputs |= dict.fromkeys(Input(label, path, model) for path in paths)
    return tuple(inputs)


def lone_globs(arguments: Iterable[str]) -> tuple[str, ...]:
    """A sentence on each glob that matches a single file, where several were meant."""
    said = []
    for argument in arguments:
        if glob.has_magic(argument) and not Path(argument).exists():
            try:
                _, paths, _ = _labelled(argument)
            except InputError:  # as of the folder of a sweep, which is read otherwise
                continue
            if len(paths) == 1 and str(paths[0]) not in argument:
                said.append(
                    f"{argument} matches one file, {paths[0]}: check the pattern where several were meant"
                )
    return tuple(said)


def natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """A sorting key in which step_9 comes before step_10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", path.as_posix())
    return tuple((0, int(part), part) if part[0] in "0123456789" else (1, 0, part) for part in parts)


def _labelled(argument: str) -> tuple[str | None, list[Path], str | None]:
    """The label, the files and the network of an argument; the first reading of it under which files are there."""
    split = LABELLED.fullmatch(argument)
    label = None if split is None else unicode_text(split["label"].strip()) or None
    for given, text in ((None, argument), (label, argument if split is None else split["rest"])):
        for files, model in _readings(text):
            if paths := _matching(files):
                return given, paths, model
    files, _ = _readings(argument if split is None else split["rest"])[-1]
    return None, _nothing(files), None


def _readings(text: str) -> list[tuple[str, str | None]]:
    """Files, and the network behind a colon: the whole text as files goes first."""
    found = CHECKPOINT.fullmatch(text)
    whole: list[tuple[str, str | None]] = [(text, None)]
    return whole if found is None or found["spec"] is None else [*whole, (found["files"], found["spec"])]


def _matching(text: str) -> list[Path]:
    """The path itself where it exists, else the files that match it as a glob."""
    path = Path(text).expanduser()
    if path.is_dir():
        raise InputError(
            f"{text} is a folder",
            expected="checkpoint files, saved results, or a glob of them",
            remedy=f"'{path / '*.pt'}'",
        )
    if path.exists():
        return [path]
    files = (Path(name) for name in glob.glob(str(path), recursive=True))
    return sorted((file for file in files if not file.is_dir()), key=natural)


def _nothing(text: str) -> list[Path]:
    if glob.has_magic(text):
        found, expected = f"no file matches {text}", "a glob that matches checkpoints or saved results"
        raise InputError(found, expected=expected, remedy="check the pattern, and quote it")
    raise no_such_file(Path(text).expanduser(), text)
