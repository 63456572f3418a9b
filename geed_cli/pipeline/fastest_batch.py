"""The fastest batch size, measured: powers of two, two short repeats each, until more rows no longer help.

On small CPUs the best is often 4 to 16 rows, whose activations stay in the cache; a GPU wants to be filled.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from geed_cli.engine.batches import Placement, normalise
from geed_cli.engine.engine import full_precision
from geed_cli.engine.out_of_memory import is_out_of_memory
from geed_cli.models.network import Network

LARGEST_CPU, LARGEST_GPU = 32, 256
REPEATS = 2
BEHIND = 2
"""So many sizes in a row below the best end the search."""
BUDGET_S = 10.0
"""No further size is tried after so long: a search must not cost what it can save."""
WORTH = 1.03
"""A larger batch has to be so much faster: less than that is noise, and memory is not free."""


@dataclass(frozen=True)
class Trial:
    """Networks on their device, ready to be timed.

    Attributes:
        networks: those of the run; each sees every batch.
        placement: device and floating type.
    """

    networks: Sequence[Network]
    placement: Placement

    def seconds(self, rows: int) -> float:
        """How long the networks take for one batch of noise."""
        size, device = self.networks[0].input.size, self.placement.device
        noise = torch.rand(rows, 3, size, size, generator=torch.Generator().manual_seed(0))
        pixels = noise.to(device, self.placement.input_dtype).contiguous(memory_format=torch.channels_last)
        inputs = [normalise(pixels, one.input).to(self.placement.dtype) for one in self.networks]
        _wait(device)
        before = time.perf_counter()
        with full_precision():
            for one, shown in zip(self.networks, inputs, strict=True):
                one.module(shown)
            _wait(device)
        return time.perf_counter() - before

    def fastest(self) -> int:
        """The batch size for this device."""
        return fastest(self.seconds, LARGEST_CPU if self.placement.device.type == "cpu" else LARGEST_GPU)


def fastest(seconds: Callable[[int], float], largest: int) -> int:
    """The smallest power of two whose rate is within ``WORTH`` of the best.

    Args:
        seconds: how long a batch of so many rows takes; may run out of memory, which ends the search.
        largest: the most rows that are tried.

    Returns:
        1 where not even one row could be timed: the run itself says what is wrong.
    """
    rates: dict[int, float] = {}
    rows, behind, spent = 1, 0, 0.0
    while rows <= largest and behind < BEHIND and spent < BUDGET_S:
        try:
            took = [seconds(rows) for _ in range(REPEATS)]
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            break
        rate, spent = rows / min(took), spent + sum(took)
        behind = behind + 1 if rate < max(rates.values(), default=0.0) else 0
        rates[rows] = rate
        rows *= 2
    best = max(rates.values(), default=0.0)
    return next((rows for rows, rate in rates.items() if rate * WORTH >= best), 1)


def _wait(device: torch.device) -> None:
    """Until everything queued on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
