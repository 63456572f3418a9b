"""Modules of every library are called as they want it, with what they say of themselves."""

import warnings
from pathlib import Path

import pytest
import timm
import torch
from support.untouched import module_state
from torch import nn

from geed_cli import AuditOptions, DataOptions, InputError, RunOptions, wrap
from geed_cli.input_settings import InputSettings
from geed_cli.pipeline.audit import audit

PICTURES = (3, 20)
SAID = {"size": 16, "mean": 0.5, "std": 0.25}


def audited(net: object, folder: Path) -> dict[str, float | None]:
    options = AuditOptions(data=DataOptions(folder), run=RunOptions(batch_size=6))
    result = audit(net, ["flip"], options)
    return {f"{entry.metric} {entry.layer or ''}".strip(): entry.value for entry in result.results}


def small(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()),
        nn.Sequential(nn.Conv2d(4, 8, 3, stride=2), nn.ReLU()),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )


@pytest.mark.heavy
def test_what_torch_compile_returns_is_the_module(folder: Path) -> None:
    module = small()
    assert audited(wrap(torch.compile(module), **SAID), folder) == audited(wrap(module, **SAID), folder)


def test_parallel_and_traced_modules(folder: Path) -> None:
    module = small()
    plain = audited(wrap(module, **SAID), folder)
    assert audited(wrap(nn.DataParallel(module), **SAID), folder) == plain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.trace(module.train(), torch.zeros(1, 3, 16, 16))
    net = wrap(script, **SAID, output="logits")
    assert script.training
    scripted = audited(net, folder)
    assert script.training
    assert scripted["softmax.kl"] == pytest.approx(plain["softmax.kl"], rel=1e-4)


def test_several_outputs(folder: Path) -> None:
    """Of an object or mapping its logits, of a tuple its one tensor; several tensors are refused."""

    class Returning(nn.Module):
        def __init__(self, how: object) -> None:
            super().__init__()
            self.how, self.inner = how, small()

        def forward(self, x: torch.Tensor) -> object:
            return self.how(self.inner(x))

    plain = audited(wrap(Returning(lambda z: z), **SAID, output="logits"), folder)
    for how in (lambda z: {"features": z[:, :2], "logits": z}, lambda z: (None, z), lambda z: {"out": z}):
        module = Returning(how)
        before = module_state(module)
        assert audited(wrap(module, **SAID, output="logits"), folder) == plain
        assert module_state(module) == before
    with pytest.raises(InputError, match=r"python/Returning returns tuple, not one tensor"):
        wrap(Returning(lambda z: (z, z)), **SAID)


@pytest.mark.heavy
def test_transformers(folder: Path) -> None:
    """Their size is in their configuration; logits are read of the object that they return."""
    transformers = pytest.importorskip("transformers", reason="the extra integrations is not installed")
    config = transformers.ViTConfig(
        image_size=16,
        patch_size=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
    )
    torch.manual_seed(0)
    module = transformers.ViTForImageClassification(config)
    before = module_state(module)
    net = wrap(module, mean=0.5, std=0.5)
    assert (net.input.size, net.classifier, net.adapter.field) == (16, "classifier", "logits")
    values = audited(net, folder)
    assert module_state(module) == before
    assert values["softmax.kl"] > 0
    assert wrap(transformers.ViTModel(config), mean=0.5, std=0.5).adapter.field == "pooler_output"
    with pytest.raises(InputError, match="cannot be told: without mean, std"):
        wrap(module)
    assert (net.layers, net.prefix_tokens) == (("vit.layers.0", "vit.layers.1"), 1)
    processor = transformers.ViTImageProcessor(size={"height": 16, "width": 16}, image_mean=[0.4] * 3)
    shown = wrap(module, preprocess=processor).input
    assert shown == InputSettings(16, 16, "bilinear", (0.4,) * 3, (0.5,) * 3, "squash")
    tokens = transformers.ViTModel(config, add_pooling_layer=False)
    net = wrap(tokens, mean=0.5, std=0.5)
    assert (net.adapter.field, net.adapter.pooled, net.output.shape) == ("last_hidden_state", "first", (16,))


@pytest.mark.heavy
def test_lightning(folder: Path) -> None:
    lightning = pytest.importorskip("lightning", reason="the extra integrations is not installed")

    class Lit(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = small()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

    module = Lit()
    before = module_state(module)
    net = wrap(module, **SAID)
    assert net.classifier == "net.4"
    assert (
        list(audited(net, folder).values())[:2] == list(audited(wrap(small(), **SAID), folder).values())[:2]
    )
    assert module_state(module) == before


@pytest.mark.heavy
def test_open_clip_towers_say_their_preprocessing() -> None:
    open_clip = pytest.importorskip("open_clip", reason="the extra integrations is not installed")
    torch.manual_seed(0)
    tower = open_clip.transformer.VisionTransformer(
        image_size=16, patch_size=8, width=16, layers=1, heads=2, mlp_ratio=1, output_dim=8
    )
    stated = {"size": 16, "mode": "RGB", "mean": (0.1, 0.2, 0.3), "std": (0.5, 0.5, 0.5)}
    open_clip.model.set_model_preprocess_cfg(
        tower, stated | {"interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0}
    )
    net = wrap(tower)
    assert net.input == InputSettings(16, 16, "bicubic", (0.1, 0.2, 0.3), (0.5, 0.5, 0.5))
    assert net.output.kind == "none"


def test_modules_of_e2cnn(folder: Path) -> None:
    """Pictures go in as the tensors of their own that they take; train() and eval() make and drop their filters."""
    from e2cnn import gspaces
    from e2cnn import nn as enn

    torch.manual_seed(0)
    space = gspaces.Rot2dOnR2(4)
    colours = enn.FieldType(space, 3 * [space.trivial_repr])
    fields = enn.FieldType(space, 2 * [space.regular_repr])
    module = enn.SequentialModule(enn.R2Conv(colours, fields, 3, padding=1, bias=False), enn.ReLU(fields))
    before = module_state(module)
    net = wrap(module, **SAID, layers=["0"], features="1")
    assert module_state(module) == before
    options = AuditOptions(data=DataOptions(folder), run=RunOptions(batch_size=6))
    result = audit(net, ["c4"], options)
    assert module_state(module) == before
    layer = next(entry for entry in result.results if entry.layer == "0")
    assert layer.value == pytest.approx(-1, abs=1e-5), "equivariant by construction"


def test_timm_networks_say_what_they_were_built_for() -> None:
    """Another number of channels, of classes, another size, and no classifier."""
    built = timm.create_model("vit_tiny_patch16_224", img_size=32, num_classes=7, depth=1)
    assert (wrap(built).input.size, wrap(built).output.shape, wrap(built).id) == (
        32,
        (7,),
        "timm/vit_tiny_patch16_224",
    )
    headless = wrap(timm.create_model("test_resnet", num_classes=0))
    assert (headless.classifier, headless.features.module, headless.output.kind) == (None, "", "none")
    grey = wrap(timm.create_model("test_resnet", in_chans=1))
    assert (grey.input.channels, grey.input.mean) == (1, (0.5,))


def test_torchvision_networks_have_the_preset_and_a_note() -> None:
    import torchvision

    net = wrap(torchvision.models.squeezenet1_1(weights=None))
    assert net.input == InputSettings(224, 256, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert net.classifier == "classifier.1"
    assert "preset for ImageNet, 224 of 256 pixels" in net.weights.notes[0]
