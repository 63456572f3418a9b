"""Which operations of torch sample their input anew: with a window, by upsampling, or in ways that are not followed.

All others leave sampling grids alone, or give themselves away by the size of what they put out.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch._ops import OpOverload

from geed_cli.grids.step import Pair, Window

aten = torch.ops.aten
POOLS = (aten.max_pool2d_with_indices.default, aten.avg_pool2d.default)
PADS = (aten.constant_pad_nd.default, aten.reflection_pad2d.default, aten.replication_pad2d.default)
ADAPTIVE = (
    aten.adaptive_avg_pool2d.default,
    aten._adaptive_avg_pool2d.default,
    aten.adaptive_max_pool2d.default,
)
UPSAMPLES = (
    aten.upsample_nearest2d.default,
    aten._upsample_nearest_exact2d.default,
    aten.upsample_bilinear2d.default,
    aten.upsample_bicubic2d.default,
)
OPAQUE = (
    aten.pixel_shuffle.default,
    aten.pixel_unshuffle.default,
    aten.im2col.default,
    aten.col2im.default,
    aten.grid_sampler_2d.default,
    aten.max_unpool2d.default,
    aten.fractional_max_pool2d.default,
    aten._upsample_bilinear2d_aa.default,
    aten._upsample_bicubic2d_aa.default,
)


def opaque(func: OpOverload, args: tuple[Any, ...]) -> bool:
    """Whether the operation samples maps anew in a way that is not followed."""
    return func in OPAQUE or (func is aten.convolution.default and bool(args[6]))


def centred_upsampling(args: tuple[Any, ...], factor: float) -> bool:
    """Whether one of ``UPSAMPLES`` by that factor, new size over old, places pixels about the middle of the old ones.

    A scale of its own that differs is used for the places and not for the size.
    """
    aligned = any(value is True for value in args[2:])  # corner pixels on corner pixels
    return not aligned and all(value == factor for value in args[2:] if isinstance(value, float))


def window_of(func: OpOverload, args: tuple[Any, ...]) -> Window | None:
    """The window of a convolution, pooling or padding of the last two axes; None for any other operation.

    An adaptive pooling has one where its output divides its input. Arguments come in the order of torch's schema;
    trailing defaults may be missing.
    """
    if func is aten.convolution.default and args[1].ndim == 4 and not args[6]:
        return Window(_pair(args[1].shape[2:]), _pair(args[3]), _pair(args[4]), _pair(args[5]))
    if func in POOLS:
        given = [*args[1:5], None, None, None]
        kernel, stride, padding = given[:3]
        dilation = given[3] if func is POOLS[0] else 1  # an average's fourth is its ceil mode
        return Window(_pair(kernel), _pair(stride or kernel), _pair(padding or 0), _pair(dilation or 1))
    if func in ADAPTIVE:
        return _divided(_pair(args[0].shape[-2:]), _pair(args[1]))
    if func in PADS and len(args[1]) <= 4:
        left, _, top, _ = (*args[1], 0, 0)[:4]
        return Window((1, 1), padding=(top, left))
    return None


def _divided(n_in: Pair, n_out: Pair) -> Window | None:
    if n_in[0] % n_out[0] or n_in[1] % n_out[1]:
        return None
    parts = (n_in[0] // n_out[0], n_in[1] // n_out[1])
    return Window(parts, parts)


def _pair(value: int | Sequence[int]) -> Pair:
    both = (value, value) if isinstance(value, int) else tuple(value)
    return both[0], both[-1]
