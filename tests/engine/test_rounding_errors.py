"""What raises in the float64 pass: the network's own error leaves rounding unmeasured, one in a comparison is told."""

import pytest
import torch
from torch import Tensor

from geed_cli.engine.rounding import rounding
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import make_plan

SIDE = 32


@pytest.fixture
def network() -> Network:
    return load_model("timm:test_resnet", weights="random", img_size=SIDE)


def measured(network: Network, own: dict[Site, Tensor]) -> set[str | None]:
    """The layers of which there is a rounding, with what the run held of one of them."""
    plan = make_plan(network, ("flip",), AuditOptions()).plan
    with torch.inference_mode():
        found = rounding(network.module, plan, {}, own, torch.rand(1, 3, SIDE, SIDE), torch.float32)
    return {layer for _, layer in found}


def held(network: Network, channels: int = 0) -> tuple[str, dict[Site, Tensor]]:
    plan = make_plan(network, ("flip",), AuditOptions()).plan
    name, layer = next((name, layer) for name, layer in plan.layers.items() if layer.repeats is None)
    shape = layer.shape
    return name, {Site(name, "output"): torch.rand(channels or shape[0], *shape[1:])}


def test_an_error_of_the_network_leaves_it_unmeasured(network: Network) -> None:
    name, own = held(network)
    assert name in measured(network, own)

    def made_for_float32(_module: object, inputs: tuple[Tensor]) -> None:
        if inputs[0].dtype == torch.float64:
            raise RuntimeError("only float32")

    with network.module.get_submodule("fc").register_forward_pre_hook(made_for_float32):
        assert measured(network, own) == set()


def test_an_error_in_a_comparison_is_raised(network: Network) -> None:
    """Here of maps that have too many channels for those that they are compared with."""
    shape = next(iter(held(network)[1].values())).shape
    with pytest.raises((RuntimeError, ValueError), match=r"size|shape"):
        measured(network, held(network, channels=shape[0] + 1)[1])
