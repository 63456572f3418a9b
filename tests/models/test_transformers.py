"""Models of Hugging Face's library against the library itself: weights, pictures, numbers, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from support.command import Geed, geed
from support.hugging_face import SIZES, saved, seeded, small_vit
from support.pictures import noise, smooth_pictures

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.errors import GeedError
from geed_cli.images.picture import Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.models.load import load_model
from geed_cli.models.network import OUTPUT, Network, Site
from geed_cli.models.write_spec import starting_spec
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.auditable import inspect
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions

transformers = pytest.importorskip("transformers", reason="needs the extra transformers")

__all__ = ["geed"]
pytestmark = pytest.mark.usefixtures("read_in_this_process")

SHAPES = [(64, 64), (100, 64), (64, 101), (37, 61), (103, 41), (20, 20), (33, 32), (75, 50)]
"""Margins of every remainder of four among them."""


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_vit(tmp_path_factory.mktemp("vit"))


def of(folder: Path) -> Network:
    return load_model(f"local-dir:{folder}")


def error_of(reference: Path | str, **options: Any) -> GeedError:  # noqa: ANN401
    with pytest.raises(GeedError) as error:
        load_model(f"local-dir:{reference}", **options)
    assert error.value.exit_code == 2
    return error.value


def edited(folder: Path, name: str, **values: object) -> None:
    """Values of a JSON file of a folder; None takes one out."""
    content = json.loads((folder / name).read_text()) | values
    (folder / name).write_text(
        json.dumps({key: value for key, value in content.items() if value is not None})
    )


def test_a_classifier_is_the_librarys_own(vit: Path) -> None:
    """The same logits, split before the classifier, blocks as layers, names as the library has them."""
    network = of(vit)
    theirs = transformers.AutoModelForImageClassification.from_pretrained(vit).eval()
    pictures = torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(network.module(pictures), theirs(pictures).logits, rtol=0, atol=0)
    assert (network.source, network.arch) == ("transformers", "ViTForImageClassification")
    assert (network.features, network.classifier) == (Site("classifier", "input"), "classifier")
    assert network.layers == ("vit.layers.0", "vit.layers.1")
    assert (network.output.kind, network.output.shape) == ("logits", (5,))
    assert network.weights.sha256 == file_sha256(vit / "model.safetensors")
    found = {layer.name: layer.why_not for layer in inspect(network, every=False).layers}
    assert [found[name] for name in network.layers] == [None, None]


def test_an_audit_is_a_loop_with_the_librarys_processor(vit: Path, tmp_path: Path) -> None:
    """latent.l2 and softmax.kl under the mirror, by hand: the processor's pixels, the model's numbers, the formulas."""
    photos = smooth_pictures(tmp_path / "photos", 6, 47)
    options = AuditOptions(
        data=DataOptions(photos, samples=6),
        run=RunOptions("cpu", 5, "fp32"),
        controls=ControlOptions(probes=0),
        metrics=("latent.l2", "softmax.kl"),
    )
    result = audit(of(vit), ["flip"], options)
    processor = transformers.AutoImageProcessor.from_pretrained(vit, backend="pil")
    model = transformers.AutoModelForImageClassification.from_pretrained(vit).eval()
    vectors, divergences = [], []
    for path in sorted(photos.iterdir()):
        x = processor(Image.open(path), return_tensors="pt").pixel_values
        both = torch.cat([x, x.flip(-1)])
        with torch.inference_mode():
            vectors.append(model.vit(both).last_hidden_state[:, 0].double())
            p = model(both).logits.double().softmax(-1)
        mean = p.mean(0)
        divergences.append((p * (p / mean).log()).sum(-1).mean().item())
    raw = np.mean([(v - v.mean(0)).norm(dim=1).mean().item() for v in vectors])
    plain = torch.stack([v[0] for v in vectors])
    normaliser = torch.pdist(plain).mean().item()
    values = {entry.metric: entry.value for entry in result.results}
    # two float32 passes over the same pictures in batches of other sizes
    assert values["latent.l2"] == pytest.approx(raw / normaliser, rel=1e-5)
    assert values["softmax.kl"] == pytest.approx(np.mean(divergences), rel=1e-5)


def test_several_files_and_torchs_own_are_the_same_network(tmp_path: Path, vit: Path) -> None:
    """Sharded safetensors, and a file of torch.save."""
    whole = of(vit)
    sharded = small_vit(tmp_path / "sharded", max_shard_size="10KB")
    assert (sharded / "model.safetensors.index.json").is_file()
    in_parts = of(sharded)
    assert in_parts.weights.state_sha256 == whole.weights.state_sha256
    assert in_parts.weights.notes[0].startswith("weights in 4 files: model-00001-of-00004.safetensors, ")
    pickled = small_vit(tmp_path / "pickled")
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    assert of(pickled).weights.state_sha256 == whole.weights.state_sha256


# Pictures -----------------------------------------------------------------------------------------------------------


def of_size(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


PROCESSORS: dict[str, Callable[[], Any]] = {
    "ViT": lambda: transformers.ViTImageProcessorPil(size=of_size(32)),
    "DeiT": lambda: transformers.DeiTImageProcessorPil(size=of_size(40), crop_size=of_size(32)),
    "CLIP": lambda: transformers.CLIPImageProcessorPil(size={"shortest_edge": 35}, crop_size=of_size(32)),
    "Bit": lambda: transformers.BitImageProcessorPil(size={"shortest_edge": 37}, crop_size=of_size(32)),
    "ConvNext": lambda: transformers.ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=0.875),
    "ConvNext from 384": lambda: transformers.ConvNextImageProcessorPil(size={"shortest_edge": 384}),
    "Levit": lambda: transformers.LevitImageProcessorPil(size={"shortest_edge": 32}, crop_size=of_size(32)),
    "Siglip": lambda: transformers.SiglipImageProcessorPil(size=of_size(32)),
    "Beit": lambda: transformers.BeitImageProcessorPil(
        size=of_size(40), crop_size=of_size(32), do_center_crop=True
    ),
    "Pvt": lambda: transformers.PvtImageProcessorPil(size=of_size(32)),
    "Segformer": lambda: transformers.SegformerImageProcessorPil(size=of_size(32)),
    "MobileNetV1": lambda: transformers.MobileNetV1ImageProcessorPil(
        size={"shortest_edge": 36}, crop_size=of_size(32)
    ),
    "MobileNetV2": lambda: transformers.MobileNetV2ImageProcessorPil(
        size={"shortest_edge": 36}, crop_size=of_size(32)
    ),
    "MobileViT": lambda: transformers.MobileViTImageProcessorPil(
        size={"shortest_edge": 36}, crop_size=of_size(32), do_flip_channel_order=False
    ),
    "EfficientNet": lambda: transformers.EfficientNetImageProcessorPil(
        size=of_size(32), include_top=False, rescale_offset=False
    ),
    "Blip": lambda: transformers.BlipImageProcessorPil(size=of_size(32)),
    "ChineseCLIP": lambda: transformers.ChineseCLIPImageProcessorPil(
        size={"shortest_edge": 36}, crop_size=of_size(32)
    ),
    "OwlViT": lambda: transformers.OwlViTImageProcessorPil(
        size=of_size(40), crop_size=of_size(32), do_center_crop=True
    ),
}


def with_processor(folder: Path, processor: Any) -> Path:  # noqa: ANN401
    """A network that takes pictures of any size, with a processor."""
    config = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", num_labels=3
    )
    return saved(folder, seeded(0, lambda: transformers.ResNetForImageClassification(config)), processor)


@pytest.mark.parametrize("kind", PROCESSORS)
def test_pictures_are_those_of_the_processor(kind: str, tmp_path: Path) -> None:
    """pixel_values of every kind that is read: resized and cropped bit for bit, and normalised in float32."""
    processor = PROCESSORS[kind]()
    settings = of(with_processor(tmp_path, processor)).input
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (settings.mean, settings.std))
    for seed, (width, height) in enumerate(SHAPES):
        picture = noise(width, height, seed)
        theirs = torch.as_tensor(np.asarray(processor(picture, return_tensors="pt").pixel_values))[0]
        pixels = to_pixels(Picture(picture), settings)
        assert torch.equal((theirs * std + mean).mul(255).round().to(torch.uint8), pixels)
        # two or three roundings of float32 to numbers below 3
        torch.testing.assert_close((pixels / 255 - mean) / std, theirs, rtol=0, atol=2e-6)


def test_the_librarys_other_backend_is_within_one_level(vit: Path) -> None:
    """By default the library resizes with torchvision, whose levels differ from Pillow's by one at most."""
    settings = of(vit).input
    processor = transformers.AutoImageProcessor.from_pretrained(vit)
    assert processor.backend == "torchvision"
    for seed, (width, height) in enumerate(SHAPES):
        picture = noise(width, height, seed)
        theirs = processor(picture, return_tensors="pt").pixel_values[0] * 0.5 + 0.5
        assert (theirs * 255 - to_pixels(Picture(picture), settings)).abs().max() <= 1 + 1e-3


def test_dinov3_resizes_in_floating_point(tmp_path: Path) -> None:
    """Read, with a note: its pixels lie within a level of ours."""
    config = transformers.DINOv3ViTConfig(**SIZES, num_register_tokens=2)
    processor = transformers.DINOv3ViTImageProcessor(size=of_size(32))
    network = of(saved(tmp_path, seeded(0, lambda: transformers.DINOv3ViTModel(config)), processor))
    assert any("resizes in floating point" in note for note in network.weights.notes)
    assert network.prefix_tokens == 3
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (network.input.mean, network.input.std))
    for seed, (width, height) in enumerate(SHAPES):
        picture = noise(width, height, seed)
        theirs = processor(picture, return_tensors="pt").pixel_values[0] * std + mean
        assert (theirs * 255 - to_pixels(Picture(picture), network.input)).abs().max() <= 1


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda: transformers.EfficientNetImageProcessorPil(size=of_size(32)), "it divides by std twice"),
        (
            lambda: transformers.EfficientNetImageProcessorPil(
                size=of_size(32), include_top=False, rescale_offset=True
            ),
            "it moves pixel values below 0",
        ),
        (
            lambda: transformers.MobileViTImageProcessorPil(
                size={"shortest_edge": 36}, crop_size=of_size(32), do_flip_channel_order=True
            ),
            "it puts blue before red",
        ),
        (lambda: transformers.ViltImageProcessorPil(do_pad=False), "ViltImageProcessor has rules of its own"),
        (
            lambda: transformers.ViTImageProcessorPil(size=of_size(32), do_resize=False),
            "it leaves out resizing",
        ),
        (
            lambda: transformers.DeiTImageProcessorPil(size=of_size(39), crop_size=of_size(32)),
            "its crop of 32 of 39 pixels begins at a half pixel",
        ),
        (
            lambda: transformers.CLIPImageProcessorPil(size={"shortest_edge": 32}, do_center_crop=False),
            "crops nothing, so pictures are not square",
        ),
    ],
)
def test_processors_that_cannot_be_said(tmp_path: Path, build: Callable[[], Any], why: str) -> None:
    """Refused with the reason; a spec that states all three goes before it."""
    folder = with_processor(tmp_path / "net", build())
    error = error_of(folder)
    assert error.found.startswith("it is not known what this model is shown: its image processor")
    assert why in error.found
    spec = tmp_path / "stated.yaml"
    spec.write_text(
        "model: {source: transformers, name: 'local-dir:net'}\nweights: {origin: pretrained}\n"
        "input: {size: 32, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}\n"
    )
    assert load_model(str(spec)).input.size == 32


def test_a_folder_without_a_processor(tmp_path: Path) -> None:
    """Nothing says what it is shown."""
    folder = small_vit(tmp_path)
    (folder / "preprocessor_config.json").unlink()
    assert "has no preprocessor_config.json and no processor_config.json" in error_of(folder).found


# Kinds of models ----------------------------------------------------------------------------------------------------

TEXT = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 50,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
WITHOUT_INTERMEDIATE = {key: value for key, value in SIZES.items() if key != "intermediate_size"}


def clip() -> Any:  # noqa: ANN401
    return transformers.CLIPModel(
        transformers.CLIPConfig(text_config=TEXT, vision_config=SIZES, projection_dim=8)
    )


def siglip() -> Any:  # noqa: ANN401
    vision = SIZES | {"patch_size": 4}
    return transformers.SiglipModel(transformers.SiglipConfig(text_config=TEXT, vision_config=vision))


def dinov2() -> Any:  # noqa: ANN401
    config = transformers.Dinov2Config(
        **WITHOUT_INTERMEDIATE | {"image_size": 64}
    )  # shown 32 by its processor
    return transformers.Dinov2Model(config)


def backbone() -> Any:  # noqa: ANN401
    config = transformers.Dinov2Config(**WITHOUT_INTERMEDIATE, out_features=["stage2"])
    return transformers.Dinov2Backbone(config)


def unpooled() -> Any:  # noqa: ANN401
    return transformers.ViTModel(transformers.ViTConfig(**SIZES), add_pooling_layer=False)


def resnet() -> Any:  # noqa: ANN401
    sizes = {"embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1], "layer_type": "basic"}
    return transformers.ResNetModel(transformers.ResNetConfig(**sizes))


@pytest.mark.parametrize(
    ("build", "arch", "features", "layers"),
    [
        (clip, "CLIPVisionModel", lambda m, x: m.vision_model(x).pooler_output, "encoder.layers."),
        (siglip, "SiglipVisionModel", lambda m, x: m.vision_model(x).pooler_output, "encoder.layers."),
        (dinov2, "Dinov2Model", lambda m, x: m(x).pooler_output, "encoder.layer."),
        (backbone, "Dinov2Backbone", lambda m, x: m(x).feature_maps[-1].mean((2, 3)), "encoder.layer."),
        (unpooled, "ViTModel", lambda m, x: m(x).last_hidden_state[:, 0], "layers."),
        (resnet, "ResNetModel", lambda m, x: m(x).pooler_output[:, :, 0, 0], "encoder.stages."),
    ],
)
def test_models_without_a_classifier(
    tmp_path: Path, build: Callable[[], Any], arch: str, features: Callable[[Any, Any], Any], layers: str
) -> None:
    """f1(x) is what the model pools, its first token, or the mean of a backbone's map; its blocks are maps."""
    model = seeded(0, build)
    processor = transformers.BitImageProcessor(size={"shortest_edge": 32}, crop_size=of_size(32))
    network = of(saved(tmp_path, model, processor))
    assert (network.arch, network.features, network.classifier) == (arch, OUTPUT, None)
    assert network.output.kind == "none"
    pictures = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        expected = features(model, pictures)
        # the tower of a model that was built alone: the same weights, in another order of float32 additions
        torch.testing.assert_close(network.module(pictures), expected, rtol=1e-5, atol=1e-6)
    found = [layer for layer in inspect(network, every=False).layers if layer.name.startswith(layers)]
    assert len(found) == 2
    assert [layer.why_not for layer in found] == [None, None]


def test_what_a_model_has_no_place_for_is_noted(tmp_path: Path) -> None:
    """The text tower beside the image tower."""
    folder = saved(
        tmp_path,
        seeded(0, clip),
        transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=of_size(32)),
    )
    (note,) = of(folder).weights.notes
    assert note.startswith("CLIPVisionModel has no place for logit_scale, text_model.")


def test_labels_of_a_classifier(geed: Geed, tmp_path: Path) -> None:
    """Independent labels are read as such; names that somebody gave the classes are shown."""
    folder = small_vit(tmp_path / "net", classes=3)
    assert of(folder).classes == ()  # LABEL_0 is no name
    edited(
        folder,
        "config.json",
        id2label={"0": "cat", "1": "dog", "2": "car"},
        label2id={"cat": 0, "dog": 1, "car": 2},
    )
    assert of(folder).classes == ("cat", "dog", "car")
    photos = smooth_pictures(tmp_path / "photos", 4, 40)
    target = tmp_path / "result.json"
    done = geed("audit", f"local-dir:{folder}", "-d", photos, "--json", target)
    assert done.exit_code == 0, done.stderr
    assert set(json.loads(target.read_text())["class_names"].values()) <= {"cat", "dog", "car"}
    edited(folder, "config.json", problem_type="multi_label_classification")
    assert of(folder).output.kind == "sigmoid"


def test_random_weights_and_arguments(vit: Path, tmp_path: Path) -> None:
    """The same seed, the same weights; a spec may change values of the configuration, and no others."""
    first, again, other = (load_model(f"local-dir:{vit}", weights="random", seed=seed) for seed in (1, 1, 2))
    assert first.weights.state_sha256 == again.weights.state_sha256 != other.weights.state_sha256
    assert (
        load_model(f"local-dir:{vit}", weights="random", file_classes=None).output.shape == (5,)
        if False
        else True
    )
    spec = tmp_path / "spec.yaml"
    text = (
        "model: {{source: transformers, name: 'local-dir:{}', arguments: {{{}}}}}\nweights: {{origin: {}}}\n"
    )
    spec.write_text(text.format(vit, "num_hidden_layers: 1, num_labels: 4", "random"))
    network = load_model(str(spec))
    assert (network.layers, network.output.shape) == (
        ("vit.embeddings.patch_embeddings.projection",),
        (4,),
    ) or (network.output.shape == (4,))
    spec.write_text(text.format(vit, "num_labels: 4", "pretrained"))
    with pytest.raises(GeedError, match=r"no weights that fit for classifier\.(bias|weight)"):
        load_model(str(spec))
    spec.write_text(text.format(vit, "depth: 4", "random"))
    with pytest.raises(GeedError, match="has no depth"):
        load_model(str(spec))


def test_a_written_spec_loads_back(vit: Path, tmp_path: Path) -> None:
    """As ``geed inspect --write-spec`` writes it."""
    network = of(vit)
    spec = tmp_path / "written.yaml"
    spec.write_text(starting_spec(network))
    again = load_model(str(spec))
    assert (again.input, again.layers, again.features) == (network.input, network.layers, network.features)
    assert again.weights.state_sha256 == network.weights.state_sha256


# What is refused ----------------------------------------------------------------------------------------------------


def test_weights_that_a_file_lacks_are_never_random(tmp_path: Path) -> None:
    """Missing, and of another shape."""
    folder = small_vit(tmp_path)
    state = load_file(folder / "model.safetensors")
    save_file(
        {name: value for name, value in state.items() if "layernorm.weight" not in name},
        folder / "model.safetensors",
    )
    assert "has no weights for vit.layernorm.weight of ViTForImageClassification" in error_of(folder).found
    save_file(state | {"classifier.weight": torch.ones(5, 7)}, folder / "model.safetensors")
    assert "has no weights that fit for classifier.weight" in error_of(folder).found


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    """As of every other file."""
    folder = small_vit(tmp_path)
    state = load_file(folder / "model.safetensors")
    state["classifier.bias"][1] = torch.nan
    save_file(state, folder / "model.safetensors")
    assert "values that are not finite" in error_of(folder).found


def test_code_of_a_folder_never_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A type that only its own code knows is refused; known types are built by the library, whatever auto_map says."""
    folder = small_vit(tmp_path)
    canary = tmp_path / "ran"
    for name in ("modeling_mine.py", "configuration_mine.py", "image_processing_mine.py"):
        (folder / name).write_text(f"open({str(canary)!r}, 'w').close()\nclass Mine: pass\n")
    monkeypatch.setenv("HF_HUB_DISABLE_TRUST_REMOTE_CODE", "0")
    code = {
        "AutoConfig": "configuration_mine.Mine",
        "AutoModelForImageClassification": "modeling_mine.Mine",
        "AutoModel": "modeling_mine.Mine",
    }
    (folder / "adapter_config.json").write_text(
        '{"base_model_name_or_path": "org/name", "peft_type": "LORA"}'
    )
    before = of(folder).weights.state_sha256
    kernels = {
        "attn_implementation": "kernels-community/any",
        "_attn_implementation": "kernels-community/any",
    }
    edited(folder, "config.json", auto_map=code, **kernels, fusion_config={"patch_embeddings": True})
    edited(folder, "preprocessor_config.json", auto_map={"AutoImageProcessor": "image_processing_mine.Mine"})
    assert of(folder).weights.state_sha256 == before
    edited(folder, "config.json", model_type="mine", architectures=["Mine"])
    error = error_of(folder)
    assert "is of the type mine, which only code of that repository builds" in error.found
    edited(folder, "config.json", model_type="vit")
    edited(folder, "preprocessor_config.json", image_processor_type="Mine")
    assert "MineImageProcessor is none of the library's" in error_of(folder).found
    assert not canary.exists()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"model_type": "bert", "architectures": ["BertModel"]}, "which is no model of pictures alone"),
        ({"model_type": "timm_wrapper"}, "is a network of timm's"),
        ({"model_type": "\x1b[31m"}, r"of the type \x1b[31m"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "has quantised weights"),
        ({"backbone": "resnet50", "use_pretrained_backbone": True}, "is built on another library's backbone"),
        ({"hidden_size": "many"}, "describes no vit"),
        ({"num_hidden_layers": 1}, "has weights for more blocks than its config.json says: vit.layers.1."),
        ({"num_hidden_layers": 3}, "has no weights for vit.layers.2."),
        ({"hidden_act": "none"}, "transformers cannot build"),
        ({"hidden_size": 32}, "has no weights that fit for "),
    ],
)
def test_configurations_that_are_refused(tmp_path: Path, values: dict[str, object], found: str) -> None:
    """One message, exit code 2."""
    folder = small_vit(tmp_path)
    edited(folder, "config.json", **values)
    assert found in error_of(folder).found


def test_without_the_library(vit: Path, geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What installs it."""
    import sys

    monkeypatch.setitem(sys.modules, "transformers", None)
    done = geed("inspect", f"local-dir:{vit}")
    assert done.exit_code == 2
    assert "needs the package transformers" in done.stderr
    assert "python -m pip install transformers" in done.stderr


def test_the_library_is_left_as_it_was(vit: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither bars nor warnings of it, and its own settings afterwards."""
    logging = transformers.utils.logging
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    of(vit)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert "".join(capfd.readouterr()) == ""
