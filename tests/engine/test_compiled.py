"""Compiled networks: their hooks hold what those on the plain network read, and weights are not doubled."""

import numpy as np
import pytest
import torch
from support.networks import network_of, small_conv_net
from torch import Tensor, nn

from geed_cli.engine.compiled import CompiledNetwork
from geed_cli.engine.engine import full_precision
from geed_cli.engine.hooks import hooked
from geed_cli.errors import InputError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site

BACKEND = "aot_eager"
"""Traces, functionalises and runs without generating code: everything but the last step of the usual backend."""


def plain(network: Network, sites: list[Site], inputs: Tensor) -> dict[Site, Tensor]:
    """What hooks on the uncompiled network read."""
    held: dict[Site, Tensor] = {}

    def read(site: Site, activation: Tensor) -> None:
        held[site] = activation.clone()

    with hooked(network.module, sites, read), full_precision():
        network.module(inputs)
    return held


def noise(rows: int, size: int) -> Tensor:
    return torch.randn(rows, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.heavy
def test_hooks_before_in_place_operations_are_read_right() -> None:
    """block3 is changed by an in-place ReLU behind it: the compiled hook still has its negative values."""
    network = small_conv_net()
    sites = [Site("fc", "input"), Site("", "output"), *(Site(name, "output") for name in network.layers)]
    inputs = noise(5, 16)
    expected = plain(network, sites, inputs)
    compiled = CompiledNetwork(network, sites, BACKEND)
    with full_precision():
        found = [compiled(inputs), compiled(inputs)]
    assert expected[Site("block3", "output")].min() < 0
    for held in found:
        assert list(held) == sites
        for site in sites:
            # float32 sums of some hundred products, in whatever order the backend takes them
            torch.testing.assert_close(held[site], expected[site], rtol=1e-4, atol=1e-5)


@pytest.mark.heavy
def test_a_vision_transformer() -> None:
    """Attention, token outputs and a pooled feature behind a norm."""
    network = load_model("timm:test_vit", weights="random", img_size=32)
    first, last = network.layers[0], network.layers[-1]
    sites = [network.features, Site("", "output"), Site(first, "output"), Site(last, "output")]
    inputs = noise(2, 32)
    expected = plain(network, sites, inputs)
    with full_precision():
        held = CompiledNetwork(network, sites, BACKEND)(inputs)
    for site in sites:
        # some blocks of float32 sums
        torch.testing.assert_close(held[site], expected[site], rtol=1e-3, atol=1e-4)


def test_the_network_stays_as_it_is_and_shares_its_weights() -> None:
    """No hook is left on it, and a weight that changes there changes what the compiled copy puts out."""
    network = small_conv_net()
    compiled = CompiledNetwork(network, [Site("", "output")], BACKEND)
    assert not any(module._forward_hooks for module in network.module.modules())
    with torch.no_grad():
        network.module.fc.weight.zero_()
        network.module.fc.bias.fill_(3.0)
    with full_precision():
        held = compiled(noise(2, 16))
    np.testing.assert_array_equal(held[Site("", "output")].numpy(), np.full((2, 5), 3.0, dtype=np.float32))


@pytest.mark.heavy
def test_more_networks_than_dynamo_recompiles() -> None:
    """A process may compile any number of networks: each gives its own output."""
    inputs = noise(2, 16)
    for seed in range(10):
        network = small_conv_net(seed)
        site = Site("", "output")
        with full_precision():
            held = CompiledNetwork(network, [site], BACKEND)(inputs)
        # the classifier multiplies float32 roundings by 100
        torch.testing.assert_close(held[site], plain(network, [site], inputs)[site], rtol=1e-3, atol=1e-3)


class _NoCopy(nn.Module):
    """A network that cannot be copied, as those that hold handles of a library."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def __deepcopy__(self, memo: dict[int, object]) -> nn.Module:
        raise TypeError("cannot pickle a handle")

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.mean(dim=(2, 3)))


def test_a_network_that_cannot_be_copied_is_refused() -> None:
    """One error that names the network and the way out."""
    network = network_of(_NoCopy(), features=Site("fc", "input"))
    with pytest.raises(InputError, match="_NoCopy could not be compiled: TypeError: cannot pickle"):
        CompiledNetwork(network, [Site("", "output")], BACKEND)


@pytest.mark.heavy
def test_a_missing_compiler_is_one_clear_error() -> None:
    """The usual backend needs a C++ compiler, which not every machine has."""
    from torch._inductor import config, cpp_builder

    if hasattr(cpp_builder.get_cpp_compiler, "cache_clear"):
        cpp_builder.get_cpp_compiler.cache_clear()
    compiled = CompiledNetwork(small_conv_net(), [Site("", "output")])
    missing = config.patch({"cpp.cxx": ("no-such-compiler",), "force_disable_caches": True})
    with (
        missing,
        full_precision(),
        pytest.raises(InputError, match=r"could not be compiled.*InvalidCxxCompiler") as caught,
    ):
        compiled(noise(2, 16))
    assert "leave out --compile" in caught.value.remedy
