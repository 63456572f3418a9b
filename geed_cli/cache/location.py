"""Where the cache lives, and its keys.

A key is the sha256 of a text that different fields cannot share: JSON with sorted names, no blanks and ASCII alone, so
that it is the same on every machine.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

FOLDER_VARIABLE = "GEED_CACHE_DIR"
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def cache_folder(given: Path | None) -> Path:
    """The cache's folder, which need not exist.

    That is the given one, else the environment's GEED_CACHE_DIR where it is not empty, else the system's: on Linux
    ``$XDG_CACHE_HOME/geed`` or ``~/.cache/geed``. A leading ``~`` is the home folder, where there is one.
    """
    if given is None:
        named = os.environ.get(FOLDER_VARIABLE)
        if not named:
            return user_cache_path("geed", appauthor=False)
        given = Path(named)
    try:
        return given.expanduser()
    except RuntimeError:
        return given


def digest(fields: Mapping[str, str]) -> bytes:
    """sha256 of the fields' canonical text, 32 bytes; their order does not matter, everything else does.

    Raises:
        TypeError: a name or a value is no text. JSON would write the name 1 as it writes the name "1".
    """
    if not all(isinstance(part, str) for item in fields.items() for part in item):
        raise TypeError("names and values of a cache key are text")
    return hashlib.sha256(_CANONICAL.encode(dict(fields)).encode("ascii")).digest()
