"""A parsed document: plain values, and the line where each of them stands.

A path names a value from the root: keys are text, list positions are integers, () is the root. Lines count
from 1.
"""

import os
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]
_STRAY = re.compile(rb"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True)
class Document:
    """What a file says and where it says it.

    Attributes:
        name: what messages call it, normally the file's path.
        data: the root value.
        lines: the line of each key (or list item), by its path; the root has line 1. Empty of what is no file.
    """

    name: str
    data: Value
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of ``path``, or of its nearest ancestor that is in the document."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> str:
        """``file:line`` of ``path``, for messages; the name alone of what is no file."""
        return f"{self.name}:{self.line(path)}" if self.lines else self.name


def printable(text: str, longest: int = 80) -> str:
    """The text as a message may show it: control characters escaped, at most ``longest`` characters of it."""
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: longest + 1])
    return safe if len(text) <= longest else safe[:longest] + "..."


def path_text(path: pathlib.Path | str) -> str:
    r"""A path in a message, in quotes and as it is typed, so that a backslash of Windows stays one."""
    return f"'{printable(str(path), 1000)}'"


def unicode_text(text: str) -> str:
    r"""The text with bytes that are no UTF-8, which a path from the system may have, written as ``\xff``."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # halves of surrogate pairs, which Windows allows in names
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def name_there(text: str) -> str:
    r"""A path that ``unicode_text`` wrote, as the system has it: with a byte for ``\xff`` where that is there."""
    if os.path.lexists(text):
        return text
    other = os.fsdecode(_STRAY.sub(lambda found: bytes.fromhex(found[1].decode()), os.fsencode(text)))
    return other if os.path.lexists(other) else text


def path_of(text: str) -> pathlib.Path:
    """The path that a document writes, whose name on the disk is the text in UTF-8 in every locale."""
    return pathlib.Path(os.fsdecode(text.encode("utf-8")))
