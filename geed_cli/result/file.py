"""Reading and writing results: strict JSON, written whole or not at all."""

import json
import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from geed_cli.errors import InputError, RunError
from geed_cli.result.schema import SCHEMA, Part, Result


def to_json(result: Result) -> str:
    """The result as strict JSON."""
    return to_strict_json(result)


def to_strict_json(part: Part) -> str:
    """Any part of a result as JSON: no NaN, keys in the schema's order, a newline at the end."""
    content = part.model_dump(mode="json", by_alias=True)
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_result(result: Result, path: Path) -> None:
    """Write exactly that file, atomically: on any failure the old file, or none, is left.

    Raises:
        RunError: the file could not be written.
    """
    write_atomically(to_json(result), path)


def write_atomically(content: str | bytes, path: Path) -> None:
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
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
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
        InputError: the folder is missing or not writable, or the target is a folder.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(
            f"cannot write {path}",
            expected="a file in an existing folder that you may write to",
            remedy=f"mkdir -p {folder}" if not folder.exists() else "choose another file",
        )


def read_result(path: Path) -> Result:
    """A saved result.

    Raises:
        InputError: missing, not JSON, another schema, or broken.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _not_a_result(path, f"it cannot be read ({error})") from error
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _not_a_result(path, f"it is not strict JSON ({error})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _not_a_result(path, "it has another schema")
    try:
        return Result.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _not_a_result(path, f"at {where}: {first['msg']}") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not strict JSON")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _not_a_result(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a saved result: {why}",
        expected=f"a file written by `geed audit … --json FILE` (schema {SCHEMA})",
        remedy="run the audit again with --json",
    )


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"{path} could not be written: {error.strerror or error}",
        expected="room and permission; nothing was left behind",
        remedy="choose another file for --json",
    )
