"""Hugging Face's library transformers, an optional extra: imported when a model asks for it, and kept quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from geed_cli.runtime.extras import require_extra


@contextmanager
def quiet_transformers() -> Iterator[Any]:
    """The library, in a block in which it neither shows progress nor logs; both are as they were afterwards.

    Raises:
        InputError: it is not installed.
    """
    library = require_extra("transformers", "transformers", "transformers", "a model of Hugging Face's")
    logging = library.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield library
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
