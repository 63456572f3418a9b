"""What a batch queues: counted right, and not many for each layer, whatever the machine."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.networks import network_of
from torch import nn

from benchmarks import operations
from benchmarks.operations import of_audit, of_network
from benchmarks.speed.cases import every_map_layer
from benchmarks.speed.pictures import copy_photographs
from geed_cli.models.load import load_model
from geed_cli.models.network import Site


def test_operations_of_a_network_are_those_that_it_calls() -> None:
    """A convolution, a rectifier, a mean over two axes, and a matrix product behind a view."""
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ).eval()
    network = network_of(module, features=Site("4", "input"), layers=("1",))
    assert of_network(network) == 5


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """So many as the batches take; maps are summed by torch, as on a GPU."""
    monkeypatch.setenv("GEED_KERNEL", "off")
    monkeypatch.setattr(operations, "ROWS", 32)
    monkeypatch.setattr(operations, "BATCHES", (2, 3))
    copy_photographs(tmp_path, 3 * 32 // 4)
    return tmp_path


def test_a_layer_adds_few_operations_to_a_batch(pictures: Path) -> None:
    """31; 71 where rows of a stack were picked one by one, and maps were multiplied by scales of 1."""
    network = load_model("timm:test_resnet", weights="random", img_size=64)
    every = every_map_layer(network)

    def count(layers: Sequence[str]) -> float:
        return of_audit(network, pictures, layers)

    alone = of_network(network)
    few, all_of_them = count(every[:1]), count(every)
    assert alone < few < all_of_them
    assert (all_of_them - few) / (len(every) - 1) < 45
