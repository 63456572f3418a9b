"""Exhausted memory, on any device, becomes one error with a way out; no other error is taken for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from geed_cli.engine.batches import Placement
from geed_cli.errors import RunError, is_out_of_memory

__all__ = ["OutOfMemoryError", "is_out_of_memory", "out_of_memory"]


class OutOfMemoryError(RunError):
    """Memory ran out at that batch size; another one may do."""

    def __init__(self, placement: Placement) -> None:
        rows = placement.batch_size
        super().__init__(
            f"memory ran out on {placement.device} at batch size {rows}",
            expected="room for one batch and its activations",
            remedy=f"--batch-size {rows // 2}" if rows > 1 else "a smaller --img-size, or another device",
        )
        self.batch_size = rows


@contextmanager
def out_of_memory(placement: Placement) -> Iterator[None]:
    """Raise ``OutOfMemoryError``, which has a way out, in place of torch's or Python's own error."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemoryError(placement) from error
