"""``wrap``: modules in memory give the rows of the same networks loaded by name, and are left as they were."""

import copy
from pathlib import Path

import pytest
from support.trained_module import trained
from support.untouched import module_state

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
    "name",
    [
        "timm:test_resnet",
        pytest.param("timm:test_vit", marks=pytest.mark.heavy),
        pytest.param("torchvision:squeezenet1_1", marks=pytest.mark.heavy),
        pytest.param("timm:mobilevit_xxs", marks=pytest.mark.heavy),
    ],
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
