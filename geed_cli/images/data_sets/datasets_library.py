"""Hugging Face's library datasets, an optional extra: imported when such a data set is named, and kept quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from geed_cli.errors import InputError
from geed_cli.runtime.extras import require_extra

LEAST_VERSION = 4
"""The first that runs no script of a repository."""


@contextmanager
def quiet_datasets(what: str) -> Iterator[Any]:
    """The library, in a block in which it neither shows progress nor logs; both are as they were afterwards.

    Args:
        what: what needs it, for messages.

    Raises:
        InputError: it is not installed, or so old that it would run code of a repository.
    """
    library = require_extra("datasets", "datasets", "datasets", what)
    if int(library.__version__.partition(".")[0]) < LEAST_VERSION:
        raise InputError(
            f"the package datasets is of version {library.__version__}, which may run scripts of a repository",
            expected=f"version {LEAST_VERSION} or later",
            remedy="python -m pip install --upgrade datasets",
        )
    logging = library.utils.logging
    level, bars_off = logging.get_verbosity(), library.are_progress_bars_disabled()
    logging.set_verbosity(logging.CRITICAL)
    library.disable_progress_bars()
    try:
        yield library
    finally:
        logging.set_verbosity(level)
        if not bars_off:
            library.enable_progress_bars()
