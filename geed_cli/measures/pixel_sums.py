"""Sums over the pixels of maps, channel by channel: a row or column in the maps' own type, then these in float64.

A row has at most a few hundred pixels, so its float32 sum keeps six digits or more; converting every pixel to float64
first costs many times as much. On a CPU numpy's einsum multiplies and adds in one pass, where torch writes the products
to memory first.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def pixel_sums(maps: Tensor) -> Tensor:
    """Σ over H and W of maps (B, C, H, W); shape (B, C), float64."""
    if channels_last(maps):  # sums along another order of the axes are five times slower
        return maps.permute(0, 2, 3, 1).sum(dim=2).sum(dim=1, dtype=torch.float64)
    return maps.sum(dim=-1).sum(dim=-1, dtype=torch.float64)


def pixel_products(one: Tensor, other: Tensor) -> NDArray[np.float64]:
    """Σ over H and W of the products of two stacks of maps (B, C, H, W); shape (B, C), on the CPU."""
    if one.device.type != "cpu":
        return np.asarray(pixel_sums(one * other).cpu(), dtype=np.float64)
    a, b = one.numpy(), other.numpy()
    if channels_last(one):
        # columns, not rows: neighbouring pixels and their channels are one long stretch of memory
        sums = np.einsum("bhwc,bhwc->bwc", a.transpose(0, 2, 3, 1), b.transpose(0, 2, 3, 1))
        return np.asarray(sums.sum(axis=1, dtype=np.float64))
    return np.asarray(np.einsum("bchw,bchw->bch", a, b).sum(axis=2, dtype=np.float64))


def channels_last(maps: Tensor) -> bool:
    """Whether neighbours in memory are channels of one pixel."""
    return maps.stride(1) == 1
