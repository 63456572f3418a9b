"""Which operations of torch sample their input anew, and with what window; all others leave sampling grids alone."""

from collections.abc import Sequence
from typing import Any

import torch
from torch._ops import OpOverload

from geed_cli.engine.phase_grid import Pair, Window

aten = torch.ops.aten
POOLS = (aten.max_pool2d_with_indices.default, aten.avg_pool2d.default)
PADS = (aten.constant_pad_nd.default, aten.reflection_pad2d.default, aten.replication_pad2d.default)


def window_of(func: OpOverload, args: tuple[Any, ...]) -> Window | None:
    """The window of a convolution, pooling or padding of the last two axes; None for any other operation.

    Args:
        func: the operation.
        args: as torch hands them over, in the order of its schema; trailing defaults may be missing.
    """
    if func is aten.convolution.default and args[1].ndim == 4 and not args[6]:
        return Window(_pair(args[1].shape[2:]), _pair(args[3]), _pair(args[4]), _pair(args[5]))
    if func in POOLS:
        given = [*args[1:5], None, None, None]
        kernel, stride, padding = given[:3]
        dilation = given[3] if func is POOLS[0] else 1  # an average's fourth is its ceil mode
        return Window(_pair(kernel), _pair(stride or kernel), _pair(padding or 0), _pair(dilation or 1))
    if func in PADS and len(args[1]) <= 4:
        left, _, top, _ = (*args[1], 0, 0)[:4]
        return Window((1, 1), padding=(top, left))
    return None


def _pair(value: int | Sequence[int]) -> Pair:
    both = (value, value) if isinstance(value, int) else tuple(value)
    return both[0], both[-1]
