"""The speed table of a GPU: audits against bare loops over as many inputs, and against what timm would report.

    python -m benchmarks.gpu --report gpu.md             # networks × precisions × groups, stages and every module
    python -m benchmarks.gpu --device cpu --quick        # a dry run: whether everything runs, not how fast

The bare loop shows a batch that lies ready on the device to the same network, at the best of several batch sizes, with
an audit's arithmetic: TF32 off, no autotuning. A second loop does what timm's benchmark script does with it: TF32 as
PyTorch has it and cuDNN's kernels chosen by trying them. Weights are random: speed does not depend on them. Cases that
the time does not reach are named as not measured.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import torch

from benchmarks.machine import describe_machine
from benchmarks.speed.audits import Spent, audit_once, options_for
from benchmarks.speed.cases import every_map_layer
from benchmarks.speed.pictures import copy_photographs
from benchmarks.speed.settings import Settings
from benchmarks.table import Line, table
from geed_cli.engine.engine import full_precision
from geed_cli.images.prefetch import usable_cores
from geed_cli.images.source import iter_pixels
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import draw
from geed_cli.pipeline.options import DeviceName, Precision, RunOptions
from geed_cli.pipeline.placement import DTYPES, place

MODELS = ("timm:resnet50", "timm:vit_small_patch16_224", "timm:tf_efficientnet_lite0")
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
GROUPS = {"c4": 4, "d4": 8, "c8": 8}
"""Elements of the groups; c8 resamples, so its control images are shown a few times more, which counts against it."""
BATCHES = (64, 128, 256)
LOOP_S = 0.5
"""Seconds that a bare loop lasts, after batches that are not counted."""
MIB = 2**20


@dataclass(frozen=True)
class Amounts:
    """How much is measured.

    Attributes:
        models: their names.
        images: of an audit whose stages are read.
        deep_images: of an audit that reads every module.
        batches: sizes that the bare loop is tried with.
        repeats: audits of a case whose stages are read; the quickest counts, as of the loops.
        seconds: after which no further case begins.
    """

    models: tuple[str, ...] = MODELS
    images: int = 1024
    deep_images: int = 256
    batches: tuple[int, ...] = BATCHES
    repeats: int = 2
    seconds: float = 270.0

    def quick(self) -> "Amounts":
        """The same in tiny."""
        return replace(
            self, models=("timm:test_resnet",), images=8, deep_images=8, batches=(4,), repeats=1, seconds=1e9
        )


@dataclass(frozen=True)
class Loop:
    """The best bare loop.

    Attributes:
        rate: inputs per second.
        batch: rows of its batch.
        mib: device memory at its peak, for that batch; 0 on a CPU.
    """

    rate: float
    batch: int
    mib: float


def loop_rate(network: Network, settings: Settings, batch: int) -> Loop:
    """Inputs per second over one batch that lies ready, channels last."""
    device = device_of(settings)
    module = network.module.to(device, DTYPES[settings.precision]).to(memory_format=torch.channels_last)
    ready = torch.rand(batch, 3, network.input.size, network.input.size, device=device)
    ready = ready.to(DTYPES[settings.precision]).contiguous(memory_format=torch.channels_last)
    _forget_peak(device)
    for _ in range(3):
        module(ready)
    _wait(device)
    started, times = time.perf_counter(), 0
    while times < 2 or time.perf_counter() - started < LOOP_S:
        module(ready)
        times += 1
        if times % 4 == 0:
            _wait(device)
    _wait(device)
    return Loop(times * batch / (time.perf_counter() - started), batch, _peak_mib(device))


def device_of(settings: Settings) -> torch.device:
    """The device, which has to be there."""
    return place(RunOptions(settings.device)).device


def best_loop(
    network: Network,
    settings: Settings,
    batches: Sequence[int],
    arithmetic: Callable[[], AbstractContextManager[None]] = full_precision,
) -> Loop:
    """The quickest of the batch sizes."""
    with arithmetic():
        return max((loop_rate(network, settings, batch) for batch in batches), key=lambda one: one.rate)


@contextmanager
def arithmetic_as_found() -> Iterator[None]:
    """TF32 as PyTorch has it when it is left alone, and kernels chosen by trying them, as timm's script has."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.backends.cudnn.benchmark = before


def cases(name: str, precision: Precision, amounts: Amounts, settings: Settings) -> Iterator[Line]:
    """The lines of one network in one precision."""
    settings = replace(settings, precision=precision)
    network = load_model(name, weights="random")
    plain = best_loop(network, settings, amounts.batches)
    found = best_loop(network, settings, amounts.batches[-1:], arithmetic_as_found)
    title = f"{network.arch}, {precision}"
    yield Line(
        f"{title}: bare loop",
        f"{plain.rate:.0f} inputs/s, batch {plain.batch}, {plain.mib:.0f} MiB; with timm's settings "
        f"(autotuned, TF32 as found, batch {found.batch}) {found.rate:.0f} inputs/s",
    )
    yield Line(
        "… the audit of its stages under c4 by rows of a batch, inputs/s",
        batch_sizes(network, amounts, settings),
    )
    every = every_map_layer(load_model(name, weights="random"))
    for layers, images in (((), amounts.images), (every, amounts.deep_images)):
        read = f"all {len(layers)} modules with maps" if layers else "stages"
        sized = replace(settings, images=images)
        options = options_for(network, sized, layers=layers)
        audit_once(network, ["c4"], options_for(network, sized, layers=layers, images=min(images, 64)))
        for group, order in GROUPS.items():
            _forget_peak(device_of(settings))
            repeats = 1 if layers else amounts.repeats
            spent = min((audit_once(network, [group], options) for _ in range(repeats)), key=_total)
            peak = _peak_mib(device_of(settings))
            rate = images * order / spent.total
            words = f"{rate:.0f} inputs/s, {images} images, {peak:.0f} MiB; {spent.split}"
            yield Line(f"{title}, {group}, {read}, against the bare loop", words, plain.rate / rate)


def batch_sizes(network: Network, amounts: Amounts, settings: Settings) -> str:
    """The audit's rate at each of the bare loop's batch sizes."""
    rates = []
    for rows in amounts.batches:
        options = options_for(network, replace(settings, batch_size=rows, images=amounts.images))
        rates.append(
            f"{rows}: {amounts.images * GROUPS['c4'] / audit_once(network, ['c4'], options).total:.0f}"
        )
    return "; ".join(rates)


def decoding(amounts: Amounts, settings: Settings) -> Line:
    """Images per second that this machine's cores decode and crop, which no network can outrun."""
    network = load_model(amounts.models[0], weights="random")
    drawn = draw(options_for(network, settings, images=amounts.images).data)
    started = time.perf_counter()
    count = sum(1 for _ in iter_pixels(drawn.audited, network.input))
    rate = count / (time.perf_counter() - started)
    return Line("decoding and nothing else", f"{rate:.0f} images/s on {usable_cores()} cores, {count} images")


def lines(amounts: Amounts, settings: Settings) -> Iterator[Line]:
    """All cases, as long as there is time for a further one; those that it does not reach are named."""
    started = time.perf_counter()
    yield decoding(amounts, settings)
    for precision in PRECISIONS:
        for model in amounts.models:
            for line in cases(model, precision, amounts, settings):
                yield line
                if time.perf_counter() - started > amounts.seconds:
                    yield Line(f"{model}, {precision}: the rest not measured, out of time", "")
                    break


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print each line on stderr when it is there, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=get_args(DeviceName), default="cuda")
    parser.add_argument("--models", nargs="+", help="in place of " + ", ".join(MODELS))
    parser.add_argument("--seconds", type=float, help="after which no further case begins")
    parser.add_argument("--quick", action="store_true", help="tiny amounts, a check that everything runs")
    parser.add_argument("--report", type=Path, help="a file for the table, in place of stdout")
    asked = parser.parse_args(arguments)
    amounts = Amounts().quick() if asked.quick else Amounts()
    if asked.models:
        amounts = replace(amounts, models=tuple(asked.models))
    if asked.seconds:
        amounts = replace(amounts, seconds=asked.seconds)
    done: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        copy_photographs(Path(folder), amounts.images)
        settings = Settings(folder=folder, device=asked.device)
        device_of(settings)  # a device that is not there is said before anything is measured
        for line in lines(amounts, settings):
            sys.stderr.write(f"{line.markdown}\n")
            done.append(line)
    text = f"{describe_machine()}\n\n{table(done)}\n"
    if asked.report:
        asked.report.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _total(spent: Spent) -> float:
    return spent.total


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _peak_mib(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated(device) / MIB if device.type == "cuda" else 0.0


if __name__ == "__main__":
    main()
