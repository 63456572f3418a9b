"""Sums over maps by the kernel against those that torch makes of the same numbers in float64."""

from collections.abc import Iterator

import torch

from geed_cli.actions.action import disc_mask
from geed_cli.actions.representation import Spatial
from geed_cli.actions.view import views_of
from geed_cli.groups.named import group_named
from geed_cli.kernel.library import VARIABLE, kernel
from geed_cli.measures.maps.kernel_stack import KernelStack
from geed_cli.measures.maps.stack import MapStack, Matching, Sums
from geed_cli.measures.maps.torch_stack import TorchStack
from geed_cli.report.selftest_report import Finding
from geed_cli.selftest.bench import Bench
from geed_cli.selftest.expectation import near, word

SHAPE = (8, 17, 9, 9)
"""One map for each element of d4, of an odd size with channels that fill no vector."""
SEED = 20221106
FAR = 1000.0
"""A mean that is so many times the deviations: a sum that cancels would lose six digits more."""


def kernel_against_torch(_: Bench) -> Iterator[Finding]:
    """Under every element of d4, on the whole map and inside the disc, in both memory formats."""
    if kernel() is None:
        why = f"none was built at installation, or it is of another version, or {VARIABLE}=off"
        yield word("the kernel", "not there", "not there", reason=f"maps are summed by torch: {why}")
        return
    maps = FAR + torch.randn(SHAPE, generator=torch.Generator().manual_seed(SEED))
    for name, memory in (("channels last", torch.channels_last), ("contiguous", torch.contiguous_format)):
        for where, support in (("whole maps", None), ("disc", disc_mask(*SHAPE[2:]))):
            lying = maps.contiguous(memory_format=memory)
            by_kernel = _sums(KernelStack.of(lying, support))
            by_torch = _sums(TorchStack.of(lying.double(), support))
            yield near(
                f"difference, {name}, {where}",
                0.0,
                _difference(by_kernel, by_torch),
                tolerance=1e-12,
                reason="the largest of means, squares and products of maps with mirrored and turned ones, relative: "
                "sums of a few float64 numbers in another order",
            )


def _sums(stack: MapStack) -> Sums:
    """Each map beside the first one, moved by its element."""
    views = views_of(group_named("d4"), "zero", "bilinear")
    action = Spatial.of(views, SHAPE[1:])
    moves = tuple((action, g) for g in range(len(views)))
    return stack.against(stack, Matching((0,) * len(moves), moves))


def _difference(one: Sums, other: Sums) -> float:
    """The largest, relative to the means, and to the products of lengths of what varies."""
    lengths = other.own.deviations * other.expected.deviations
    means = ((one.own.means - other.own.means) / other.own.means).abs()
    squares = (one.own.squares - other.own.squares).abs() / other.own.squares
    products = (one.products - other.products).abs() / lengths
    return float(torch.stack([means, squares, products]).max())
