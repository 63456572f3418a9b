"""Outputs made without torch on its meta device have the shapes, strides and types of torch's own."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn

from geed_cli.grids.trace import data_free
from geed_cli.grids.windows import aten
from geed_cli.grids.without_numbers import WithoutNumbers, carried_out
from geed_cli.runtime.libraries import compiler_absent


def empty(
    *shape: int, dtype: torch.dtype = torch.float32, last: bool = False, turned: bool = False
) -> Tensor:
    made = torch.empty(shape, dtype=dtype, device="meta")
    if turned:
        return made.transpose(-1, -2)
    return made.contiguous(memory_format=torch.channels_last) if last else made


def told(made: Tensor | tuple[Tensor, ...]) -> list[tuple[object, ...]]:
    outputs = [made] if isinstance(made, Tensor) else list(made)
    return [(each.shape, each.stride(), each.dtype, each.device) for each in outputs]


MAPS, LAST, ODD = empty(2, 4, 5, 6), empty(2, 4, 5, 6, last=True), empty(2, 4, 5, 6, turned=True)
LONG, ROWS = empty(2, 4, 5, 6, dtype=torch.int64), empty(3, 7, 8)
DOUBLE, HALF = empty(2, 4, 5, 6, dtype=torch.float64), empty(2, 4, 5, 6, dtype=torch.float16)
CHANNELS, ONE = empty(1, 4, 1, 1), empty()
STATISTICS = [empty(4)] * 4
CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    *((aten.relu.default, (x,)) for x in (MAPS, LAST, ODD, LONG, DOUBLE, HALF)),
    *((aten.gelu.default, (x,)) for x in (MAPS, LAST, ODD)),
    *((each, (MAPS,)) for each in (aten.silu.default, aten.sigmoid.default, aten.tanh.default)),
    *((each, (LAST,)) for each in (aten.hardswish.default, aten.hardsigmoid.default, aten.hardtanh.default)),
    (aten.sigmoid.default, (LONG,)),
    *((aten._softmax.default, (x, -1, False)) for x in (ROWS, LAST)),
    *((each, (MAPS,)) for each in (aten.relu_.default, aten.silu_.default, aten.hardswish_.default)),
    *(
        (each, pair)
        for each in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor)
        for pair in (
            *(
                (MAPS, MAPS),
                (LAST, LAST),
                (ODD, ODD),
                (MAPS, LAST),
                (LAST, MAPS),
                (MAPS, CHANNELS),
                (LAST, CHANNELS),
            ),
            *((CHANNELS, MAPS), (MAPS, ONE), (MAPS, 2), (MAPS, 0.5), (LONG, 0.5), (MAPS, 1j), (MAPS, DOUBLE)),
            *((HALF, ONE), (LONG, MAPS), (MAPS, empty(6)), (ONE, ONE)),
        )
    ),
    *((each, (MAPS, y)) for each in (aten.add_.Tensor, aten.mul_.Tensor) for y in (MAPS, CHANNELS, 3)),
    *((aten.addmm.default, (bias, empty(3, 7), empty(7, 5))) for bias in (empty(5), empty(1), empty(3, 5))),
    (aten.addmm.default, (empty(5), empty(7, 3, turned=True), empty(5, 7, turned=True))),
    *((aten.native_layer_norm.default, (ROWS, [8], *two, 1e-5)) for two in ((empty(8),) * 2, (None, None))),
    (aten.native_layer_norm.default, (empty(3, 8, 7, turned=True), [8], None, None, 1e-5)),
    (aten.native_layer_norm.default, (empty(3, 8, dtype=torch.bfloat16), [8], None, None, 1e-5)),
    *((aten.native_batch_norm.default, (x, *STATISTICS, False, 0.1, 1e-5)) for x in (MAPS, empty(3, 4))),
    (aten.native_batch_norm.default, (MAPS, *STATISTICS, True, 0.1, 1e-5)),
]
REFUSED: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (aten.add.Tensor, (MAPS, empty(5))),
    (aten.add_.Tensor, (CHANNELS, MAPS)),
    (aten.addmm.default, (empty(5), empty(3, 7), empty(6, 5))),
    (aten.native_layer_norm.default, (ROWS, [7], None, None, 1e-5)),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_an_output_is_as_torch_makes_it(case: int) -> None:
    """Shape, strides, type and device; where a rule does not hold, it is torch's."""
    func, args = CASES[case]
    found, expected = told(carried_out(func, args, {})), told(func(*args))
    if func is aten.native_batch_norm.default:  # the other two are no outputs of a network
        found, expected = found[:1], expected[:1]
    assert found == expected


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_what_torch_refuses_is_refused(case: int) -> None:
    func, args = REFUSED[case]
    with pytest.raises(Exception) as theirs:  # noqa: PT011 - whichever torch raises
        func(*args)
    with pytest.raises(theirs.type):
        carried_out(func, args, {})


def outputs(module: nn.Module, size: int, *, quick: bool) -> list[tuple[object, ...]]:
    """Of every call of every module."""
    found: list[tuple[object, ...]] = []
    hooks = [
        part.register_forward_hook(
            lambda *call: found.extend(told(call[2])) if isinstance(call[2], Tensor) else None
        )
        for part in module.modules()
    ]
    with torch.no_grad(), compiler_absent(), WithoutNumbers() if quick else nullcontext():
        module(torch.zeros(1, 3, size, size, device="meta"))
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet", "test_mambaout"])
def test_networks_put_out_the_same_shapes(name: str) -> None:
    """At every module, and of a network with data the same numbers."""
    module = timm.create_model(name, pretrained=False).eval()
    size = module.pretrained_cfg["input_size"][-1]
    empty_copy = data_free(module)
    expected = outputs(empty_copy, size, quick=False)
    assert len(expected) > 50
    assert outputs(empty_copy, size, quick=True) == expected
    pictures = torch.rand(1, 3, size, size)
    with torch.no_grad():
        plain = module(pictures)
        with WithoutNumbers():
            assert torch.equal(module(pictures), plain)
