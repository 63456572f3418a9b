"""What a batch's hooks computed on the device, fetched at once when its forward pass is through.

Whoever fetches a number from a GPU waits for all that is queued there, so that a fetch at every layer would keep the
GPU from ever having work ahead of it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Take = Callable[[Tensor], None]
"""Called with the numbers on the CPU, in float64."""


class Outbox:
    """Numbers of one batch on their way to the CPU."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Tensor, Take]] = []

    def put(self, numbers: Tensor, take: Take) -> None:
        """Have ``deliver`` call ``take`` with the numbers, or flags, to which nobody writes any more."""
        self._waiting.append((numbers, take))

    def deliver(self) -> None:
        """Fetch everything and hand it out, once."""
        on_gpu = [numbers.double().flatten() for numbers, _ in self._waiting if numbers.is_cuda]
        together = torch.cat(on_gpu).cpu() if on_gpu else torch.empty(0)
        fetched = iter(torch.split(together, [len(each) for each in on_gpu]))
        for numbers, take in self._waiting:
            take(next(fetched).view(numbers.shape) if numbers.is_cuda else numbers.cpu().double())
