"""Sums over maps by the kernel and by torch, shape by shape: what a layer costs beside the network.

    python -m benchmarks.kernel              # maps of 4 images under c4, in both memory formats, on one thread
    python -m benchmarks.kernel --append     # also append the table to benchmarks/RESULTS.md

Each is timed as the engine calls it, Python among it, by processor time, in turns; medians are reported. A value is
torch's time over the kernel's.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from benchmarks.machine import describe_machine
from benchmarks.table import Line, append_results, table
from geed_cli.actions.representation import Spatial
from geed_cli.actions.view import views_of
from geed_cli.groups.named import group_named
from geed_cli.kernel.library import kernel
from geed_cli.measures.maps.kernel_stack import KernelStack
from geed_cli.measures.maps.stack import MapStack, Matching
from geed_cli.measures.maps.torch_stack import TorchStack
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import own_process

IMAGES, GROUP = 4, "c4"
SHAPES = ((64, 112), (64, 56), (256, 56), (512, 28), (1024, 14), (2048, 7))
"""Channels and side, of the maps of a resnet50 from first to last."""
FORMATS = {"channels last": torch.channels_last, "contiguous": torch.contiguous_format}


def orbits(action: Spatial) -> Matching:
    """What the engine asks for: each map of an orbit beside the moved map of e."""
    moves = [None if g == 0 else (action, g) for _ in range(IMAGES) for g in range(action.order)]
    return Matching(tuple(image for image in range(IMAGES) for _ in range(action.order)), tuple(moves))


def compared(stack: MapStack, matching: Matching) -> None:
    """As the engine does, which asks every layer of one shape for the same matching."""
    stack.against(stack.rows(range(0, len(matching.of), len(matching.of) // IMAGES)), matching)


def in_turns(calls: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """The median milliseconds of each, after one round that does not count."""
    spent: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds + 1):
        for call, times in zip(calls, spent, strict=True):
            started = time.process_time()
            call()
            times.append(1000 * (time.process_time() - started))
    return [statistics.median(times[1:]) for times in spent]


def line_of(channels: int, side: int, layout: str, rounds: int) -> Line:
    """One shape in one memory format."""
    action = Spatial.of(views_of(group_named(GROUP), "zero", "bilinear"), (channels, side, side))
    matching = orbits(action)
    maps: Tensor = torch.rand(IMAGES * action.order, channels, side, side)
    maps = maps.contiguous(memory_format=FORMATS[layout])
    by_kernel, by_torch = in_turns(
        [
            lambda: compared(KernelStack.of(maps, None), matching),
            lambda: compared(TorchStack.of(maps, None), matching),
        ],
        rounds,
    )
    words = f"{by_kernel:.2f} ms, {1e6 * by_kernel / maps.numel():.2f} ns a number, against {by_torch:.1f} ms"
    return Line(f"{len(maps)} maps {channels}×{side}×{side}, {layout}", words, by_torch / by_kernel)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--append", action="store_true", help="append the table to benchmarks/RESULTS.md")
    asked = parser.parse_args()
    if kernel() is None:
        parser.error("the kernel is not there: pip install -e . with a C compiler")
    torch.set_num_threads(1)
    lines = []
    with own_process(), freed_memory_kept(), torch.inference_mode():
        for channels, side in SHAPES:
            for layout in FORMATS:
                lines.append(line_of(channels, side, layout, asked.rounds))
                sys.stderr.write(f"{lines[-1].markdown}\n")
    machine = describe_machine()
    sys.stdout.write(f"{machine}\n\n{table(lines)}\n")
    if asked.append:
        append_results("The kernel", f"`python -m benchmarks.kernel` on {machine}", lines)


if __name__ == "__main__":
    main()
