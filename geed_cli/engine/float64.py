"""A network in float64 for a moment, as a reference for its own precision.

It is turned to float64 and back, which changes no weight: not every network can be copied. One that is the user's is
copied all the same, and the copy let go. Depthwise convolutions, for
which torch has no fast kernel in float64, are summed here weight by weight.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from geed_cli.errors import described, is_out_of_memory
from geed_cli.models.code.as_it_was import attributes_of, put_back


@contextmanager
def in_double(module: nn.Module, dtype: torch.dtype, *, copied: bool = False) -> Iterator[nn.Module]:
    """The network in float64, or a copy of it; itself is in ``dtype``, its own type, again afterwards.

    Its weights stay ordinary tensors. What modules keep as plain attributes is put back, so that nothing in float64 is
    left in them.

    Raises:
        NotCopiedError: it cannot be copied.
    """
    if copied:
        with torch.inference_mode(mode=False), torch.no_grad():
            double = _copied(module).double()
        with _DepthwiseBySums():
            yield double
        return
    kept = [(child, attributes_of(child)) for child in module.modules()]
    try:
        with torch.inference_mode(mode=False):
            module.double()
        with _DepthwiseBySums():
            yield module
    finally:
        with torch.inference_mode(mode=False):
            module.to(dtype)
        for child, attributes in kept:
            put_back(child, attributes)


class NotCopiedError(Exception):
    """A module that is to be left alone cannot be copied; never leaves this package."""


def _copied(module: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(module)
    except Exception as error:  # whatever modules raise
        if is_out_of_memory(error):
            raise
        raise NotCopiedError(described(error)) from error


class _DepthwiseBySums(TorchFunctionMode):
    """Takes over the convolutions with one filter for each channel."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        """Called by torch in place of each of its functions."""
        if func is functional.conv2d and not kwargs and len(args) == 7 and _is_depthwise(*args):
            return depthwise(*args[:6])
        return func(*args, **(kwargs or {}))


def depthwise(
    maps: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> Tensor:
    """conv2d with one filter for each channel: the sum over a filter's weights of shifted maps times the weight.

    Shapes and arguments are those of torch's conv2d, whose weight has the shape (C, 1, h, w); padding is with zeros.
    """
    maps = functional.pad(maps, (padding[1], padding[1], padding[0], padding[0]))
    kernel = weight.shape[-2:]
    reach = [dilation[axis] * (kernel[axis] - 1) + 1 for axis in (0, 1)]
    height, width = ((maps.shape[2 + axis] - reach[axis]) // stride[axis] + 1 for axis in (0, 1))
    start = torch.zeros_like(weight[:, 0, 0, 0]) if bias is None else bias
    summed = start[:, None, None].expand(len(maps), -1, height, width).contiguous()
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            top, left = row * dilation[0], column * dilation[1]
            rows = slice(top, top + stride[0] * (height - 1) + 1, stride[0])
            columns = slice(left, left + stride[1] * (width - 1) + 1, stride[1])
            summed.addcmul_(maps[:, :, rows, columns], weight[:, 0, row, column, None, None])
    return summed


def _is_depthwise(*args: Any) -> bool:  # noqa: ANN401 - of conv2d
    """Whether these arguments of conv2d are float64 maps on a CPU with one filter each, padded by numbers."""
    maps, weight, groups = args[0], args[1], args[6]
    plain = maps.dim() == 4 and all(isinstance(each, tuple) for each in args[3:6])
    here = maps.device.type == "cpu" and maps.dtype == weight.dtype == torch.float64
    return plain and here and groups == len(weight) == maps.shape[1] > 1
