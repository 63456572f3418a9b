"""What stands beside a checkpoint file about preprocessing is used, or the header says that it was not and why."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from support.checkpoints import read_in_this_process
from support.command import Geed, geed
from support.pictures import smooth_pictures

from geed_cli.documents.json_object import MAX_BYTES
from geed_cli.input_settings import InputSettings
from geed_cli.models.config_beside import HUGGING_FACE, TIMM, preprocessing_beside
from geed_cli.models.load import load_model
from geed_cli.models.preprocessing import input_settings

__all__ = ["geed", "read_in_this_process"]

ARCH = "test_resnet"
CONFIG: dict[str, Any] = {
    "architecture": ARCH,
    "num_classes": 10,
    "pretrained_cfg": {
        "input_size": [3, 48, 48],
        "crop_pct": 0.9,
        "interpolation": "bilinear",
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
        "crop_mode": "squash",
        "tag": "mine",
    },
}
VIT: dict[str, Any] = {
    "do_normalize": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.25, 0.25],
    "resample": 2,
    "size": {"height": 48, "width": 48},
    "image_processor_type": "ViTImageProcessor",
}
CLIP = VIT | {
    "crop_size": {"height": 40, "width": 40},
    "do_center_crop": True,
    "resample": 3,
    "size": {"shortest_edge": 44},
}


def weights(folder: Path, channels: int = 3, arch: str = ARCH) -> Path:
    """A checkpoint of ten classes that somebody trained."""
    torch.manual_seed(0)
    state = timm.create_model(arch, num_classes=10, in_chans=channels).state_dict()
    path = folder / "model.safetensors"
    save_file({name: value.clone() for name, value in state.items()}, path)
    return path


def settings(folder: Path, name: str, content: object) -> InputSettings | str:
    """What is made of a file, or the reason why nothing is."""
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    beside = preprocessing_beside(folder / "model.safetensors", ARCH)
    assert beside.note is not None
    if beside.input is None:
        assert beside.note.startswith(f"{name} beside the weights was not read: ")
        return beside.note.partition(": ")[2]
    assert beside.note == f"preprocessing is that of {name} beside the weights"
    return input_settings(None, beside.input, beside.input.size)


def test_timms_is_what_timm_itself_makes_of_it(tmp_path: Path) -> None:
    """Nested, and at the top level as in older files; what is left out is the architecture's own."""
    own = timm.data.resolve_data_config(pretrained_cfg=CONFIG["pretrained_cfg"])
    expected = InputSettings(
        own["input_size"][1],
        int(48 / 0.9),
        own["interpolation"],
        tuple(own["mean"]),
        tuple(own["std"]),
        "squash",
    )
    assert settings(tmp_path, TIMM, CONFIG) == expected
    assert (
        settings(tmp_path, TIMM, CONFIG["pretrained_cfg"] | {"architecture": f"{ARCH}.r160_in1k"}) == expected
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (VIT, InputSettings(48, 48, "bilinear", (0.5,) * 3, (0.25,) * 3, "squash")),
        (CLIP, InputSettings(40, 44, "bicubic", (0.5,) * 3, (0.25,) * 3, "center-down")),
        (
            CLIP | {"size": {"height": 46, "width": 46}},
            InputSettings(40, 46, "bicubic", (0.5,) * 3, (0.25,) * 3, "squash"),
        ),
        # one number is a square or the shorter side by the kind of the processor
        (VIT | {"size": 48}, InputSettings(48, 48, "bilinear", (0.5,) * 3, (0.25,) * 3, "squash")),
        (
            CLIP
            | {
                "size": 44,
                "crop_size": 40,
                "image_processor_type": None,
                "feature_extractor_type": "CLIPFeatureExtractor",
            },
            InputSettings(40, 44, "bicubic", (0.5,) * 3, (0.25,) * 3, "center-down"),
        ),
        (VIT | {"do_normalize": False}, InputSettings(48, 48, "bilinear", (0.0,) * 3, (1.0,) * 3, "squash")),
        # ConvNeXt's: below 384 the shorter side is size / crop_pct, from there on nothing is cut off
        (
            VIT | {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
            InputSettings(224, 256, "bilinear", (0.5,) * 3, (0.25,) * 3, "center-down"),
        ),
        (
            VIT | {"size": {"shortest_edge": 384}, "crop_pct": 0.875},
            InputSettings(384, 384, "bilinear", (0.5,) * 3, (0.25,) * 3, "squash"),
        ),
    ],
)
def test_hugging_faces_processors(tmp_path: Path, content: object, expected: InputSettings) -> None:
    """By hand, for the three ways in which they resize."""
    assert settings(tmp_path, HUGGING_FACE, content) == expected


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (TIMM, CONFIG | {"architecture": "resnet50"}, "it is of another architecture, resnet50"),
        (TIMM, {"model_type": "vit", "hidden_size": 768}, "it states no preprocessing (no pretrained_cfg)"),
        (TIMM, {"pretrained_cfg": {"input_size": [3, 32, 64]}}, "no square picture of 1 or 3 channels"),
        (TIMM, {"pretrained_cfg": {"input_size": [4, 32, 32]}}, "no square picture of 1 or 3 channels"),
        (TIMM, {"pretrained_cfg": {"input_size": [[3], 32, 32]}}, "no square picture of 1 or 3 channels"),
        (TIMM, {"pretrained_cfg": {"input_size": [True, 32, 32]}}, "no square picture of 1 or 3 channels"),
        (TIMM, {"pretrained_cfg": {"input_size": [3, None, None]}}, "no square picture of 1 or 3 channels"),
        (
            TIMM,
            {"pretrained_cfg": {"input_size": [3, 32, 32], "mean": [0, 0], "std": [1]}},
            "its mean cannot be used",
        ),
        (
            TIMM,
            {"pretrained_cfg": {"input_size": [3, 32, 32], "crop_pct": 40}},
            "its crop_pct cannot be used",
        ),
        (TIMM, {"pretrained_cfg": {"input_size": [3, 32, 32]}}, "it states no mean or no std"),
        (TIMM, "{", "it is no JSON"),
        (TIMM, "[" * 100_000, "it is no JSON"),
        (TIMM, "[1]", "it is no JSON object"),
        (TIMM, " " * (MAX_BYTES + 1), "it is larger than 1 MB"),
        (
            HUGGING_FACE,
            VIT | {"size": 48, "image_processor_type": None},
            "its size 48 can be meant in two ways",
        ),
        (
            HUGGING_FACE,
            VIT | {"image_processor_type": "MineImageProcessor"},
            "MineImageProcessor has rules of its own",
        ),
        (
            HUGGING_FACE,
            VIT | {"do_flip_channel_order": True},
            "it puts blue before red (do_flip_channel_order)",
        ),
        (HUGGING_FACE, '{"size": 48, "size": 40}', "it says a key twice"),
        (HUGGING_FACE, VIT | {"size": {"shortest_edge": 48}}, "crops nothing, so pictures are not square"),
        (HUGGING_FACE, VIT | {"size": {"height": 48, "width": 40}}, "is no square"),
        (HUGGING_FACE, VIT | {"do_rescale": False}, "it leaves out resizing, or scaling"),
        (HUGGING_FACE, VIT | {"rescale_factor": 0.00784}, "its rescale_factor is 0.00784, not 1/255"),
        (HUGGING_FACE, VIT | {"resample": 9}, "its resample is 9"),
        (HUGGING_FACE, VIT | {"resample": [1]}, "its resample is [1]"),
        (HUGGING_FACE, VIT | {"resample": 2.0}, "its resample is 2.0"),
        (HUGGING_FACE, VIT | {"rescale_factor": float("nan")}, "its rescale_factor is nan, not 1/255"),
        (HUGGING_FACE, VIT | {"image_std": [0, 1, 1]}, "its std.0 cannot be used"),
        (HUGGING_FACE, '{"size": {"height": 1e999, "width": 1e999}}', "its size is inf"),
        (HUGGING_FACE, CLIP | {"crop_size": 99}, "its sizes do not fit: 99 of 44 pixels"),
    ],
)
def test_what_does_not_fit_is_left_alone_and_says_why(
    tmp_path: Path, name: str, content: object, why: str
) -> None:
    """The architecture's own preprocessing then holds; nothing ends the run."""
    assert why in str(settings(tmp_path, name, content))


def test_loaded_with_an_architecture(tmp_path: Path) -> None:
    """--arch, or the name of a library's network with --checkpoint; --img-size goes first; the written spec has it."""
    file = weights(tmp_path)
    plain = load_model(str(file), arch=ARCH)
    assert not any("beside" in note for note in plain.weights.notes)
    (tmp_path / TIMM).write_text(json.dumps(CONFIG))
    expected = InputSettings(48, 53, "bilinear", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), "squash")
    for network in (load_model(str(file), arch=ARCH), load_model(f"timm:{ARCH}", checkpoint=file)):
        assert network.input == expected
        assert "preprocessing is that of config.json beside the weights" in network.weights.notes
    assert load_model(str(file), arch=ARCH, img_size=32).input.size == 32
    (tmp_path / HUGGING_FACE).write_text(json.dumps(VIT))
    assert load_model(str(file), arch=ARCH).input.crop_mode == "squash"
    assert load_model(str(file), arch=ARCH).input.mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(("stated", "channels"), [(3, 1), (1, 3)])
def test_the_weights_say_how_many_channels(tmp_path: Path, stated: int, channels: int) -> None:
    """Networks that were built for one channel keep the three of their pretrained_cfg when they are saved."""
    file = weights(tmp_path, channels=channels)
    config = CONFIG["pretrained_cfg"] | {"input_size": [stated, 48, 48], "mean": [0.4] * stated}
    (tmp_path / TIMM).write_text(json.dumps({"architecture": ARCH, "pretrained_cfg": config}))
    assert load_model(str(file), arch=ARCH).input.mean == (0.4,) * channels


def test_a_spec_goes_first(tmp_path: Path) -> None:
    """Where it says what the network is shown, the file beside the weights is named and not read."""
    file = weights(tmp_path)
    (tmp_path / TIMM).write_text(json.dumps(CONFIG))
    spec = tmp_path / "s.yaml"
    model = f"model: {{source: timm, name: {ARCH}, arguments: {{num_classes: 10}}}}\n"
    text = f"{model}weights: {{origin: file, path: {file.name}}}\n"
    spec.write_text(text + "input: {size: 64}\n")
    network = load_model(str(spec))
    assert network.input.size == 64
    assert any(
        "was not read: the spec says what the network is shown" in note for note in network.weights.notes
    )
    spec.write_text(text)
    assert load_model(str(spec)).input.size == 48


def test_all_at_once_from_the_command_line(geed: Geed, tmp_path: Path) -> None:
    """Ten classes, one channel and a config.json: --checkpoint with --arch alone audits what was trained."""
    file = weights(tmp_path, channels=1)
    config = CONFIG | {
        "pretrained_cfg": CONFIG["pretrained_cfg"] | {"input_size": [1, 48, 48], "mean": [0.4], "std": [0.3]}
    }
    (tmp_path / TIMM).write_text(json.dumps(config))
    pictures = smooth_pictures(tmp_path / "pictures", 4, 48)
    done = geed(
        "audit",
        "--checkpoint",
        file,
        "--arch",
        ARCH,
        "-d",
        pictures,
        "--no-cache",
        "--metric",
        "latent.l2",
        "-v",
    )
    assert done.exit_code == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "'conv1.0.weight' takes 1 channel, as in the file" in text
    assert "the classifier 'fc' has 10 classes, as in the file" in text
    assert "preprocessing is that of config.json beside the weights" in text
    assert "48×48 luminance (ITU-R BT.601) from 53 (squash, bilinear), mean (0.4), std (0.3)" in text
    written = tmp_path / "written.yaml"
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH, "--write-spec", written)
    assert done.exit_code == 0, done.stderr
    done = geed("audit", written, "-d", pictures, "--no-cache", "--metric", "latent.l2")
    assert done.exit_code == 0, done.stderr


def test_one_channel_without_a_config(tmp_path: Path) -> None:
    """The architecture's own mean and std as luminance, and the header says all of it."""
    network = load_model(str(weights(tmp_path, channels=1)), arch=ARCH)
    assert network.input.channels == 1
    assert any("'conv1.0.weight' takes 1 channel, as in the file" in note for note in network.weights.notes)
    assert any("it is shown luminance (input.channels: 1)" in note for note in network.weights.notes)


def test_four_channels_are_refused_with_what_to_do(geed: Geed, tmp_path: Path) -> None:
    """Timm builds such a network, but no picture has four channels."""
    done = geed("inspect", "--checkpoint", weights(tmp_path, channels=4), "--arch", ARCH)
    assert done.exit_code == 2
    assert "takes 4 channels: its first convolution, conv1.0, has so many" in " ".join(done.stderr.split())
    assert "source: python" in done.stderr


@pytest.mark.heavy
def test_torchvision_has_no_such_networks(geed: Geed, tmp_path: Path) -> None:
    """Of its ResNets timm's have the same names: the option that the message prints loads the file."""
    file = tmp_path / "grey.safetensors"
    state = timm.create_model("resnet18", in_chans=1, num_classes=10).state_dict()
    save_file({name: value.clone() for name, value in state.items()}, file)
    done = geed("inspect", "--checkpoint", file, "--arch", "torchvision:resnet18")
    assert done.exit_code == 2
    assert "torchvision's resnet18 is for 3" in " ".join(done.stderr.split())
    command = shlex.split(done.stderr.partition("try:")[2].partition(": timm's")[0])
    assert command == ["geed", "inspect", "--checkpoint", str(file), "--arch", "resnet18"]
    assert geed(*command[1:]).exit_code == 0
