"""JSON files from strangers, such as the ``config.json`` of a published model: one object, of limited size."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MAX_BYTES = 2**20


class NotReadError(Exception):
    """Why a file is left alone, as a clause."""


def json_object(file: Path, most: int = MAX_BYTES) -> Mapping[str, Any]:
    """The object that a file holds.

    Raises:
        NotReadError: it is larger than ``most`` bytes, cannot be read, is no JSON, no object, or says a key twice.
    """
    try:
        if file.stat().st_size > most:
            raise NotReadError(f"it is larger than {most // 2**20} MB")
        return object_in(file.read_bytes())
    except OSError as error:
        raise NotReadError(f"{error.strerror}") from error


def object_in(data: bytes) -> Mapping[str, Any]:
    """The object that a text in JSON holds.

    Raises:
        NotReadError: it is no JSON, no object, or says a key twice.
    """
    try:
        content = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise NotReadError("it is no JSON") from error
    if not isinstance(content, dict):
        raise NotReadError("it is no JSON object")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise NotReadError("it says a key twice")
    return values
