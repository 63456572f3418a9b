"""Errors that a user can act on, and their exit codes.

Every refusal states three things: what was found, what was expected, what to try. ``InputError`` is wrong input
(exit 2); ``RunError`` is right input that could not be carried out (exit 3). Exit 1 is kept for failed gates.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path


class GeedError(Exception):
    """Base of every error that is shown to the user without a traceback.

    Args:
        found: what was found, one sentence, without a full stop.
        expected: what would have been right.
        remedy: what to try next; printed after "try:".
    """

    exit_code = 2

    def __init__(self, found: str, *, expected: str, remedy: str) -> None:
        super().__init__(found, expected, remedy)
        self.found = found
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.found}\n  expected: {self.expected}\n  try:      {self.remedy}"


class InputError(GeedError):
    """Wrong usage or input: a name, a spec, a layer, a group, a folder. Exit code 2."""

    exit_code = 2


class RunError(GeedError):
    """The run could not be carried out: weights, memory, a device. Exit code 3."""

    exit_code = 3


def nearest(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """The candidates most like ``name``, best first, for "did you mean" lines; at most ``limit``."""
    return difflib.get_close_matches(name, list(candidates), n=limit, cutoff=0.5)


def nearest_are(close: list[str]) -> str:
    """The end of an "expected" line: "; nearest are a, b", or nothing where nothing is near."""
    return f"; nearest are {', '.join(close)}" if close else ""


def did_you_mean(close: list[str]) -> str:
    """The beginning of an "expected" line: "did you mean a or b? ", or nothing where nothing is near."""
    return f"did you mean {' or '.join(close)}? " if close else ""


def no_such_file(path: Path, written: str) -> InputError:
    """The refusal of a path, as the user has written it, with the nearest files of its kind beside it."""
    beside = [str(other) for other in path.parent.glob("*" + path.suffix)] if path.parent.is_dir() else []
    return InputError(
        f"there is no file {written}",
        expected=f"an existing file{nearest_are(nearest(str(path), beside))}",
        remedy="check the path",
    )
