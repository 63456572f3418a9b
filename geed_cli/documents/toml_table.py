"""One table of a TOML file, such as ``[tool.geed]`` of pyproject.toml, as a document with line numbers."""

import re
import tomllib
from pathlib import Path as FilePath

from geed_cli.documents.document import Document, Path, printable
from geed_cli.documents.strict_yaml import MAX_BYTES
from geed_cli.errors import InputError

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?")
_KEY = re.compile(r"""\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*=""")


def read_toml_table(path: FilePath, *names: str) -> Document | None:
    """The table ``[names…]`` of a TOML file; None where there is no regular file, or no such table in it.

    A file that nowhere has the last of the names is not parsed, so that its faults are no matter of this program.

    Raises:
        InputError: the file is larger than ``MAX_BYTES`` bytes, cannot be read, or is no TOML in UTF-8.
    """
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if names[-1].encode() not in raw:
            return None
        if len(raw) > MAX_BYTES:
            raise _refused(path, f"is larger than {MAX_BYTES:,} bytes")
        text = raw.decode("utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # tomllib's and UTF-8's errors are ValueErrors
        why = printable(str(error), 200) if isinstance(error, tomllib.TOMLDecodeError) else "no text of TOML"
        raise _refused(path, f"is no TOML: {why}") from error
    for name in names:
        if not isinstance(data, dict) or name not in data:
            return None
        data = data[name]
    return Document(str(path), data, _lines(text, names))


def _lines(text: str, names: tuple[str, ...]) -> dict[Path, int]:
    """The line of each key below the table, as far as keys stand at the beginnings of lines."""
    lines: dict[Path, int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            place = table
        elif key := _KEY.match(line):
            place = (*table, key[1].strip("\"'"))
        else:
            continue
        if place[: len(names)] == names:
            lines.setdefault((), number)
            lines.setdefault(place[len(names) :], number)
    return lines or {(): 1}


def _refused(path: FilePath, what: str) -> InputError:
    return InputError(f"{path} {what}", expected="a TOML file in UTF-8", remedy=f"edit {path}")
