"""Turns of phrase that sentences share: a count with its noun, the first few names of many, words as they are typed."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence

MOST_NAMED = 3
"""Names, or stretches of layers, in a sentence; the others are counted."""


def counted(count: int, noun: str) -> str:
    """``1 image``, ``3 images``."""
    return f"{count} {noun}{'s' * (count != 1)}"


def some(names: Sequence[str]) -> str:
    """All of the names, or the first three and how many more: ``a, b, c and 2 more``."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def shell_quoted(word: str, *, windows: bool = os.name == "nt") -> str:
    """A word as it is typed in the shells of this system: those of POSIX, or both cmd and PowerShell.

    On Windows double quotes serve both; what PowerShell would look up in them stands in its single quotes.
    """
    if not windows:
        return shlex.quote(word)
    if re.fullmatch(r"(?![@-])[\w+=:./\\@-]+|-{1,2}[A-Za-z][\w-]*", word):
        return word
    if re.search(r'[$`"]', word):
        return "'" + word.replace("'", "''") + "'"
    return f'"{word}"'


def shell_joined(words: Iterable[str], *, windows: bool = os.name == "nt") -> str:
    """A command line of these words, as it is typed."""
    return " ".join(shell_quoted(word, windows=windows) for word in words)
