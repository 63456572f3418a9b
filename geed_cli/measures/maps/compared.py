"""Which of the two sums maps, and what is made of the sums of two stacks."""

from functools import lru_cache

import torch
from torch import Tensor

from geed_cli.actions.representation import Trivial
from geed_cli.choices import SumsBy
from geed_cli.kernel.library import kernel
from geed_cli.measures.channelwise import COSINE
from geed_cli.measures.maps.kernel_stack import KernelStack
from geed_cli.measures.maps.scattered import Scattered
from geed_cli.measures.maps.stack import MapStack, Matching, Sums
from geed_cli.measures.maps.torch_stack import TorchStack
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation


def stack_of(maps: Scattered, numbers: tuple[int, ...], support: Tensor | None = None) -> MapStack:
    """A stack of some maps; on a CPU they are not copied.

    Args:
        maps: on one device and of one type.
        numbers: which of them, at least one.
        support: the compared pixels, shape (H, W), bool; None for all of them.
    """
    part = maps.parts[0]
    if sums_by(part.device, part.dtype) == "torch":
        return TorchStack.of(maps.tensor(numbers), support)
    if part.dtype != torch.float32:
        maps = Scattered([part.float() for part in maps.parts])
    return KernelStack(maps, numbers, support)


def sums_by(device: torch.device, dtype: torch.dtype) -> SumsBy:
    """Who sums the maps of a network that runs on a device in a floating type."""
    return "kernel" if device.type == "cpu" and dtype != torch.float64 and kernel() is not None else "torch"


def sums_between(moved: Tensor, expected: Tensor, support: Tensor | None = None) -> Sums:
    """Sums of f_l(gx) and g·f̂_l(x), shape (B, C, H, W), masked already outside ``support``, shape (H, W)."""
    matching = _as_they_are(len(moved), tuple(moved.shape[1:]))
    one, other = (stack_of(Scattered([maps]), matching.of, support) for maps in (moved, expected))
    return one.against(other, matching)


@lru_cache(maxsize=256)
def _as_they_are(count: int, shape: tuple[int, ...]) -> Matching:
    """Each map beside its own, and not moved."""
    return Matching(tuple(range(count)), ((Trivial(1, shape), 0),) * count)


def channelwise_deviation(
    moved: Tensor, expected: Tensor, measure: ChannelMeasure = COSINE, support: Tensor | None = None
) -> LayerDeviation:
    """A measure of f_l(gx) and g·f̂_l(x); see ``sums_between``."""
    return deviation_of(sums_between(moved, expected, support), measure)


def deviation_of(sums: Sums, measure: ChannelMeasure) -> LayerDeviation:
    """A measure of pairs of maps, from their sums."""
    return measure.compare(sums.own, sums.expected, sums.products)
