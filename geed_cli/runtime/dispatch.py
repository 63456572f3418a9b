"""Seeing every operation of torch as it is carried out, without torch's compiler."""

from torch.utils._python_dispatch import TorchDispatchMode


class OperationMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, torch calls ``__torch_dispatch__`` in place of each of its operations."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: torch would import its compiler, which takes seconds, to leave ``__torch_dispatch__`` out of it."""
        return False
