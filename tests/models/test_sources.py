"""What the sources know: names, preprocessing, classifiers, and that the features are timm's pre-logits."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models import get_model_weights

from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.models.sources.architecture import Architecture
from geed_cli.models.sources.from_timm import build_timm
from geed_cli.models.sources.from_torchvision import build_torchvision, resolve_torchvision_name
from geed_cli.models.sources.timm_names import resolve_timm_name

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class Drawn(TorchDispatchMode):
    """Notes the shapes of what is drawn in place."""

    def __init__(self) -> None:
        super().__init__()
        self.parameters: list[torch.Size] = []

    def __torch_dispatch__(self, function: Any, _types: Any, args: Any = (), named: Any = None) -> Any:  # noqa: ANN401
        if function in {torch.ops.aten.uniform_.default, torch.ops.aten.normal_.default}:
            self.parameters.append(args[0].shape)
        return function(*args, **(named or {}))


def features_of(network: Network, images: torch.Tensor) -> torch.Tensor:
    """f1(x) read at the network's site, flattened."""
    seen: list[torch.Tensor] = []
    part = network.module.get_submodule(network.features.module)
    if network.features.side == "input":
        handle = part.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].flatten(1).clone()))
    else:
        handle = part.register_forward_hook(lambda _, __, output: seen.append(output.flatten(1).clone()))
    with torch.inference_mode():
        network.module(images)
    handle.remove()
    (features,) = seen
    return features


@pytest.mark.parametrize(
    "name",
    [
        *("vit_tiny_patch16_224", "convnext_atto", "mobilenetv3_small_100", "levit_192"),
        *(
            pytest.param(name, marks=pytest.mark.heavy)
            for name in (
                *("resnet18", "tf_efficientnet_lite0", "swin_tiny_patch4_window7_224"),
                *("resnetv2_50x1_bit", "repvit_m0_9"),
            )
        ),
        pytest.param("vit_small_patch16_224.dino", marks=pytest.mark.slow),
    ],
)
def test_default_features_are_timms_pooled_prelogits(name: str) -> None:
    """f1(x) equals forward_head(forward_features(x), pre_logits=True) for every kind of head."""
    network = load_model(f"timm:{name}", weights="random")
    generator = torch.Generator().manual_seed(0)
    for part in network.module.modules():
        # A fresh normalisation in front of a classifier is almost the identity, and would hide a wrong site.
        if isinstance(part, nn.BatchNorm1d) and part.running_mean is not None:
            part.running_mean.normal_(generator=generator)
    images = torch.randn(2, 3, network.input.size, network.input.size, generator=generator)
    with torch.inference_mode():
        expected = network.module.forward_head(network.module.forward_features(images), pre_logits=True)
    found = features_of(network, images)
    assert found.shape == expected.flatten(1).shape
    # Two forward passes of the same arithmetic; float32 rounding may differ between them.
    torch.testing.assert_close(found, expected.flatten(1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("resnet18", 512, marks=pytest.mark.heavy),
        ("mobilenet_v3_small", 1024),
        pytest.param("alexnet", 4096, marks=pytest.mark.heavy),
        pytest.param("densenet121", 1024, marks=pytest.mark.heavy),
    ],
)
def test_features_of_torchvision_networks(name: str, size: int) -> None:
    """The input of the last linear layer; the classifier maps it to the network's output."""
    network = load_model(f"torchvision:{name}", weights="random")
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    features = features_of(network, images)
    assert features.shape == (2, size)
    classifier = network.module.get_submodule(str(network.classifier))
    with torch.inference_mode():
        # The same matrix product on the same numbers, up to float32 rounding.
        torch.testing.assert_close(classifier(features), network.module(images), rtol=1e-5, atol=1e-5)


def test_names_with_defaults_and_tags() -> None:
    """A bare name is resolved to the weights that the library means by it today."""
    resolved = resolve_timm_name("resnet50")
    assert (resolved.arch, resolved.tag, resolved.id) == ("resnet50", "a1_in1k", "resnet50.a1_in1k")
    assert resolve_timm_name("resnet50.tv_in1k").tag == "tv_in1k"
    assert resolve_torchvision_name("resnet50").id == "resnet50/IMAGENET1K_V2"
    assert resolve_torchvision_name("resnet50/DEFAULT").id == "resnet50/IMAGENET1K_V2"
    assert resolve_torchvision_name("resnet50/IMAGENET1K_V1").id == "resnet50/IMAGENET1K_V1"


@pytest.mark.parametrize(
    ("model", "found", "hint"),
    [
        ("timm:resnet51", "no network 'resnet51'", "resnet50"),
        ("timm:resnet50.a1_in2k", "timm has no weights 'a1_in2k' for resnet50", "a1_in1k"),
        ("torchvision:resnet51", "no network 'resnet51'", "resnet50"),
        ("torchvision:fcn_resnet50", "no network 'fcn_resnet50'", "classification network"),
        ("torchvision:resnet50/IMAGENET1K_V3", "torchvision has no weights 'IMAGENET1K_V3'", "IMAGENET1K_V2"),
    ],
)
def test_unknown_names(model: str, found: str, hint: str) -> None:
    """Exit code 2 with the nearest names."""
    with pytest.raises(InputError) as error:
        load_model(model, weights="random")
    assert error.value.found.startswith(found)
    assert hint in str(error.value)
    assert error.value.exit_code == 2


def test_pretrained_weights_that_do_not_exist() -> None:
    """An architecture without published weights cannot be audited as if it had some."""
    without = next(name for name in timm.list_models() if resolve_timm_name(name).tag is None)
    with pytest.raises(InputError, match="timm has no pretrained weights") as error:
        load_model(f"timm:{without}")
    assert "--weights random" in error.value.remedy


def test_preprocessing_of_timm() -> None:
    """From the pretrained description: size, crop, filter, normalisation, crop mode."""
    half = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    assert build_timm("tf_efficientnet_lite0", {}, None, 0).input == InputSettings(
        224, 256, "bicubic", **half
    )
    # a1_in1k is evaluated at 0.95: floor(224 / 0.95) = 235.
    assert build_timm("resnet50", {}, None, 0).input == InputSettings(224, 235, "bicubic", **IMAGENET)
    assert build_timm("resnet50", {}, 256, 0).input == InputSettings(256, 269, "bicubic", **IMAGENET)
    squashed = build_timm("vit_tiny_patch16_224", {}, None, 0).input
    assert squashed is not None
    assert squashed.crop_mode == "center"


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "efficientnet_b0", "swin_t"])
def test_preprocessing_of_torchvision(name: str) -> None:
    """From the transforms of the weights."""
    transforms = get_model_weights(name).DEFAULT.transforms()
    settings = build_torchvision(name, {}, None, 0).input
    assert settings is not None
    assert (settings.size, settings.resize) == (transforms.crop_size[0], transforms.resize_size[0])
    assert settings.interpolation == transforms.interpolation.value
    assert (list(settings.mean), list(settings.std)) == (transforms.mean, transforms.std)


@pytest.mark.heavy
def test_another_input_size() -> None:
    """The crop's share stays; fixed-size transformers are built for the size, or refused where they cannot be."""
    assert load_model("torchvision:resnet18", weights="random", img_size=112).input.resize == 128
    vit = load_model("timm:vit_tiny_patch16_224", weights="random", img_size=96)
    assert vit.input.size == 96
    assert vit.module(torch.zeros(1, 3, 96, 96)).shape == (1, 1000)
    with pytest.raises(InputError, match=r"takes 224×224 inputs, not 96×96"):
        load_model("torchvision:vit_b_32", weights="random", img_size=96)
    with pytest.raises(InputError, match="an input size of 0 pixels"):
        load_model("torchvision:resnet18", weights="random", img_size=0)
    with pytest.raises(InputError, match=r"does not run on 4×4 images|cannot build"):
        load_model("torchvision:alexnet", weights="random", img_size=4)


def test_layout_of_the_layers() -> None:
    """Which layers put out B×H×W×C, and how many tokens precede the grid."""
    swin = build_timm("swin_tiny_patch4_window7_224", {}, None, 0)
    assert swin.channels_last
    assert swin.layers == ("layers.0", "layers.1", "layers.2", "layers.3")
    assert build_timm("vit_tiny_patch16_224", {}, None, 0).prefix_tokens == 1
    assert not build_timm("resnet18", {}, None, 0).channels_last


def test_two_classifiers_are_noted() -> None:
    """LeViT's output is the mean of two heads on the same features."""
    levit = build_timm("levit_192", {}, None, 0)
    assert levit.classifier == "head"
    assert levit.notes == ("the output combines 2 classifiers; f1(x) is what the first of them reads",)


def test_building_leaves_the_random_generators_alone() -> None:
    """The same numbers come next from torch, numpy and Python, whatever was built in between."""

    def draw() -> tuple[float, float, float]:
        return torch.rand(()).item(), float(np.random.rand()), random.random()

    def seed() -> None:
        torch.manual_seed(5)
        np.random.seed(5)
        random.seed(5)

    seed()
    expected = draw()
    seed()
    build_timm("mobilenetv3_small_100", {}, None, 3)
    build_torchvision("squeezenet1_1", {}, None, 3)
    assert draw() == expected


@pytest.mark.parametrize(
    ("build", "name"),
    [(build_timm, "test_vit"), (build_timm, "test_resnet"), (build_torchvision, "squeezenet1_1")],
)
def test_networks_for_a_file_draw_no_weights(build: Callable[..., Architecture], name: str) -> None:
    """Filled they are the same network, buffers and all; drawing takes most of the time that building does."""
    before = torch.random.get_rng_state()
    with Drawn() as drawn:
        full = build(name, {}, None, 3).module
    with Drawn() as undrawn:
        bare = build(name, {}, None, None).module
    assert (len(drawn.parameters) > 5, undrawn.parameters) == (True, [])
    assert torch.equal(torch.random.get_rng_state(), before)
    bare.load_state_dict(full.state_dict())
    held = [dict((*module.named_parameters(), *module.named_buffers())) for module in (full, bare)]
    assert held[0].keys() == held[1].keys()
    assert all(torch.equal(held[0][key], held[1][key]) for key in held[0])


@pytest.mark.parametrize("model", ["timm:mobilenetv3_small_100", "torchvision:squeezenet1_1"])
def test_random_weights_depend_on_the_seed_alone(model: str) -> None:
    """The same seed gives the same fingerprint, another seed another one; what is random says so."""
    one, again, other = (load_model(model, weights="random", seed=seed).weights for seed in (1, 1, 2))
    assert one.state_sha256 == again.state_sha256 != other.state_sha256
    assert (one.origin, one.detail, one.sha256) == ("random", "seed 1", None)


@pytest.mark.parametrize("model", ["googlenet", "inception_v3"])
def test_training_heads_are_left_out(model: str) -> None:
    """Auxiliary classifiers take no part in evaluation, and the output is one tensor."""
    names = dict(build_torchvision(model, {}, None, 0).module.named_modules())
    assert not [name for name in names if name.lower().startswith("aux")]


def test_bad_arguments() -> None:
    """What the factory does not take is refused with the arguments in the message."""
    with pytest.raises(InputError, match=r"timm cannot build resnet18.* with zzz=1"):
        build_timm("resnet18", {"zzz": 1}, None, 0)
    with pytest.raises(InputError, match="torchvision cannot build resnet18 with zzz=1"):
        build_torchvision("resnet18", {"zzz": 1}, None, 0)
