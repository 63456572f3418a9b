"""``wrap``: modules in memory give the rows of the same networks loaded by name, and are left as they were."""

import copy
from pathlib import Path

import pytest
import torch
from support.untouched import module_state
from torch import nn

from geed_cli import AuditOptions, DataOptions, Network, RunOptions, load_model, wrap
from geed_cli.api.wrap import network_of
from geed_cli.pipeline.audit import audit
from geed_cli.result.schema import Result

PICTURES = (4, 40)


def options(folder: Path, *, batch: int = 6, **run: object) -> AuditOptions:
    return AuditOptions(data=DataOptions(folder), run=RunOptions(batch_size=batch, **run))


def rows(result: Result) -> object:
    """Every number of a result."""
    return result.model_dump(mode="json", include={"results", "top_classes", "grid_phase", "unsteady"})


@pytest.mark.parametrize(
    "name", ["timm:test_resnet", "timm:test_vit", "timm:mobilevit_xxs", "torchvision:squeezenet1_1"]
)
def test_same_rows_as_the_network_loaded_by_name(folder: Path, name: str) -> None:
    """Digit for digit, from a copy in training mode with gradients; MobileViT's digits depend on its memory format."""
    size = 64 if "vit" not in name or "mobile" in name else None
    loaded = load_model(name, weights="random", img_size=size)
    module = copy.deepcopy(loaded.module).requires_grad_(True).train()
    before = module_state(module)
    net = wrap(module) if size is None else wrap(module, size=size)
    assert module_state(module) == before
    assert (net.input, net.features, net.classifier, net.layers) == (
        loaded.input,
        loaded.features,
        loaded.classifier,
        loaded.layers,
    )
    mine = audit(net, ["flip", "c4"], options(folder))
    assert module_state(module) == before
    assert rows(mine) == rows(audit(loaded, ["flip", "c4"], options(folder)))


class Small(nn.Module):
    """Everything that a run could change: dropout, batch statistics, a counter, a cache, hooks, gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.body = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 5)
        self.calls = 0
        self.seen: dict[str, int] = {}
        self._cache: list[object] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.seen["last"] = len(x)
        self._cache.append(len(x))
        return self.fc(self.drop(self.body(self.stem(x)).amax((2, 3))))


def trained() -> Small:
    """In the middle of a training: gradients, statistics, a frozen part, hooks of the user's."""
    torch.manual_seed(0)
    module = Small()
    module(torch.randn(4, 3, 16, 16)).sum().backward()
    module.stem[1].eval()
    module.body.bias.requires_grad_(False)
    module.fc.register_forward_hook(lambda *_: None)
    module.stem.register_full_backward_hook(lambda *_: None)
    module.register_forward_pre_hook(lambda *_: None)
    return module


SAID = {"size": 16, "mean": [0.5, 0.5, 0.5], "std": 0.25}


def test_module_is_as_before_after_an_audit(folder: Path) -> None:
    module = trained()
    before = module_state(module)
    net = wrap(module, **SAID, layers=["stem", "body"])
    assert module_state(module) == before
    audit(net, ["flip"], options(folder))
    assert module_state(module) == before


def test_network_of_takes_names_networks_and_modules() -> None:
    net = wrap(trained(), **SAID)
    assert network_of(net) is net
    assert isinstance(network_of(load_model("timm:test_resnet", weights="random").module), Network)
