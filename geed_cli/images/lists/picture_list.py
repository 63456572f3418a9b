"""Reads the pictures that a list in a file names, relative to that file or absolutely.

The order of pictures is that of their names, as in a folder, whatever the order of the lines: the draw of a seed then
depends on the pictures alone.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, final

from geed_cli.choices import ImageSource
from geed_cli.documents.document import path_of, path_text
from geed_cli.errors import InputError
from geed_cli.images.candidates import Listing, name_bytes, no_images, printable_name, reason_by_name
from geed_cli.images.lists.list_lines import COLUMNS, PATH, Row
from geed_cli.images.picture import ImageRefused, RefusedFile
from geed_cli.images.reader import Files
from geed_cli.images.regular_file import read_regular

AGAIN = "named twice in the list"
Rows = Callable[[bytes, str], Sequence[Row]]
"""Reads the lines of a list, from its bytes and what messages call it."""


@final
class PictureList(Files):
    """The reader of the pictures of a list; a link is followed, since the list names it.

    Args:
        file: the list.
        rows: reads its lines.

    Raises:
        InputError: no list, a table with a path twice or a gap in a column, or no image by its name.
    """

    source: ClassVar[ImageSource] = "list"

    def __init__(self, file: Path, rows: Rows) -> None:
        self._folder = file.parent
        self.listing = list_of(rows(_bytes(file), str(file)), str(file))

    def file(self, name: str) -> Path:
        """Where the picture is read."""
        return Path(os.path.realpath(self._folder / path_of(name)))


def list_of(rows: Sequence[Row], file: str, reason: Callable[[str], str] = reason_by_name) -> Listing:
    """What a list holds.

    Args:
        rows: its lines.
        file: how messages call it.
        reason: why a path is no candidate, or "" if it is one.

    Raises:
        InputError: a table with a path twice or a gap in a column, or no candidate.
    """
    first: dict[str, Row] = {}
    refused: list[RefusedFile] = []
    for number, row in enumerate(rows, start=1):
        path = row[PATH]
        if not path:
            raise _gap(file, number, PATH)
        if path not in first:
            first[path] = row
        elif row == first[path]:
            refused.append(RefusedFile(printable_name(path), AGAIN))
        else:
            raise InputError(
                f"{path_text(file)}, picture {number}, has {path} again, and says something else of it",
                expected="one line for each picture",
                remedy="keep one of the two",
            )
    reasons = {path: reason(path) for path in sorted(first, key=name_bytes)}
    refused += [RefusedFile(printable_name(path), reason) for path, reason in reasons.items() if reason]
    refused.sort(key=lambda item: name_bytes(item.path))
    candidates = tuple(path for path, reason in reasons.items() if not reason)
    if not candidates:
        raise no_images(
            path_text(file),
            tuple(refused),
            what="a list of pictures: a .txt file has a path a line and nothing else; labels need a .csv with a header",
            link="",
            follow="",
        )
    columns = [column for column in COLUMNS if rows and column in rows[0]]
    return Listing(candidates, tuple(refused), {column: _column(first, column, file) for column in columns})


def _column(rows: Mapping[str, Row], column: str, file: str) -> dict[str, str]:
    """What a column says of each path.

    Raises:
        InputError: of one it says nothing.
    """
    said: dict[str, str] = {}
    for number, (path, row) in enumerate(rows.items(), start=1):
        text = row[column]
        if not text:
            raise _gap(file, number, column)
        said[path] = text
    return said


def _gap(file: str, number: int, column: str) -> InputError:
    return InputError(
        f"{path_text(file)}, picture {number}, has no {column}",
        expected=f"a {column} for every picture, where the list has the column",
        remedy=f"fill in the {column}, or leave the line or the column out",
    )


def _bytes(file: Path) -> bytes:
    try:
        return read_regular(file.resolve())
    except ImageRefused as refusal:
        raise InputError(
            f"the list {path_text(file)}: {refusal.reason}",
            expected="a readable file",
            remedy="check the path and its permissions",
        ) from refusal
