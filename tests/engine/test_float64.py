"""A network in float64 for a moment: what it computes there, and that nothing of it is left."""

from contextlib import suppress

import pytest
import torch
from support.networks import small_conv_net
from torch import nn
from torch.nn import functional

from geed_cli.engine.float64 import depthwise, in_double

SAME = 1e-12
"""Sums of at most 49 products of numbers near 1 in float64, in another order."""


@pytest.mark.parametrize("taps", [(1, 1), (3, 3), (5, 3), (7, 7)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (2, 1)])
@pytest.mark.parametrize("padding", [(0, 0), (1, 1), (3, 2)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
@pytest.mark.parametrize("biased", [False, True])
def test_taps_sum_to_the_convolution(
    taps: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    biased: bool,
) -> None:
    """Every kernel size, stride, padding and dilation gives what torch's own convolution gives."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 6, 15, 14, dtype=torch.float64, generator=generator)
    weight = torch.randn(6, 1, *taps, dtype=torch.float64, generator=generator)
    bias = torch.randn(6, dtype=torch.float64, generator=generator) if biased else None
    found = depthwise(maps, weight, bias, stride, padding, dilation)
    expected = functional.conv2d(maps, weight, bias, stride, padding, dilation, groups=6)
    torch.testing.assert_close(found, expected, rtol=0, atol=SAME)


def test_a_network_in_double_is_its_copy_in_double() -> None:
    """Depthwise, grouped, strided and plain convolutions, with numbers and words for padding."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8),
        nn.Conv2d(8, 8, 3, padding="same", groups=8),
        nn.Conv2d(8, 16, 3, padding=1, groups=8),
        nn.Conv2d(16, 16, 3, padding=1, groups=4, padding_mode="circular"),
    ).eval()
    exact = nn.Sequential(*network).double()
    images = torch.rand(1, 3, 20, 20, dtype=torch.float64)
    with torch.inference_mode():
        expected = exact(images)
        network.float()
        with in_double(network, torch.float32):
            found = network(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=SAME)


def test_weights_come_back_bit_for_bit_even_after_an_error() -> None:
    """Every weight and buffer has its type and its bits again, and takes part in autograd as before."""
    network = small_conv_net().module
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with suppress(ValueError), in_double(network, torch.float32):
        assert next(network.parameters()).dtype == torch.float64
        raise ValueError("a module that is made for float32")
    after = network.state_dict()
    assert all(
        after[name].dtype == value.dtype and after[name].equal(value) for name, value in before.items()
    )
    assert all(not parameter.is_inference() for parameter in network.parameters())
