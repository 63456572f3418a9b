"""Where the cache lives: the command line's choice, else the environment's, else the system's place for caches.

Keys of the cache: the sha256 of a text that different fields cannot share.

The text is JSON with sorted names, no blanks and ASCII alone, so that it is the same on every machine.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "GEED_CACHE_DIR"


def cache_folder(given: Path | None) -> Path:
    """The cache's folder, which need not exist.

    Args:
        given: ``--cache-dir``, where it was given.

    Returns:
        ``given``, else the environment's GEED_CACHE_DIR where it is not empty, else the system's: on Linux
        ``$XDG_CACHE_HOME/geed`` or ``~/.cache/geed``. A leading ``~`` is the home folder.
    """
    if given is not None:
        return _from_home(given)
    named = os.environ.get(VARIABLE)
    return _from_home(Path(named)) if named else user_cache_path("geed", appauthor=False)


def _from_home(path: Path) -> Path:
    """The path with ``~`` resolved, where there is a home to resolve it to."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(fields: Mapping[str, str]) -> bytes:
    """sha256 of the fields' canonical text, 32 bytes; their order does not matter, everything else does.

    Raises:
        TypeError: a name or a value is no text. JSON would write the name 1 as it writes the name "1".
    """
    if not all(isinstance(part, str) for item in fields.items() for part in item):
        raise TypeError("names and values of a cache key are text")
    return hashlib.sha256(_CANONICAL.encode(dict(fields)).encode("ascii")).digest()
