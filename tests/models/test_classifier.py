"""Which module is the classifier: what makes the output is recognised, in the libraries' own networks as well."""

from itertools import pairwise

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import get_model

from geed_cli.models.classifier import Seen, recognised
from geed_cli.models.ending import Ending, run_watched
from geed_cli.models.load import load_model
from geed_cli.models.network import Site
from geed_cli.models.resolve import split_network
from geed_cli.models.sources.from_timm import timm_classifiers
from geed_cli.models.spec import ModelSpec


def seen_of(module: nn.Module, size: int = 32) -> Seen:
    pictures = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    return Seen(*run_watched(module.eval(), pictures))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("test_byobnet", 32),
        ("test_convnext", 32),
        ("test_efficientnet", 32),
        ("test_maxvit", 160),
        ("test_nfnet", 32),
        ("test_resnet", 32),
        ("test_vit", 160),
    ],
)
def test_what_timm_says_is_what_is_seen(name: str, size: int) -> None:
    """The description names the module whose output the network's output is."""
    module = timm.create_model(name, num_classes=7)
    assert (recognised(module, seen_of(module, size)),) == timm_classifiers(module)
    headless = timm.create_model(name, num_classes=0)
    assert recognised(headless, seen_of(headless, size)) is None


@pytest.mark.parametrize(
    ("name", "classifier"),
    [
        ("resnet18", "fc"),
        ("mobilenet_v3_small", "classifier.3"),
        ("shufflenet_v2_x0_5", "fc"),
        ("squeezenet1_1", None),
    ],
)
def test_torchvisions_heads(name: str, classifier: str | None) -> None:
    """All but SqueezeNet's, whose scores are averaged over a map; there the source knows."""
    module = get_model(name, num_classes=7)
    assert recognised(module, seen_of(module)) == classifier


@pytest.mark.parametrize(
    ("name", "classifier"),
    [("timm:deit_tiny_distilled_patch16_224", "head"), ("torchvision:squeezenet1_1", "classifier.1")],
)
def test_sources_that_know_better_are_believed(name: str, classifier: str) -> None:
    """Two heads whose mean is the output, and one that is averaged: logits, by the library's own word."""
    network = load_model(name, weights="random", img_size=32)
    assert (network.classifier, network.output.kind, network.output.affine) == (classifier, "logits", True)


def test_a_source_that_knows_of_none_is_believed() -> None:
    """Nothing is looked for in a network of timm that was built without a classifier."""
    spec = ModelSpec.model_validate(
        {"model": {"source": "timm", "name": "test_resnet"}, "weights": {"origin": "random"}}
    )
    module = timm.create_model("test_resnet", num_classes=0)
    seen = Seen(torch.zeros(2, 4), Ending("affine", ("layer4",), {"layer4": 1}))
    split = split_network(module, None, spec.split, "test_resnet", seen, known=True)
    assert (split.classifier, split.output.kind, split.output.reason) == (
        None,
        "none",
        "the network has no classifier",
    )


class Head(nn.Module):
    """A linear layer of pooled pixels, and what is done behind it."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.fc, self.what = nn.Linear(3, 5), what

    def forward(self, x: Tensor) -> Tensor:
        h, scale = x.mean((2, 3)), torch.ones(())
        z: Tensor = self.fc(h)
        if self.what == "written through a view":
            z.view(-1).mul_(2)
        behind = {
            "dropout": lambda: functional.dropout(z, 0.5, self.training),
            "two types": lambda: z.double().float(),
            "whole slice": lambda: z[:, :],
            "part": lambda: z[:, :4],
            "scaled": lambda: z * scale,
            "added in place": lambda: torch.zeros_like(z).add_(z),
            "sum": lambda: z + h.mean(),
            "normalised": lambda: functional.layer_norm(z, (5,)),
            "softmax twice": lambda: z.softmax(1).softmax(1),
        }
        made: Tensor = behind.get(self.what, lambda: z)()
        return made


@pytest.mark.parametrize(
    ("what", "last", "classifier"),
    [
        ("nothing", "affine", "fc"),
        ("dropout", "affine", "fc"),
        ("two types", "affine", "fc"),
        ("whole slice", "affine", "fc"),
        ("part", "other", None),
        ("scaled", "other", None),
        ("written through a view", "other", None),
        ("added in place", "other", None),
        ("sum", "other", None),
        ("normalised", "other", None),
        ("softmax twice", "softmax", None),
    ],
)
def test_only_the_same_numbers_are_the_output(what: str, last: str, classifier: str | None) -> None:
    """Views, copies and one softmax are looked through; whatever computes, also in place, is not."""
    module = Head(what)
    seen = seen_of(module)
    assert (seen.ending.last, recognised(module, seen)) == (last, classifier)


def test_one_of_several_equal_parts_holds_no_classifier() -> None:
    """Of equal parts in a row that all run the last one is a block; of heads of which one runs that one is the head."""

    def rows(*widths: int) -> nn.Module:
        parts = [nn.Sequential(nn.Linear(a, 5), nn.ReLU(), nn.Linear(5, b)) for a, b in pairwise(widths)]
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Sequential(*parts))

    def found(module: nn.Module) -> str | None:
        return recognised(module, seen_of(module))

    assert found(rows(3, 6, 7)) is None
    assert found(rows(3, 7)) == "2.0.2"
    assert found(rows(3, 3)) is None  # one that keeps the width

    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleList([nn.Sequential(nn.Linear(3, 4)) for _ in range(3)])

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.heads[1](x.mean((2, 3)))
            return y

    assert found(Heads()) == "heads.1.0"


def test_nothing_is_left_on_the_network() -> None:
    """No hook stays, and no number of the network or of the random generators changes."""
    module = Head("nothing").eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.random.get_rng_state()
    run_watched(module, torch.randn(2, 3, 8, 8, generator=torch.Generator()))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_network_that_cannot_be_watched() -> None:
    """It is run without: a module that returns the very output is still seen, what is behind it is not."""

    class Shy(Head):
        def forward(self, x: Tensor) -> Tensor:
            if torch.utils._python_dispatch._get_current_dispatch_mode() is not None:
                raise RuntimeError("not under a mode")
            return super().forward(x)

    module = Shy("nothing")
    assert recognised(module, seen_of(module)) == "fc"
    assert seen_of(Shy("scaled")).ending == Ending("other", (), {"fc": 1})


@pytest.mark.parametrize(
    ("name", "classifiers"),
    [
        ("vit_base_patch16_clip_224.openai", ()),
        ("convnext_base.clip_laion2b", ()),
        ("vit_base_patch16_clip_224.laion2b_ft_in1k", ("head",)),
    ],
)
def test_a_projection_into_the_space_of_text_is_no_classifier(
    name: str, classifiers: tuple[str, ...]
) -> None:
    """CLIP's published image towers have none, unless they were tuned to classify; one of one's own classes has."""
    with torch.device("meta"):
        assert timm_classifiers(timm.create_model(name)) == classifiers
        (own,) = timm_classifiers(timm.create_model(name, num_classes=7))
    assert own.startswith("head")


def test_an_image_tower_puts_out_its_features() -> None:
    network = load_model("timm:vit_xsmall_patch16_clip_224.tinyclip_yfcc15m", weights="random", img_size=32)
    assert (network.output.kind, network.classifier, network.features) == ("none", None, Site("", "output"))
    assert any("space of text" in note for note in network.weights.notes)
