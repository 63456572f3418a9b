"""How names that come out of a checkpoint are shown, and how errors get the file's name.

A name in a file may be any string, terminal escapes and a megabyte of length included, so it is never printed
as it is. Functions that look at contents do not know the path: ``about`` adds it once, at the front.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from geed_cli.errors import InputError

LONGEST_NAME = 80
NAMES_SHOWN = 5


def shown(name: object) -> str:
    """The name in printable ASCII, at most 80 characters."""
    text = ascii(name)[1:-1] if isinstance(name, str) else ascii(name)
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "..."


def shown_list(names: Collection[str]) -> str:
    """The first five names and how many more there are: "a, b, c, d, e and 12 more"."""
    first = ", ".join(shown(name) for name in islice(names, NAMES_SHOWN))
    rest = len(names) - NAMES_SHOWN
    return f"{first} and {rest} more" if rest > 0 else first


def counted(count: int, noun: str) -> str:
    """The number with its noun: "1 tensor", "2 tensors"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Put the file's name in front of what an InputError inside the block found."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error.found}", expected=error.expected, remedy=error.remedy) from error
