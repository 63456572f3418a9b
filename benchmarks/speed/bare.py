"""The bare loop: a network over inputs that lie ready in memory, in inference mode, with nothing else around it.

It is what an audit is set against, at the best of several batch sizes and both memory formats, in a process of its
own, as torch and the system run it. An audit keeps memory that networks free (``pipeline.allocator``); how much of its
speed comes from that shows beside the same loop with that memory kept. TF32 is off, as in an audit. The same batch is
shown again and again, which favours the loop: it reads its input from the cache.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import torch
from torch import nn

from benchmarks.speed.audits import ORDERS, Spent, audit_once, options_for
from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import in_turns
from benchmarks.table import Line
from geed_cli.engine.batches import Placement
from geed_cli.engine.engine import full_precision
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.options import RunOptions
from geed_cli.pipeline.placement import place
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import own_process

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


@dataclass(frozen=True)
class Bare:
    """What a process runs.

    Attributes:
        model: with random weights.
        settings: device, precision, batch sizes to try.
        kept: whether freed memory is kept, as in an audit.
    """

    model: str
    settings: Settings
    kept: bool = False


@dataclass(frozen=True)
class BareLoop:
    """One network's bare loop at its best form.

    Attributes:
        form: that was found.
        seconds: for so many inputs, in whole batches.
    """

    form: Form
    seconds: Callable[[int], float]


@contextmanager
def bare_loop(bare: Bare) -> Iterator[BareLoop]:
    """A process with the network, its quickest form found, for as long as the ``with`` lasts."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        form = process.submit(_best, bare).result()
        yield BareLoop(form, lambda inputs: process.submit(_seconds, bare, form, inputs).result())


def _best(bare: Bare) -> Form:
    forms = [Form(batch, last) for last in (False, True) for batch in bare.settings.batches]
    return min(forms, key=lambda form: min(_seconds(bare, form, TRIED) for _ in range(2)))


def _seconds(bare: Bare, form: Form, inputs: int) -> float:
    """Seconds for at least so many inputs, after one batch that is not counted."""
    module, size = _network(bare)
    module = module.to(memory_format=form.memory_format)
    where = _placement(bare)
    with own_process(), freed_memory_kept() if bare.kept else nullcontext():
        ready = torch.rand(form.batch, 3, size, size, device=where.device, dtype=where.dtype)
        ready = ready.contiguous(memory_format=form.memory_format)
        _run(module, ready, 1)
        started = time.perf_counter()
        _run(module, ready, -(-inputs // form.batch))
        return time.perf_counter() - started


@cache
def _network(bare: Bare) -> tuple[nn.Module, int]:
    """The network on its device, once in a process, and the side of its input."""
    network = load_model(bare.model, weights="random")
    where = _placement(bare)
    placed = network.module.to(where.device, where.dtype)
    return placed, network.input.size


def _placement(bare: Bare) -> Placement:
    """Device and floating type."""
    return place(RunOptions(bare.settings.device, precision=bare.settings.precision))


def _run(module: nn.Module, ready: torch.Tensor, times: int) -> None:
    with full_precision():
        for _ in range(times):
            module(ready)
    if ready.is_cuda:
        torch.cuda.synchronize(ready.device)


@dataclass(frozen=True)
class Sides:
    """What is timed in turns.

    Attributes:
        network: that is audited; its weights are random, since speed does not depend on them.
        plain: its bare loop.
        kept: the same with freed memory kept, as in an audit.
        settings: images, repeats, device.
    """

    network: Network
    plain: BareLoop
    kept: BareLoop
    settings: Settings


@contextmanager
def sides(model: str, settings: Settings) -> Iterator[Sides]:
    """The network here and its two bare loops, a process each."""
    with (
        bare_loop(Bare(model, settings)) as plain,
        bare_loop(Bare(model, settings, kept=True)) as kept,
    ):
        yield Sides(load_model(model, weights="random"), plain, kept, settings)


def against_bare(
    what: str, group: str, limit: float, sides: Sides, *, layers: tuple[str, ...] = ()
) -> Iterator[Line]:
    """The ratio to the bare loop with its goal, that to the loop with kept memory, and where the audit's time went.

    Args:
        what: is measured, in words.
        group: one of ``ORDERS``.
        limit: the goal.
        sides: that take turns.
        layers: in place of the network's stages.
    """
    options = options_for(sides.network, sides.settings, layers=layers)
    inputs = sides.settings.images * ORDERS[group]
    spent: list[Spent] = []

    def audited() -> float:
        spent.append(audit_once(sides.network, [group], options))
        return spent[-1].total

    loops = {"plain": sides.plain, "kept": sides.kept}
    timed = {"audit": audited} | {
        name: lambda loop=loop: loop.seconds(inputs) for name, loop in loops.items()
    }
    turns = in_turns(timed, sides.settings.repeats)
    rates = {name: inputs / turns.median(name) for name in timed}

    def words(name: str) -> str:
        return f"{rates['audit']:.1f} against {rates[name]:.1f} inputs/s ({loops[name].form})"

    yield Line(what, words("plain"), turns.ratio("audit", "plain"), limit)
    yield Line("… against a loop that keeps freed memory, too", words("kept"), turns.ratio("audit", "kept"))
    yield Line("… its time", sorted(spent, key=lambda one: one.total)[len(spent) // 2].split)
