"""How maps lie in memory: several as one tensor without copying, and copies that lie as their originals do."""

from collections.abc import Sequence

import torch
from torch import Tensor

from geed_cli.measures.moments import channels_last, laid_out


def one_tensor(maps: Sequence[Tensor]) -> Tensor:
    """Maps (C, H, W) as one stack: as they lie, where they are evenly spaced in one memory, else a copy in order."""
    first, spacing = maps[0], _spacing(maps)
    if spacing is None:
        return laid_out(torch.stack(list(maps)), first[None])
    return first.as_strided((len(maps), *first.shape), (spacing, *first.stride()))


def _spacing(maps: Sequence[Tensor]) -> int | None:
    """By how many numbers each map lies behind the one before, in one memory; None where that differs."""
    first = maps[0]
    if len(maps) == 1:
        return first.numel()
    starts = [int(each.storage_offset()) for each in maps]
    spacing = starts[1] - starts[0]
    memory, steps = first.untyped_storage().data_ptr(), first.stride()
    even = spacing > 0 and starts == [starts[0] + spacing * row for row in range(len(maps))]
    alike = all(
        each.untyped_storage().data_ptr() == memory and each.stride() == steps and each.dtype == first.dtype
        for each in maps
    )
    return spacing if even and alike else None


def copied(maps: Tensor) -> Tensor:
    """A copy of a map (C, H, W) that lies as it does: channels of one pixel side by side, or not."""
    stack = maps[None]
    order = torch.channels_last if channels_last(stack) else torch.contiguous_format
    return stack.clone(memory_format=order)[0]
