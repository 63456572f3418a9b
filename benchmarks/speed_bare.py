"""The bare loop: a network over inputs that lie ready in memory, in inference mode, with nothing else around it.

It is what an audit is set against, at the best of several batch sizes and both memory formats. TF32 is off, as in
an audit. The same batch is shown again and again, which favours the loop: it reads its input from the cache.
"""

import copy
import time
from dataclasses import dataclass

import torch
from torch import nn

from benchmarks.speed_settings import Settings
from geed_cli.engine.local import full_precision
from geed_cli.models.network import Network
from geed_cli.pipeline.placement import DTYPES, choose_device

TRIED = 32
"""Inputs of one try while the best form is searched; the better of two tries counts."""


@dataclass(frozen=True)
class Form:
    """How a bare loop runs: rows of a batch and memory format."""

    batch: int
    channels_last: bool

    def __str__(self) -> str:
        return f"batch {self.batch}, {'channels last' if self.channels_last else 'contiguous'}"

    @property
    def memory_format(self) -> torch.memory_format:
        """As torch names it."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


class BareLoop:
    """One network's bare loop.

    Args:
        network: copied, so that an audit of it in between changes nothing here.
        settings: device, precision, batch sizes to try.
    """

    def __init__(self, network: Network, settings: Settings) -> None:
        self._size = network.input.size
        self._batches = settings.batches
        self._device = choose_device(settings.device)
        self._dtype = DTYPES[settings.precision]
        self._module = copy.deepcopy(network.module).to(self._device, self._dtype)

    def seconds(self, form: Form, inputs: int) -> float:
        """Seconds for at least so many inputs, in whole batches, after one batch that is not counted."""
        module = self._module.to(memory_format=form.memory_format)
        ready = torch.rand(form.batch, 3, self._size, self._size, device=self._device, dtype=self._dtype)
        ready = ready.contiguous(memory_format=form.memory_format)
        self._run(module, ready, 1)
        started = time.perf_counter()
        self._run(module, ready, -(-inputs // form.batch))
        return time.perf_counter() - started

    def best(self) -> Form:
        """The quickest form."""
        forms = [Form(batch, last) for last in (False, True) for batch in self._batches]
        return min(forms, key=lambda form: min(self.seconds(form, TRIED) for _ in range(2)))

    def _run(self, module: nn.Module, ready: torch.Tensor, times: int) -> None:
        with full_precision():
            for _ in range(times):
                module(ready)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
