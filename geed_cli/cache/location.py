"""Where the cache lives."""

import os
from pathlib import Path

from platformdirs import user_cache_path

FOLDER_VARIABLE = "GEED_CACHE_DIR"


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
