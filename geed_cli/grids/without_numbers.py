"""What operations put out on torch's meta device, without asking torch, which gets at a shape by dozens of calls.

A network without data runs only for its shapes. Of the operations that take most of that time the shape of the output
is that of the input, or two lengths of it; everything else, and whatever torch would refuse, is left to torch.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from geed_cli.grids.windows import aten
from geed_cli.runtime.dispatch import OperationMode

Output = Tensor | tuple[Tensor, ...] | None


class WithoutNumbers(OperationMode):  # type: ignore[no-untyped-call]
    """While it is entered, networks without data run several times as fast; those with data run as before."""

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation returns
        return carried_out(func, args, kwargs or {})


def carried_out(func: OpOverload, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The operation's output; of tensors without data by the rules of this module, where one holds."""
    rule = _RULES.get(func)
    made = None if rule is None or named else rule(*args)
    return func(*args, **named) if made is None else made


def _like(x: Tensor) -> Tensor:
    return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device="meta")


def _plain(x: object) -> bool:
    """Whether it is a tensor without data whose output of the same shape lies in memory as it does."""
    return (
        type(x) is Tensor
        and x.is_meta
        and x.is_floating_point()
        and (x.is_contiguous() or (x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)))
    )


def _each_number(x: Tensor, *_: object) -> Output:
    return _like(x) if _plain(x) else None


def _softmax(x: Tensor, *_: object) -> Output:
    return _like(x) if _plain(x) and x.is_contiguous() else None


def _in_place(x: Tensor, *_: object) -> Output:
    return x if _plain(x) else None


def _fits(x: Tensor, y: object) -> bool:
    """Whether the output of both lies in memory as the first does."""
    if not _plain(x):
        return False
    if not isinstance(y, Tensor):
        return isinstance(y, int | float)
    if not _plain(y) or x.dtype != y.dtype:
        return False
    if x.shape == y.shape:
        return x.stride() == y.stride()
    lengths = zip(reversed(x.shape), reversed(y.shape), strict=False)
    return x.is_contiguous() and y.ndim <= x.ndim and all(there in {1, here} for here, there in lengths)


def _of_two(x: Tensor, y: object) -> Output:
    return _like(x) if _fits(x, y) else None


def _of_two_in_place(x: Tensor, y: object) -> Output:
    return x if _fits(x, y) else None


def _linear(bias: Tensor, x: Tensor, weight: Tensor) -> Output:
    told = x.is_meta and x.ndim == weight.ndim == 2 and x.shape[1] == weight.shape[0]
    if not told or bias.shape != weight.shape[1:] or not x.dtype == weight.dtype == bias.dtype:
        return None
    return torch.empty((x.shape[0], weight.shape[1]), dtype=x.dtype, device="meta")


def _layer_norm(
    x: Tensor, shape: list[int], weight: Tensor | None, bias: Tensor | None, _eps: float
) -> Output:
    own = tuple(shape)
    sizes = {tuple(each.shape) for each in (weight, bias) if each is not None}
    if not (
        _plain(x) and x.is_contiguous() and own and tuple(x.shape[-len(own) :]) == own and sizes <= {own}
    ):
        return None
    if x.dtype not in {torch.float32, torch.float64} or any(
        each.dtype != x.dtype for each in (weight, bias) if each is not None
    ):
        return None
    rest = (*x.shape[: -len(own)], *(1 for _ in own))
    of_rows = (torch.empty(rest, dtype=x.dtype, device="meta") for _ in range(2))
    return (_like(x), *of_rows)


def _batch_norm(
    x: Tensor, _weight: object, _bias: object, _mean: object, _variance: object, training: bool, *_: object
) -> Output:
    if not x.is_meta or training:
        return None
    none = torch.empty(0, dtype=x.dtype, device="meta")
    return torch.empty(x.shape, dtype=x.dtype, device="meta"), none, none


_RULES: dict[OpOverload, Callable[..., Output]] = {
    **dict.fromkeys(
        (
            *(
                aten.relu.default,
                aten.gelu.default,
                aten.silu.default,
                aten.sigmoid.default,
                aten.tanh.default,
            ),
            *(aten.hardswish.default, aten.hardsigmoid.default, aten.hardtanh.default),
        ),
        _each_number,
    ),
    **dict.fromkeys(
        (*(aten.relu_.default, aten.silu_.default), *(aten.hardswish_.default, aten.hardtanh_.default)),
        _in_place,
    ),
    **dict.fromkeys((aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor), _of_two),
    **dict.fromkeys((aten.add_.Tensor, aten.mul_.Tensor), _of_two_in_place),
    aten._softmax.default: _softmax,
    aten.addmm.default: _linear,
    aten.native_layer_norm.default: _layer_norm,
    # (input, weight, bias, mean, variance, training, …), with (output, mean, 1/deviation) put out
    aten.native_batch_norm.default: _batch_norm,
    aten.cudnn_batch_norm.default: _batch_norm,
}
