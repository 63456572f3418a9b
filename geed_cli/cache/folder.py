"""Where the cache lives: the command line's choice, else the environment's, else the system's place for caches.

And the names of what lies there beside rows (``layout.FILE_NAME``) and weights (``checkpoints.kept.FOLDER``).
"""

import os
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "GEED_CACHE_DIR"
GRID_PHASES = "grid-phases.json"
"""Written by ``pipeline.phase_memory``."""
BATCH_SIZES = "batch-sizes.json"
"""Written by ``pipeline.batch_size``."""


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
