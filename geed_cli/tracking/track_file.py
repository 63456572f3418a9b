"""Reading and writing tracks, and reading whatever a track can be made from: saved results and other tracks."""

import json
from pathlib import Path

from pydantic import ValidationError

from geed_cli.errors import InputError
from geed_cli.result.file import first_fault, read_result, read_strict_json, write_atomically
from geed_cli.result.schema import Result
from geed_cli.tracking.record import SCHEMA, Track


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
    content = read_strict_json(path)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return read_result(path)
    try:
        return Track.model_validate(content)
    except ValidationError as error:
        raise _not_a_track(path, first_fault(error)) from error


def _not_a_track(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a saved track: {why}",
        expected=f"a file written by `geed track … --json FILE` (schema {SCHEMA})",
        remedy="choose another file, or --fresh to replace it",
    )
