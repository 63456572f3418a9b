"""Errors that a user can act on, and their exit codes.

Every refusal states three things: what was found, what was expected, what to try. ``InputError`` is wrong input
(exit 2); ``RunError`` is right input that could not be carried out (exit 3). Exit 1 is kept for failed gates.
"""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path

from geed_cli.explanation import Explanation

DONE, NOT_PASSED, WRONG_INPUT, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES: dict[int, Explanation] = {
    DONE: Explanation(
        what="done.",
        reading="An audit ends so whatever its numbers are, a gate where every rule at level error passed.",
        see=("pass",),
    ),
    NOT_PASSED: Explanation(
        what="a gate did not pass, or a self-test found another answer.",
        reading="A rule at level error failed or is undecided (--on-undecided pass lets undecided ones through), or "
        "'geed selftest' found a value that is not the known one, or could not carry out a check.",
        see=("fail", "undecided"),
    ),
    WRONG_INPUT: Explanation(
        what="bad usage or input, or a rule that could not be tested.",
        reading="The message says what was found, what was expected and what to try. A gate in which any rule is in "
        "error ends so, since input has to be put right first.",
        see=("error",),
    ),
    COULD_NOT_RUN: Explanation(
        what="could not run.",
        reading="The input was right, but weights, memory, a device, an image or a file stood in the way; or the "
        "program itself failed.",
    ),
    INTERRUPTED: Explanation(
        what="interrupted.",
        reading="The run was ended from outside (Ctrl-C). A long audit saves what was finished, as a partial result.",
        see=("partial",),
    ),
}
"""What ``geed explain`` says of each code with which the program ends."""
CPU_ALLOCATOR = ("DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory")
"""How torch says it for the CPU, where its error has no class of its own (Linux and macOS, Windows)."""
MOST_CHARACTERS = 300
"""How much is quoted of what somebody else's exception says."""


class GeedError(Exception):
    """Base of every error that is shown to the user without a traceback.

    Args:
        found: what was found, one sentence, without a full stop.
        expected: what would have been right.
        remedy: what to try next; printed after "try:".
    """

    exit_code = WRONG_INPUT

    def __init__(self, found: str, *, expected: str, remedy: str) -> None:
        super().__init__(found, expected, remedy)
        self.found = found
        self.expected = expected
        self.remedy = remedy

    def __reduce__(self) -> tuple[Callable[..., "GeedError"], tuple[object, ...]]:
        # an error of another process comes back as it was
        return _made_again, (type(self), self.found, self.expected, self.remedy)

    def __str__(self) -> str:
        return f"{self.found}\n  expected: {self.expected}\n  try:      {self.remedy}"


def _made_again(kind: type[GeedError], found: str, expected: str, remedy: str) -> GeedError:
    return kind(found, expected=expected, remedy=remedy)


class InputError(GeedError):
    """Wrong usage or input: a name, a spec, a layer, a group, a folder. Exit code 2."""

    exit_code = WRONG_INPUT


class RunError(GeedError):
    """The run could not be carried out: weights, memory, a device. Exit code 3."""

    exit_code = COULD_NOT_RUN


def text_of(error: BaseException) -> str:
    """What an exception says, on one line; nothing where it cannot say it, as one of somebody's own code may not."""
    try:
        return " ".join(str(error).split())
    except BaseException:  # its __str__ is code like any other
        return ""


def described(error: BaseException, most: int = MOST_CHARACTERS) -> str:
    """``ValueError: too bright``, or the kind alone of an exception that says nothing."""
    text = text_of(error)[:most]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_out_of_memory(error: BaseException) -> bool:
    """Whether somebody else's error says that memory ran out, on any device; torch's are told without torch."""
    kind = type(error).__name__
    return (
        isinstance(error, MemoryError)
        or (kind == "OutOfMemoryError" and not isinstance(error, GeedError))
        or (isinstance(error, RuntimeError) and any(text in text_of(error) for text in CPU_ALLOCATOR))
    )


def nearest(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """The candidates most like ``name``, best first, for "did you mean" lines; at most ``limit``."""
    return difflib.get_close_matches(name, dict.fromkeys(candidates), n=limit, cutoff=0.5)


def nearest_are(close: list[str]) -> str:
    """The end of an "expected" line: "; nearest are a, b", or nothing where nothing is near."""
    return f"; nearest are {', '.join(close)}" if close else ""


def did_you_mean(close: list[str]) -> str:
    """The beginning of an "expected" line: "did you mean a or b? ", or nothing where nothing is near."""
    return f"did you mean {' or '.join(close)}? " if close else ""


def meant(name: str, candidates: Iterable[str]) -> str:
    """``did_you_mean`` of the candidates that are nearest to ``name``."""
    return did_you_mean(nearest(name, candidates))


def no_such_file(path: Path, written: str) -> InputError:
    """The refusal of a path, as the user has written it, with the nearest files beside it, its kind first."""
    return InputError(
        f"there is no file {written}",
        expected=f"an existing file{nearest_are(files_near(path))}",
        remedy="check the path",
    )


def files_near(path: Path, kinds: tuple[str, ...] = ("",)) -> list[str]:
    """The files in the folder of a path that are called most like it, those with its suffix first.

    Args:
        path: what is not there.
        kinds: the suffixes that files may have.
    """
    try:
        beside = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
    except OSError:  # a text may be longer than any path
        beside = []
    offered = [name for name in beside if name.endswith(kinds)]
    offered.sort(key=lambda name: not name.endswith(path.suffix))
    return [str(path.parent / name) for name in nearest(path.name, offered)]
