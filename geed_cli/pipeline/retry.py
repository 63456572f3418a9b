"""Starting over with half the batch where memory ran out, and only there.

The whole run starts over, so that its digits are those of a run that was asked for the smaller batch.
"""

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import torch

from geed_cli.engine.out_of_memory import OutOfMemoryError
from geed_cli.pipeline.options import AuditOptions

T = TypeVar("T")


def halving(run: Callable[[AuditOptions], T], options: AuditOptions, told: Callable[[str], None]) -> T:
    """What the run returns with these options, or with the largest half, quarter, … of the batch that has room.

    Args:
        run: the whole of it; keeps nothing that an earlier try made.
        options: of the first try.
        told: one sentence for each further try.

    Raises:
        OutOfMemoryError: there is no room for a batch of one.
    """
    while True:
        try:
            return run(options)
        except OutOfMemoryError as error:
            rows = error.batch_size
            if rows == 1:
                raise
            found = error.found
        # outside the handler: the error holds on to what filled the memory
        _release()
        told(f"{found}; starting over with {rows // 2}")
        options = replace(options, run=replace(options.run, batch_size=rows // 2))


def _release() -> None:
    """Give back what the try that failed has left."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
