"""Reading and writing results: strict JSON, written whole or not at all."""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError, RunError, no_such_file
from geed_cli.phrases import shell_joined
from geed_cli.result.part import Part
from geed_cli.result.read_limit import most_bytes
from geed_cli.result.schema import Result, Schema
from geed_cli.result.serialised import indented

CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|(?<!\\)(?:\\\\)*\\(?:[bf]|u00(?:[0189][0-9a-fA-F]|7[fF]))"
)
"""Control characters as such, or as JSON escapes them; line ends and tabs excepted."""
PIECE = 2**24
"""Characters, or bytes, that are written at once."""
NO_ENTRIES = '\n "results": []'
"""What the text of a result without entries has, once: no string holds a line end as such."""
Content = str | bytes | Iterable[str]
"""What is written: a text or bytes, or a text in pieces."""
ORDINARY = bytes(range(0x20, 0x7F)) + b"\t\n\r"

_STRAY_BYTE = re.compile("[\ud800-\udfff]+")


def to_strict_json(part: Part) -> str:
    """A result, or another report, as JSON: no NaN, keys in the schema's order, a newline at the end."""
    return json_text(part, indent=1)


def json_text(part: Part, indent: int | None = None) -> str:
    """The part as strict JSON; bytes of paths that are no UTF-8 are written as text, as a folder's pictures are."""
    text = indented(part) if indent == 1 else None
    return strict_text(part.model_dump(mode="json", by_alias=True), indent) if text is None else text + "\n"


def strict_text(content: object, indent: int | None = None) -> str:
    """Plain values as strict JSON, likewise."""
    text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    if text.isascii():
        return text
    return _STRAY_BYTE.sub(lambda found: unicode_text(found[0]).replace("\\", "\\\\"), text)


def json_pieces(result: Result) -> Iterator[str]:
    """The text of ``to_strict_json`` in pieces, one for each entry: that of a million images would fill the memory."""
    before, key, after = to_strict_json(result.model_copy(update={"results": ()})).partition(NO_ENTRIES)
    yield before + key.removesuffix("[]") + "["
    for place, entry in enumerate(result.results):
        text = json_text(entry, indent=1).removesuffix("\n")
        yield (",\n  " if place else "\n  ") + text.replace("\n", "\n  ")
    yield ("\n ]" if result.results else "]") + after


def in_pieces(content: Content) -> Iterator[bytes]:
    """What a file, or standard output, gets of a text: UTF-8 whatever the locale."""
    for piece in _pieces(content):
        yield unicode_text(piece).encode("utf-8") if isinstance(piece, str) else piece


def _pieces(content: Content) -> Iterator[str | bytes]:
    if isinstance(content, str | bytes):  # so that no second copy of a large one is made
        yield from (content[start : start + PIECE] for start in range(0, len(content), PIECE))
    else:
        yield from content


def write_result(result: Result, path: Path) -> None:
    """Write exactly that file, atomically: on any failure the old file, or none, is left.

    Raises:
        RunError: the file could not be written.
    """
    write_atomically(json_pieces(result), path)


def write_atomically(content: Content, path: Path) -> None:
    """Write to a temporary file beside the target, sync, rename.

    Raises:
        RunError: the file could not be written.
    """
    # a relative path into the working folder has the parent "."
    folder = path.parent
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=folder)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(in_pieces(content))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse a target that cannot be written before hours are spent on what should go there.

    Raises:
        InputError: the folder is missing or not writable, or the target is a folder, a link, a pipe or a device.
    """
    folder = path.parent
    if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
        raise InputError(
            f"{path} is a link, a pipe or a device, which would be replaced",
            expected="a regular file, or none yet",
            remedy="name the file itself; '-' writes to stdout where a command offers it",
        )
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(
            f"cannot write {path}",
            expected="a file in an existing folder that you may write to",
            remedy=f"mkdir -p {folder}" if not folder.exists() else "choose another file",
        )


def require_distinct(outputs: Sequence[Path | None], inputs: Sequence[Path | None] = ()) -> None:
    """Refuse outputs that would replace an input or each other; None and ``-`` are no files."""
    taken = {path.resolve() for path in inputs if path is not None}
    for path in outputs:
        if path is None or str(path) == "-":
            continue
        if path.resolve() in taken:
            raise InputError(
                f"{path} would be replaced, which this run also reads or writes",
                expected="a file of its own for every output",
                remedy="choose another name for it",
            )
        taken.add(path.resolve())


def read_result(path: Path) -> Result:
    """A saved result.

    Raises:
        InputError: missing, no regular file, larger than ``most_bytes()``, not JSON, another schema, or broken.
    """
    return result_of(read_strict_json(path), path)


def result_of(content: object, path: Path) -> Result:
    """The result that a file's content is.

    Raises:
        InputError: another schema, or broken.
    """
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema not in get_args(Schema):
        raise _a_track(path) if schema == "geed.track/1" else _not_a_result(path, "it has another schema")
    try:
        return Result.model_validate(content)
    except ValidationError as error:
        raise _not_a_result(path, first_fault(error)) from error


def read_strict_json(path: Path) -> object:
    """The content of a saved file, from a stranger perhaps.

    Raises:
        InputError: missing, no regular file, larger than ``most_bytes()``, not strict JSON, or with control characters.
    """
    return strict_json(read_text(path), path)


def strict_json(text: str, path: Path) -> object:
    """The content of a text in a file.

    Raises:
        InputError: not strict JSON.
    """
    try:
        content: object = json.loads(text, parse_constant=_no_constant)
        if "\\ud" in text.lower():  # half of a surrogate pair cannot be printed or written
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise _not_a_result(path, f"it is not strict JSON ({error})") from error
    return content


def first_fault(error: ValidationError) -> str:
    """Where a file leaves its schema first, on one line whatever its keys hold."""
    first = error.errors()[0]
    where = ".".join(" ".join(str(part).split()) for part in first["loc"])
    return f"at {where}: {first['msg']}"


def read_text(path: Path) -> str:
    """The contents of a regular file, from a stranger perhaps: a pipe would block, and a device has no end.

    Raises:
        InputError: missing, no regular file, larger than ``most_bytes()``, no UTF-8, or with control characters.
    """
    try:
        if path.exists() and not path.is_file():
            raise _not_a_result(path, "it is a folder, a pipe or a device")
        with path.open("rb") as file:
            if (size := os.fstat(file.fileno()).st_size) > most_bytes():
                raise _too_large(path, size)
            text = file.read().decode("utf-8")
    except FileNotFoundError as error:
        raise no_such_file(path, str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _not_a_result(path, f"it cannot be read ({error})") from error
    return checked_text(text, path)


def checked_text(text: str, path: Path) -> str:
    """The text, unless it holds control characters.

    Raises:
        InputError: it does.
    """
    searched = text
    if (
        "\\" not in text
    ):  # then of single characters alone: few are left of what a file of numbers has most of
        rest = text.encode("utf-8", "surrogatepass").translate(None, ORDINARY)
        searched = rest.decode("utf-8", "surrogatepass")
    if CONTROL_CHARACTERS.search(searched):
        raise _not_a_result(path, "it holds control characters, which a terminal might obey")
    return text


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not strict JSON")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _not_a_result(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a saved result: {why}",
        expected=f"a file written by `geed audit … --json FILE` ({', '.join(get_args(Schema))})",
        remedy="run the audit again with --json",
    )


def _too_large(path: Path, size: int) -> InputError:
    return InputError(
        f"{path} has {size} bytes",
        expected=f"at most {most_bytes()}: 512 MiB, or an eighth of this machine's memory where that is more",
        remedy="a machine with more memory, or a run of fewer groups, layers or images",
    )


def _a_track(path: Path) -> InputError:
    """The refusal of a track in the place of a result."""
    return InputError(
        f"{path} is a saved track, and no result",
        expected="one of its steps: FILE@first, FILE@last or FILE@200",
        remedy=shell_joined([f"{path}@last"]),
    )


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"{path} could not be written: {error.strerror or error}",
        expected="enough room, and permission to write; no file was left behind",
        remedy="choose another file",
    )
