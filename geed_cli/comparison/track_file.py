"""Reading and writing tracks, and reading whatever a track can be made from: saved results and other tracks."""

import json
from pathlib import Path

from pydantic import ValidationError

from geed_cli.comparison.track_schema import SCHEMA, Track
from geed_cli.errors import InputError
from geed_cli.result.file import read_result, write_atomically
from geed_cli.result.schema import Result


def to_json(track: Track) -> str:
    """The track as strict JSON on one line: it holds every image's rows, and is written after every step."""
    content = track.model_dump(mode="json", by_alias=True)
    return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"


def write_track(track: Track, path: Path) -> None:
    """Write exactly that file, whole or not at all.

    Raises:
        RunError: the file could not be written.
    """
    write_atomically(to_json(track), path)


def read_track(path: Path) -> Track:
    """A saved track.

    Raises:
        InputError: missing, not JSON, another schema, or broken.
    """
    found = read_saved(path)
    if isinstance(found, Result):
        raise _not_a_track(path, "it is a saved result")
    return found


def read_saved(path: Path) -> Result | Track:
    """A saved result or a saved track, whichever the file is.

    Raises:
        InputError: neither.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError):
        return read_result(path)  # which says what is wrong
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return read_result(path)
    try:
        return Track.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _not_a_track(path, f"at {where}: {first['msg']}") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not strict JSON")


def _not_a_track(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a saved track: {why}",
        expected=f"a file written by `geed track … --json FILE` (schema {SCHEMA})",
        remedy="choose another file, or --fresh to replace it",
    )
