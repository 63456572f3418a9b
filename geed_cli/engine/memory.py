"""Exhausted memory, on any device, becomes one error with a way out."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from geed_cli.engine.batches import Placement
from geed_cli.errors import RunError


@contextmanager
def out_of_memory(placement: Placement) -> Iterator[None]:
    """Turn an exhausted memory into an error with a way out.

    Raises:
        RunError: in place of torch's or Python's own error.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _no_memory(placement) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise _no_memory(placement) from error


def _no_memory(placement: Placement) -> RunError:
    return RunError(
        f"memory ran out on {placement.device} at batch size {placement.batch_size}",
        expected="room for one batch and its activations",
        remedy=f"--batch-size {max(1, placement.batch_size // 2)}",
    )
