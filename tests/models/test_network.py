"""Layers by names and globs, default stages, and the split."""

import pytest
import torch
from torch import nn
from torchvision.models import alexnet, densenet121, get_model, resnet50

from geed_cli.errors import InputError
from geed_cli.models.classifier import Seen
from geed_cli.models.ending import Ending, run_watched
from geed_cli.models.network import Site, resolve_layers
from geed_cli.models.resolve import split_network
from geed_cli.models.spec import SplitPart
from geed_cli.models.stages import default_stages


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    return resnet50()


def test_names_and_globs_come_in_network_order(resnet: nn.Module) -> None:
    """A star stays between two dots; repetitions count once; the order asked for does not matter."""
    assert resolve_layers(resnet, ["layer*"]) == ("layer1", "layer2", "layer3", "layer4")
    assert resolve_layers(resnet, ["layer4.*", "conv1", "layer4.0"]) == (
        "conv1", "layer4.0", "layer4.1", "layer4.2",
    )  # fmt: skip
    assert resolve_layers(resnet, ["layer[12]"]) == ("layer1", "layer2")
    assert resolve_layers(resnet, []) == ()


def test_an_unknown_layer(resnet: nn.Module) -> None:
    """The message of STYLE.md, word for word."""
    with pytest.raises(InputError) as error:
        resolve_layers(resnet, ["layer4.9"], "resnet50")
    lines = str(error.value).splitlines()
    assert lines[0] == "layer 'layer4.9' is not in resnet50"
    assert lines[1].startswith("  expected: a module of the network; nearest are layer4.")
    assert lines[2] == "  try:      geed inspect resnet50 --layers"
    with pytest.raises(InputError, match=r"layer 'block\*'"):
        resolve_layers(resnet, ["layer1", "block*"])


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("resnet18", ("layer1", "layer2", "layer3", "layer4")),
        pytest.param(
            "vgg11",
            ("features.1", "features.4", "features.9", "features.14", "features.19"),
            marks=pytest.mark.heavy,
        ),
        ("squeezenet1_1", ("features.1", "features.4", "features.7", "features.12")),
        ("regnet_y_400mf", tuple(f"trunk_output.block{i}" for i in (1, 2, 3, 4))),
        ("mobilenet_v3_small", tuple(f"features.{i}" for i in range(13))),
        ("shufflenet_v2_x0_5", ("conv1", "stage2", "stage3", "stage4", "conv5")),
    ],
)
def test_default_stages(name: str, stages: tuple[str, ...]) -> None:
    """The families of torchvision; a chain of layers is cut before its poolings."""
    module = get_model(name, weights=None)
    linear = [part for part, child in module.named_modules() if isinstance(child, nn.Linear)]
    assert default_stages(module, linear[-1] if linear else "classifier.1") == stages


def test_default_stages_of_the_papers_networks() -> None:
    """AlexNet's last ReLU before each pooling, DenseNet's dense blocks without the transitions."""
    assert default_stages(alexnet(), "classifier.6") == ("features.1", "features.4", "features.11")
    blocks = tuple(f"features.denseblock{i}" for i in (1, 2, 3, 4))
    assert default_stages(densenet121(), "classifier") == blocks


def test_stages_of_a_plain_chain() -> None:
    """Without blocks and trunk: the layers that put out maps."""
    chain = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    assert default_stages(chain, "4") == ("0", "1")


def test_the_split(resnet: nn.Module) -> None:
    """Features: what the spec names, else what goes into the classifier, else what comes out."""
    seen = Seen(*run_watched(resnet, torch.zeros(2, 3, 32, 32)))

    def split(own: str | None = "fc", absent: tuple[str, ...] = (), **wanted: str | None) -> object:
        result = split_network(resnet, own, SplitPart.model_validate(wanted), "resnet50", seen, absent)
        return result.features, result.classifier

    assert split() == (Site("fc", "input"), "fc")
    assert split(features="avgpool") == (Site("avgpool", "output"), "fc")
    assert split(features="avgpool", classifier=None) == (Site("avgpool", "output"), None)
    assert split(classifier=None) == (Site("", "output"), None)
    # one without weights only marks where the features end
    assert split(classifier=None, absent=("fc.weight",)) == (Site("fc", "input"), None)
    # one that the source does not know is recognised, since its output is the network's
    assert split(None) == (Site("fc", "input"), "fc")


def test_a_split_at_an_unknown_module(resnet: nn.Module) -> None:
    """Named with its key and the nearest modules."""
    seen = Seen(torch.zeros(2, 10), Ending())
    with pytest.raises(InputError) as error:
        split_network(resnet, "fc", SplitPart(features="avgpol"), "resnet50", seen)
    assert error.value.found == "split.features 'avgpol' is not in resnet50"
    assert "nearest are avgpool" in error.value.expected
    with pytest.raises(InputError, match=r"split\.classifier 'fcc'"):
        split_network(resnet, "fc", SplitPart(classifier="fcc"), "resnet50", seen)
