"""``--batch-size auto``: the fastest size and memory format, measured once for a network on a device and then kept.

Powers of two are timed until more rows no longer help: on small CPUs the best is often 4 to 16 rows, whose activations
stay in the cache; a GPU wants to be filled. At that size channels last is then set against contiguous memory. What is
kept lets the next run start at once and gives it the same batches, hence the same digits.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from geed_cli import __version__
from geed_cli.cache.keys import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.batches import Placement, normalise
from geed_cli.engine.engine import full_precision
from geed_cli.engine.passes import explained
from geed_cli.errors import InputError, is_out_of_memory
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import device_name
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import move, place

LARGEST_CPU_BATCH, LARGEST_GPU_BATCH = 32, 256
CONTIGUOUS = " contiguous"
FOUND = {
    f"{2**power}{memory}": (2**power, not memory)
    for power in range(LARGEST_GPU_BATCH.bit_length())
    for memory in ("", CONTIGUOUS)
}
"""What the search can find, as it is kept: rows of a batch, and whether they lie channels last."""
TIMINGS_PER_SIZE = 2
PATIENCE = 2
"""So many sizes in a row below the best end the search."""
SEARCH_S = 10.0
"""No further size is tried after so long: a search must not cost what it can save."""
WORTHWHILE_SPEEDUP = 1.03
"""A larger batch has to be so much faster: less than that is noise, and memory is not free."""
OTHER_FORMAT_SPEEDUP = 1.05
"""Contiguous memory has to be so much faster: networks for which it is as good as channels last keep to one format."""
FORMAT_TRIALS = (True, False, True)
"""Channels last, contiguous, and again, so that a machine that becomes slower or faster favours neither."""


def with_batch_size(
    networks: Sequence[Network], options: AuditOptions, store: RowStore | None = None
) -> AuditOptions:
    """The options with a number for ``auto``, and a memory format: of an earlier run, else measured and kept.

    Where a network takes one number of images alone, that is the batch size, whatever was asked for.

    Raises:
        InputError: a network does not run in the precision asked for, or networks take different numbers of images.
        RunError: the device is not there.
    """
    fixed = fixed_batch_size(networks)
    if fixed is not None:
        return replace(options, run=replace(options.run, batch_size=fixed))
    if options.run.batch_size != "auto":
        return options
    placement = place(options.run)
    key = size_key(networks, placement)
    cached = store.fact(key) if store is not None else None
    # weights of a user's own module lie as they were asked to for as long as it is lent
    own = any(network.borrowed for network in networks)
    if cached in FOUND:
        rows, last = FOUND[cached]
    else:
        rows = Trial.of(networks, placement).fastest()
        last = own or is_channels_last(networks, placement, rows)
        if store is not None:
            store.keep_fact(key, f"{rows}{'' if last else CONTIGUOUS}")
    if own:
        last = options.run.channels_last
    return replace(options, run=replace(options.run, batch_size=rows, channels_last=last))


def fixed_batch_size(networks: Sequence[Network]) -> int | None:
    """The only batch size that the networks take; None where they take any.

    Raises:
        InputError: they take different ones.
    """
    fixed = {network.batch: network for network in networks if network.batch is not None}
    if len(fixed) > 1:
        raise InputError(
            "; ".join(f"{network.id} takes {rows} images at a time" for rows, network in fixed.items()),
            expected="one batch size that suits all networks",
            remedy="audit them one at a time and compare the saved results",
        )
    return next(iter(fixed), None)


def size_key(networks: Sequence[Network], placement: Placement) -> bytes:
    """A hash over everything that the fastest size and format depend on."""
    fields = {
        "fact": "batch size and memory format",
        "networks": repr([(network.source, network.arch, network.parameters) for network in networks]),
        "size": str(networks[0].input.size),
        "dtype": str(placement.dtype),
        "device": device_name(placement.device),
        "threads": str(torch.get_num_threads()),
        "versions": f"torch {torch.__version__}, geed {__version__}",
    }
    return digest(fields)


@dataclass(frozen=True)
class Trial:
    """Networks on their device, ready to be timed; each sees every batch."""

    networks: Sequence[Network]
    placement: Placement

    @classmethod
    def of(cls, networks: Sequence[Network], placement: Placement) -> "Trial":
        """The networks, moved there."""
        return cls([move(network, placement) for network in networks], placement)

    def seconds(self, rows: int) -> float:
        """How long the networks take for one batch of noise."""
        size, device = self.networks[0].input.size, self.placement.device
        channels = self.networks[0].input.channels
        noise = torch.rand(rows, channels, size, size, generator=torch.Generator().manual_seed(0))
        pixels = noise.to(device, self.placement.input_dtype).contiguous(
            memory_format=self.placement.memory_format
        )
        inputs = [normalise(pixels, each.input).to(self.placement.dtype) for each in self.networks]
        _wait(device)
        before = time.perf_counter()
        with full_precision():
            for network, batch in zip(self.networks, inputs, strict=True):
                with explained(network):
                    network.module(batch)
            _wait(device)
        return time.perf_counter() - before

    def fastest(self) -> int:
        """The batch size for this device."""
        on_cpu = self.placement.device.type == "cpu"
        return fastest(self.seconds, LARGEST_CPU_BATCH if on_cpu else LARGEST_GPU_BATCH)


def is_channels_last(networks: Sequence[Network], placement: Placement, rows: int) -> bool:
    """Whether batches of so many rows are to lie channels last: unless they are clearly faster in contiguous memory.

    The networks are channels last afterwards.
    """
    took: dict[bool, list[float]] = {True: [], False: []}
    for last in FORMAT_TRIALS:
        trial = Trial.of(networks, replace(placement, channels_last=last))
        try:
            took[last] += [trial.seconds(rows) for _ in range(TIMINGS_PER_SIZE)]
        except Exception as error:
            if not is_out_of_memory(error):
                raise
    return keeps_channels_last(took[True], took[False])


def keeps_channels_last(last: Sequence[float], contiguous: Sequence[float]) -> bool:
    """Whether the best of the seconds in contiguous memory is not clearly below the best of those channels last.

    A format in which memory ran out has no seconds.
    """
    return not last or not contiguous or min(contiguous) * OTHER_FORMAT_SPEEDUP > min(last)


def fastest(seconds: Callable[[int], float], largest: int) -> int:
    """The smallest power of two, at most ``largest``, whose rate is within ``WORTHWHILE_SPEEDUP`` of the best.

    ``seconds`` says how long a batch of so many rows takes; memory that runs out ends the search. The size is 1 where
    not even one row could be timed: the run itself says what is wrong.
    """
    rates: dict[int, float] = {}
    rows, behind, spent = 1, 0, 0.0
    while rows <= largest and behind < PATIENCE and spent < SEARCH_S:
        try:
            took = [seconds(rows) for _ in range(TIMINGS_PER_SIZE)]
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            break
        rate, spent = rows / min(took), spent + sum(took)
        behind = behind + 1 if rate < max(rates.values(), default=0.0) else 0
        rates[rows] = rate
        rows *= 2
    best = max(rates.values(), default=0.0)
    return next((rows for rows, rate in rates.items() if rate * WORTHWHILE_SPEEDUP >= best), 1)


def _wait(device: torch.device) -> None:
    """Until everything queued on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
