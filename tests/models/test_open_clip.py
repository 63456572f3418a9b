"""Image towers of OpenCLIP against the library: embedding, zero-shot logits, preprocessing, files that are refused."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from support.command import Geed, geed
from support.hub import Host, loopback
from support.pictures import noise, smooth_pictures

from geed_cli.errors import GeedError, RunError
from geed_cli.images.picture import Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.models.requested import FileOptions
from geed_cli.models.sources.from_open_clip import TEMPLATE
from geed_cli.models.write_spec import starting_spec
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.auditable import inspect
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions

__all__ = ["geed"]
pytestmark = pytest.mark.usefixtures("read_in_this_process")
CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
TAG = {"hf_hub": "org/tiny/", "mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4), "quick_gelu": True}
NAMES = ("cat", "dog", "a red car", "tree")
MODEL = "open_clip:Tiny/small"


@cache
def open_clip() -> Any:  # noqa: ANN401
    """Imported by the tests alone, since it takes a second wherever this file is only collected."""
    return pytest.importorskip("open_clip", reason="needs the extra open_clip")


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model that the library knows, with a tag whose preprocessing and activation are its own."""
    (tmp_path / "Tiny.json").write_text(json.dumps(CONFIG))
    monkeypatch.setattr(open_clip().factory, "_MODEL_CONFIGS", dict(open_clip().factory._MODEL_CONFIGS))
    monkeypatch.setattr(
        open_clip().factory, "_MODEL_CONFIG_PATHS", list(open_clip().factory._MODEL_CONFIG_PATHS)
    )
    open_clip().add_model_config(tmp_path / "Tiny.json")
    monkeypatch.setitem(open_clip().pretrained._PRETRAINED, "Tiny", {"small": TAG, "other": TAG})


@pytest.fixture
def theirs() -> Any:  # noqa: ANN401
    """The library's own model, whose weights the hub offers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = open_clip().create_model("Tiny", force_quick_gelu=True, pretrained_text=False).eval()
        with torch.no_grad():
            for parameter in model.parameters():  # so that embeddings of pictures differ
                parameter.mul_(3 if parameter.dim() > 1 else 1)
    return model


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, theirs: Any) -> Iterator[Host]:  # noqa: ANN401
    folder = tmp_path / "repository"
    folder.mkdir()
    state = {name: value.clone() for name, value in theirs.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    with loopback(monkeypatch, tmp_path / "home") as host:
        host.offer("org/tiny", {"main": ("c" * 40, folder)})
        yield host


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    file = tmp_path / "classes.txt"
    file.write_text("\n".join(NAMES) + "\n")
    return file


def with_classes(file: Path, reference: str = MODEL, **options: Any) -> Network:  # noqa: ANN401
    return load_model(reference, file=FileOptions(classes=file), **options)


@pytest.mark.usefixtures("host")
def test_the_image_embedding(theirs: Any) -> None:  # noqa: ANN401
    """Of length 1, as it is compared with text; blocks are maps of tokens behind the class token."""
    network = load_model(MODEL)
    pictures = torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        expected = theirs.encode_image(pictures, normalize=True)
        torch.testing.assert_close(network.module(pictures), expected, rtol=0, atol=0)
    assert (network.id, network.source) == ("open_clip/Tiny/small", "open_clip")
    assert (network.output.kind, network.classifier) == ("none", None)
    assert network.layers == ("visual.transformer.resblocks.0", "visual.transformer.resblocks.1")
    found = {layer.name: layer.why_not for layer in inspect(network, every=False).layers}
    assert [found[name] for name in network.layers] == [None, None]
    assert network.weights.detail == f"hf-hub:org/tiny@{'c' * 40}/open_clip_model.safetensors"
    assert load_model(network.id).weights == network.weights


@pytest.mark.usefixtures("host")
def test_pictures_are_those_of_the_library(theirs: Any) -> None:  # noqa: ANN401
    """Resized and cropped bit for bit, with the tag's mean and std."""
    settings = load_model(MODEL).input
    config = open_clip().transform.PreprocessCfg(size=32, mean=TAG["mean"], std=TAG["std"])
    transform = open_clip().transform.image_transform_v2(config, is_train=False)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (settings.mean, settings.std))
    for seed, (width, height) in enumerate([(64, 64), (101, 64), (37, 61), (20, 20), (103, 41)]):
        pixels = to_pixels(Picture(noise(width, height, seed)), settings)
        # the same float32 operations on the same levels
        torch.testing.assert_close(
            (pixels / 255 - mean) / std, transform(noise(width, height, seed)), rtol=0, atol=1e-6
        )
    del theirs


@pytest.mark.usefixtures("host")
def test_zero_shot_logits(theirs: Any, classes: Path) -> None:  # noqa: ANN401
    """Scale · image · textᵀ, with the library's tokenizer and the prompt of the docs; f1(x) stays the embedding."""
    network = with_classes(classes)
    pictures = torch.rand(3, 3, 32, 32)
    tokens = open_clip().get_tokenizer("Tiny")([f"a photo of a {name}." for name in NAMES])
    assert TEMPLATE == "a photo of a {}."
    with torch.inference_mode():
        image = theirs.encode_image(pictures, normalize=True)
        text = theirs.encode_text(tokens, normalize=True)
        expected = theirs.logit_scale.exp() * image @ text.T
        # one product in another order of float32 additions
        torch.testing.assert_close(network.module(pictures), expected, rtol=1e-5, atol=1e-5)
    assert (network.output.kind, network.output.shape) == ("logits", (4,))
    assert (network.features, network.classifier, network.classes) == (Site("text", "input"), "text", NAMES)
    (note,) = network.weights.notes
    digest = hashlib.sha256(classes.read_bytes()).hexdigest()
    assert note.startswith(f"4 classes of classes.txt (sha256 {digest}), by the prompt 'a photo of a {{}}.'")
    assert network.weights.state_sha256 != load_model(MODEL).weights.state_sha256


@pytest.mark.usefixtures("host")
def test_an_audit_is_a_loop_with_the_library(theirs: Any, classes: Path, tmp_path: Path) -> None:  # noqa: ANN401
    """softmax.kl and flips of the mirror by hand, from the library's transform, towers and prompts."""
    photos = smooth_pictures(tmp_path / "photos", 5, 40)
    options = AuditOptions(
        data=DataOptions(photos, samples=5),
        run=RunOptions("cpu", 5, "fp32"),
        controls=ControlOptions(probes=0),
        metrics=("softmax.kl", "prediction.flip_rate"),
    )
    result = audit(with_classes(classes), ["flip"], options)
    config = open_clip().transform.PreprocessCfg(size=32, mean=TAG["mean"], std=TAG["std"])
    transform = open_clip().transform.image_transform_v2(config, is_train=False)
    tokens = open_clip().get_tokenizer("Tiny")([f"a photo of a {name}." for name in NAMES])
    divergences, flips = [], []
    for path in sorted(photos.iterdir()):
        x = transform(Image.open(path))[None]
        with torch.inference_mode():
            image = theirs.encode_image(torch.cat([x, x.flip(-1)]), normalize=True)
            logits = theirs.logit_scale.exp() * image @ theirs.encode_text(tokens, normalize=True).T
        p = logits.double().softmax(-1)
        divergences.append((p * (p / p.mean(0)).log()).sum(-1).mean().item())
        flips.append(float(p[0].argmax() != p[1].argmax()))
    values = {entry.metric: entry.value for entry in result.results}
    # float32 logits times a scale of 14: a few roundings of each
    assert values["softmax.kl"] == pytest.approx(sum(divergences) / 5, rel=1e-4)
    assert values["prediction.flip_rate"] == pytest.approx(sum(flips) / 5)
    assert set(result.class_names.values()) <= set(NAMES)


@pytest.mark.usefixtures("host")
def test_from_the_command_line(geed: Geed, classes: Path, tmp_path: Path) -> None:
    """--classes, the note in the result, rows of another file of classes are other rows, and a spec that loads back."""
    photos = smooth_pictures(tmp_path / "photos", 3, 40)

    def run(file: Path) -> dict[str, Any]:
        target = tmp_path / "result.json"
        done = geed(
            "audit", MODEL, "--classes", file, "-d", photos, "--json", target, "--metric", "softmax.kl"
        )
        assert done.exit_code == 0, done.stderr
        return json.loads(target.read_text())

    first = run(classes)
    assert run(classes)["results"] == first["results"]
    assert f"sha256 {hashlib.sha256(classes.read_bytes()).hexdigest()}" in str(
        first["model"]["weights"]["notes"]
    )
    before = first["results"][0]["value"]
    classes.write_text("house\nboat\nsnow\nbridge\n")  # the same path, other names
    assert run(classes)["results"][0]["value"] != before
    spec = tmp_path / "written.yaml"
    assert geed("inspect", MODEL, "--classes", classes, "--write-spec", spec).exit_code == 0
    assert load_model(str(spec)).weights == with_classes(classes).weights
    assert "classes:" in starting_spec(with_classes(classes))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"cat\n", "has 1 names"),
        (b"", "has 0 names"),
        (b"cat\ndog\ncat\n", "has 'cat' twice"),
        (b"cat\n\xff\xfe\n", "is no text in UTF-8"),
        (b"cat\n\x1b[31m\n", "not printable"),
    ],
)
def test_files_of_classes_that_cannot_be_used(classes: Path, content: bytes, found: str) -> None:
    """Exit code 2, before anything else is done with them."""
    classes.write_bytes(content)
    with pytest.raises(GeedError) as error:
        with_classes(classes, weights="random")
    assert found in error.value.found
    assert error.value.exit_code == 2


def test_classes_of_other_models(geed: Geed, classes: Path, tmp_path: Path) -> None:
    """No file of that name; a model that has classes of its own."""
    done = geed("inspect", "resnet50", "--classes", classes)
    assert done.exit_code == 2
    assert "for a model of torchvision" in done.stderr
    assert geed("inspect", MODEL, "--weights", "random", "--classes", tmp_path / "none.txt").exit_code == 2


@pytest.mark.parametrize(
    ("name", "found", "hint"),
    [
        ("Tini/small", "OpenCLIP has no model 'Tini'", "open_clip:Tiny/TAG"),
        ("Tiny/smal", "OpenCLIP has no weights 'smal' for Tiny", "open_clip:Tiny/small"),
        ("Tiny", "open_clip:Tiny without a tag", "open_clip:Tiny/small"),
        (
            "roberta-ViT-B-32/laion2b_s12b_b32k",
            "has a text tower of another repository, roberta-base",
            "open_clip:",
        ),
    ],
)
@pytest.mark.usefixtures("host")
def test_names_that_are_refused(name: str, found: str, hint: str) -> None:
    """With the nearest one."""
    with pytest.raises(GeedError) as error:
        load_model(f"open_clip:{name}")
    assert found in error.value.found
    assert hint in error.value.remedy


def test_weights_that_do_not_fit(host: Host) -> None:
    """A tensor that is missing, one of another shape, one that is not finite."""
    file = host.repositories["org/tiny"]["main"][1] / "open_clip_model.safetensors"
    state = load_file(file)
    save_file({name: value for name, value in state.items() if name != "visual.ln_post.weight"}, file)
    with pytest.raises(GeedError, match=r"does not fit open_clip:Tiny/small: .*visual\.ln_post\.weight"):
        load_model(MODEL)


def test_weights_that_are_not_finite(host: Host) -> None:
    """As of every other file."""
    file = host.repositories["org/tiny"]["main"][1] / "open_clip_model.safetensors"
    state = load_file(file)
    state["visual.ln_post.weight"][0] = torch.inf
    save_file(state, file)
    with pytest.raises(GeedError, match="not finite"):
        load_model(MODEL)


def test_without_a_hub(host: Host) -> None:
    """Exit code 3; random weights need none, and are those of their seed."""
    host.repositories.clear()
    with pytest.raises(
        RunError, match=r"the pretrained weights of open_clip:Tiny/small could not be downloaded"
    ):
        load_model(MODEL)
    first, again, other = (load_model(MODEL, weights="random", seed=seed) for seed in (1, 1, 2))
    assert first.weights.state_sha256 == again.weights.state_sha256 != other.weights.state_sha256


def test_without_the_library(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What installs it."""
    import sys

    monkeypatch.setitem(sys.modules, "open_clip", None)
    done = geed("inspect", MODEL)
    assert done.exit_code == 2
    assert "python -m pip install open_clip_torch" in done.stderr


@pytest.mark.usefixtures("host")
def test_classes_beside_a_model_that_has_its_own(geed: Geed, classes: Path, tmp_path: Path) -> None:
    """In a comparison they are for the models that take them."""
    photos = smooth_pictures(tmp_path / "photos", 3, 40)
    words = (
        "--classes",
        classes,
        "-d",
        photos,
        "--img-size",
        "32",
        "--metric",
        "latent.l2",
        "--allow-mismatch",
    )
    done = geed("compare", MODEL, "timm:test_vit", *words, "--weights", "random")
    assert done.exit_code == 0, done.stderr
