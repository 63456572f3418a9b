"""What the functions of Python share: one name or several, and refusals in the words of Python.

Refusals are written once, for the command line. What their options are called in Python is a note of the error, which
every traceback shows, and which the command line leaves out.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from geed_cli.errors import GeedError, InputError
from geed_cli.verdict.python_names import FIELDS

P = ParamSpec("P")
R = TypeVar("R")
Names = str | Sequence[str]
"""One name or glob, or several."""

IN_PYTHON = "  in Python: "
OF_RESULTS: Mapping[str, str] = {
    "--json": "result.save(FILE)",
    "--norm-samples": FIELDS["--norm-samples"],
}
"""Options that refusals of saved results name: of how these are made."""


def several(names: Names) -> tuple[str, ...]:
    """A single name as a list of one.

    Raises:
        InputError: something else in the place of a name.
    """
    listed = tuple(names) if isinstance(names, Iterable) and not isinstance(names, str) else (names,)
    for each in listed:
        if not isinstance(each, str):
            raise InputError(
                f"{each!r}, of type {type(each).__name__}, in the place of a name",
                expected="a name or glob as text, or a list of them",
                remedy='metrics="latent.*", layers=["layer3", "layer4"]',
            )
    return listed


def called_in_python(options: Mapping[str, str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let the refusals of a function say what the options that they name are called in Python.

    Args:
        options: what to write in Python, by what is typed on the command line.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(*arguments: P.args, **parameters: P.kwargs) -> R:
            try:
                return function(*arguments, **parameters)
            except GeedError as error:
                note = _note(error, options)
                if note and note not in getattr(error, "__notes__", ()):
                    error.add_note(note)
                raise

        return run

    return decorate


def _note(error: GeedError, options: Mapping[str, str]) -> str:
    """In the order in which the refusal names the options; empty where it names none."""
    text = f"{error.found}\n{error.expected}\n{error.remedy}"
    found = {option: re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text) for option in options}
    places = sorted((match.start(), option) for option, match in found.items() if match is not None)
    called = [f"{option} is {options[option]}" for _, option in places]
    return IN_PYTHON + ", ".join(called) if called else ""
