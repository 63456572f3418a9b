"""Sums over the pixels of maps, channel by channel: a row in the maps' own type, then the rows in float64.

A row has at most a few hundred pixels, so its float32 sum keeps six digits or more; converting every pixel to float64
first costs many times as much.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

AT_ONCE = 2**20
"""Products that are made before they are summed: these 4 MiB are still in a CPU's cache then."""


def pixel_sums(maps: Tensor) -> Tensor:
    """Σ over H and W of maps (B, C, H, W); shape (B, C), float64."""
    if channels_last(maps):  # sums along another order of the axes are five times slower
        return maps.permute(0, 2, 3, 1).sum(dim=2).sum(dim=1, dtype=torch.float64)
    return maps.sum(dim=-1).sum(dim=-1, dtype=torch.float64)


def pixel_products(one: Tensor, other: Tensor) -> Tensor:
    """Σ over H and W of the products of two stacks of maps (B, C, H, W); shape (B, C), float64."""
    _, channels, height, width = one.shape
    at_once = AT_ONCE if one.device.type == "cpu" else one.numel()
    maps = max(1, at_once // (channels * height * width))
    parts = zip(torch.split(one, maps), torch.split(other, maps), strict=True)
    return torch.cat([pixel_sums(a * b) for a, b in parts])


def channels_last(maps: Tensor) -> bool:
    """Whether neighbours in memory are channels of one pixel."""
    return maps.stride(1) == 1


def taken(stack: Tensor, rows: Sequence[int]) -> Tensor:
    """Rows of a stack, without copying where they are evenly spaced, as those of one view are."""
    spaced = evenly_spaced(rows)
    return stack[numbers_of(tuple(rows), stack.device)] if spaced is None else stack[spaced]


def evenly_spaced(rows: Sequence[int]) -> slice | None:
    """The slice that takes these rows; None where there is none."""
    step = rows[1] - rows[0] if len(rows) > 1 else 1
    even = step > 0 and list(rows) == list(range(rows[0], rows[-1] + 1, step))
    return slice(rows[0], rows[-1] + 1, step) if even else None


@lru_cache(maxsize=512)
def numbers_of(rows: tuple[int, ...], device: torch.device) -> Tensor:
    """Row numbers on the device; every layer of a batch asks for the same ones, and each copy to a GPU waits."""
    return torch.tensor(rows, dtype=torch.int64, device=device)
