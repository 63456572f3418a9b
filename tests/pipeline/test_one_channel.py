"""Networks that are shown luminance: preprocessing, groups and sets of colours, specs, comparisons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.command import Geed, geed, in_full
from support.networks import MEAN, STD, network_of
from support.pictures import noise, smooth_pictures
from torch import nn
from torchvision.transforms import v2

from geed_cli.comparison.mismatch import mismatches
from geed_cli.errors import InputError
from geed_cli.images.picture import Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.input_settings import CropMode, InputSettings
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.models.preprocessing import with_channels
from geed_cli.models.write_spec import starting_spec
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import ActionOptions, AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.file import read_result, write_result
from geed_cli.result.schema import Result

__all__ = ["geed"]
SIZE = 16
GREY = InputSettings(SIZE, SIZE, "bilinear", (0.45,), (0.22,))


def one_channel() -> Network:
    torch.manual_seed(0)
    stem, head = nn.Conv2d(1, 6, 3, padding=1), nn.Linear(6, 5)
    module = nn.Sequential()
    for name, part in {
        "stem": stem,
        "relu": nn.ReLU(),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
    }.items():
        module.add_module(name, part)
    module.add_module("fc", head)
    network = network_of(module, features=Site("fc", "input"), layers=("stem",), size=SIZE)
    return replace(network, input=GREY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("grey"), 5, SIZE)


def run(folder: Path, *groups: str, sets: tuple[str, ...] = (), **action: str) -> Result:
    options = AuditOptions(DataOptions(folder), ActionOptions(**action), run=RunOptions("cpu", 8), sets=sets)
    return audit(one_channel(), groups, options)


@pytest.mark.parametrize("mode", ["center", "squash"])
def test_luminance_is_made_before_resizing(mode: CropMode) -> None:
    """Bit for bit a picture opened as Pillow's L, then resized and cropped by torchvision, as timm's grey data are."""
    picture = noise(61, 47)
    settings = InputSettings(20, 24, "bicubic", (0.5,), (0.5,), mode)
    size = [24, 24] if mode == "squash" else 24
    resize = v2.Compose([v2.Resize(size, v2.InterpolationMode.BICUBIC, antialias=True), v2.CenterCrop(20)])
    expected = np.asarray(resize(picture.convert("L")))[None]
    found = to_pixels(Picture(picture), settings)
    assert found.shape == (1, 20, 20)
    assert np.array_equal(found.numpy(), expected)


def test_luminance_of_primaries() -> None:
    """255 times 0.299, 0.587, 0.114, rounded; grey stays itself, white is white."""
    colours = {(255, 0, 0): 76, (0, 255, 0): 150, (0, 0, 255): 29, (91, 91, 91): 91, (255, 255, 255): 255}
    for colour, level in colours.items():
        assert (
            to_pixels(Picture(Image.new("RGB", (8, 8), colour)), replace(GREY, size=8, resize=8)).unique()
            == level
        )


def test_larger_and_padded_crops_have_one_channel() -> None:
    """The centre of the larger crop is the crop; what a border pads is the model's mean grey."""
    picture = Picture(noise(61, 47))
    plain, wide = (to_pixels(picture, GREY, side=side) for side in (None, SIZE + 8))
    assert wide.shape == (1, SIZE + 8, SIZE + 8)
    assert torch.equal(wide[:, 4:-4, 4:-4], plain)
    padded = to_pixels(picture, replace(GREY, crop_mode="border"))
    assert padded[0, 0].unique() == round(255 * 0.45)


@pytest.mark.parametrize("group", ["rgb", "hue6", "invert", "flip*rgb"])
def test_groups_of_colours_are_not_applicable(folder: Path, group: str) -> None:
    """Said in words for every measure and layer; the groups beside them are measured as if alone."""
    alone, both = run(folder, "flip"), run(folder, "flip", group)
    entries = [entry for entry in both.results if entry.group == group]
    assert len(entries) == len(both.results) // 2
    assert {entry.status for entry in entries} == {"not_applicable"}
    assert {entry.notes[0] for entry in entries} == {
        "it changes colours, and the network is shown luminance alone (one channel)"
    }
    assert [entry for entry in both.results if entry.group == "flip"] == list(alone.results)
    assert "the network is shown luminance alone" in " ".join(in_full(both).split())
    only = run(folder, group)
    assert {entry.status for entry in only.results} == {"not_applicable"}


def test_turns_and_their_surroundings(folder: Path) -> None:
    """Resampled rotations with their floors, within the disc and with what lies around the crop."""
    for boundary in ("disc", "context"):
        result = run(folder, "c8", boundary=boundary)
        assert all(entry.value is not None for entry in result.results)


def test_sets(folder: Path) -> None:
    """Blur, brightness and JPEG change luminance; saturation and hue do not, and are not applicable."""
    result = run(folder, sets=("blur:1,2", "jpeg:90,30", "brightness:0.8,1.2", "saturation:0.5,1.5"))
    status = {(entry.group, entry.status) for entry in result.results if entry.metric == "latent.l2"}
    assert {group.partition(":")[0]: one for group, one in status} == {
        "blur": "ok", "jpeg": "ok", "brightness": "ok", "saturation": "not_applicable"}  # fmt: skip


def test_a_hidden_action_and_phases(folder: Path) -> None:
    """Both are found beside a group of colours that nothing is shown of."""
    for controls in (ControlOptions(discover="permutation"), ControlOptions(phase_correct=True)):
        options = AuditOptions(DataOptions(folder), run=RunOptions("cpu", 8), controls=controls)
        result = audit(one_channel(), ["flip", "rgb"], options)
        assert {entry.status for entry in result.results if entry.group == "flip"} >= {"ok"}
        assert {action.group for action in result.hidden_actions} <= {"flip"}


def test_saved_and_compared(folder: Path, tmp_path: Path) -> None:
    """One mean in the file; not comparable with a network of colours on the same pictures, nor audited beside one."""
    grey = run(folder, "flip")
    write_result(grey, tmp_path / "grey.json")
    assert read_result(tmp_path / "grey.json") == grey
    assert grey.model.input.mean == (0.45,)
    assert ":luminance " in grey.signature
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    module.add_module("fc", nn.Linear(6, 5))
    colour = network_of(module, features=Site("fc", "input"), size=SIZE)
    options = AuditOptions(DataOptions(folder), run=RunOptions("cpu", 8))
    other = audit(colour, "flip", options)
    assert any("luminance" in part for part in mismatches(grey, other))
    with pytest.raises(InputError, match="luminance"):
        audit_together([one_channel(), colour], "flip", options)


def test_a_network_of_timm(folder: Path, tmp_path: Path) -> None:
    """in_chans: 1 is found by running; the written spec loads it again, and auto batches and the cache work."""
    spec = tmp_path / "grey.yaml"
    spec.write_text(
        "model: {source: timm, name: test_resnet, arguments: {in_chans: 1}}\nweights: {origin: random}\n"
        "input: {size: 32}\n"
    )
    network = load_model(str(spec))
    assert network.input.channels == 1
    assert any("conv1" in note and "luminance" in note for note in network.weights.notes)
    assert network.input.mean == (0.5,)
    written = tmp_path / "written.yaml"
    written.write_text(starting_spec(network))
    again = load_model(str(written))
    assert again.input == network.input
    assert not any("luminance" in note for note in again.weights.notes)
    options = AuditOptions(
        DataOptions(folder), run=RunOptions("cpu", "auto"), metrics=("latent.*",), cache=tmp_path
    )
    first, second = (audit(again, "flip", options) for _ in range(2))
    assert first.results == second.results
    assert second.timing.cached == 5


def test_mean_and_std_of_three_channels_become_their_luminance() -> None:
    """By hand, with a note; equal ones stay as they are, and one alone serves three channels."""
    module = nn.Conv2d(1, 2, 3)
    found = with_channels(module, InputSettings(SIZE, SIZE, "bilinear", MEAN, STD), None)
    assert found.settings.mean == (round(0.299 * 0.485 + 0.587 * 0.456 + 0.114 * 0.406, 4),) == (0.459,)
    assert found.settings.std == (0.2256,)
    assert "mean 0.459 and std 0.2256 are the luminance of the model's own for RGB" in found.notes[-1]
    assert with_channels(nn.Conv2d(3, 2, 3), GREY, 3).settings.mean == (0.45, 0.45, 0.45)


def test_the_printed_hint_runs_as_printed(geed: Geed, folder: Path, tmp_path: Path) -> None:
    """The message's ``input: {channels: 1}`` in place of the spec's own section is all that is needed."""
    (tmp_path / "greynet.py").write_text(
        "from torch import nn\n"
        "def build():\n"
        "    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))\n"
    )
    text = (
        "model: {source: python, name: 'greynet:build'}\nweights: {origin: pretrained}\n"
        "input: {channels: 3, size: 16, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}\n"
    )
    spec = tmp_path / "s.yaml"
    spec.write_text(text)
    command = ("audit", spec, "--allow-code", "-d", folder, "--no-cache")
    refused = geed(*command)
    assert refused.exit_code == 2
    assert "takes pictures of 1 channel, not of 3 channels" in refused.stderr
    assert "input: {channels: 1} in the spec" in refused.stderr
    spec.write_text(text.replace("channels: 3", "channels: 1"))
    done = geed(*command, "-v")
    assert done.exit_code == 0, done.stderr
    assert "16×16 luminance (ITU-R BT.601) from 16" in " ".join(done.stdout.split())
    (tmp_path / "greynet.py").unlink()
    (tmp_path / "rgbnet.py").write_text(
        "from torch import nn\n"
        "def build():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))\n"
    )
    spec.write_text(text.replace("greynet", "rgbnet").replace("channels: 3", "channels: 1"))
    refused = geed(*command)
    assert refused.exit_code == 2
    assert "input: {channels: 3} in the spec" in refused.stderr
    spec.write_text(text.replace("greynet", "rgbnet"))
    assert geed(*command).exit_code == 0


def test_nothing_is_cut_off_of_pictures_for_code_of_ones_own(tmp_path: Path) -> None:
    """crop_pct is 1 for source: python where the spec does not say; stated, it holds."""
    (tmp_path / "plainnet.py").write_text(
        "from torch import nn\ndef build():\n    return nn.Conv2d(3, 2, 16)\n"
    )
    spec = tmp_path / "p.yaml"
    text = (
        "model: {source: python, name: 'plainnet:build'}\nweights: {origin: pretrained}\n"
        "split: {classifier: null}\ninput: {size: 16, mean: [0, 0, 0], std: [1, 1, 1]}\n"
    )
    spec.write_text(text)
    assert load_model(str(spec), allow_code=True).input.resize == 16
    spec.write_text(text.replace("size: 16", "size: 16, crop_pct: 0.8"))
    assert load_model(str(spec), allow_code=True).input.resize == 20
