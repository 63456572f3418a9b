"""Copies of maps that lie in memory as their originals do."""

from collections.abc import Sequence

import torch
from torch import Tensor

from geed_cli.measures.moments import channels_last, laid_out


def stacked(maps: Sequence[Tensor]) -> Tensor:
    """A copy of maps (C, H, W) as one stack, in order; it lies as the first does."""
    return laid_out(torch.stack(list(maps)), maps[0][None])


def copied(maps: Tensor) -> Tensor:
    """A copy of a map (C, H, W) that lies as it does: channels of one pixel side by side, or not."""
    stack = maps[None]
    order = torch.channels_last if channels_last(stack) else torch.contiguous_format
    return stack.clone(memory_format=order)[0]
