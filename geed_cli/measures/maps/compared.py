"""Which of the two sums maps, and what is made of the sums of two stacks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from geed_cli.actions.representation import Trivial
from geed_cli.choices import SumsBy
from geed_cli.kernel.library import kernel
from geed_cli.measures.channelwise import COSINE
from geed_cli.measures.maps.kernel_stack import KernelStack
from geed_cli.measures.maps.stack import MapStack, Sums, one_tensor
from geed_cli.measures.maps.torch_stack import TorchStack
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation


def stack_of(maps: Sequence[Tensor], support: Tensor | None = None) -> MapStack:
    """A stack of maps of one shape (C, H, W), one device and one type, at least one.

    Args:
        maps: views of a batch are not copied, however many there are.
        support: the compared pixels, shape (H, W), bool; None for all of them.
    """
    first = maps[0]
    if sums_by(first.device, first.dtype) == "torch":
        return TorchStack.of(one_tensor(maps), support)
    return KernelStack(tuple(maps if first.dtype == torch.float32 else map(Tensor.float, maps)), support)


def sums_by(device: torch.device, dtype: torch.dtype) -> SumsBy:
    """Who sums the maps of a network that runs on a device in a floating type."""
    return "kernel" if device.type == "cpu" and dtype != torch.float64 and kernel() is not None else "torch"


def sums_between(moved: Tensor, expected: Tensor, support: Tensor | None = None) -> Sums:
    """Sums of f_l(gx) and g·f̂_l(x), shape (B, C, H, W), masked already outside ``support``, shape (H, W)."""
    one, other = stack_of(moved.unbind(), support), stack_of(expected.unbind(), support)
    as_they_are = [(Trivial(1, tuple(moved.shape[1:])), 0)] * len(moved)
    return one.against(other, range(len(moved)), as_they_are)


def channelwise_deviation(
    moved: Tensor, expected: Tensor, measure: ChannelMeasure = COSINE, support: Tensor | None = None
) -> LayerDeviation:
    """A measure of f_l(gx) and g·f̂_l(x); see ``sums_between``."""
    return measure.compare(*sums_between(moved, expected, support))
