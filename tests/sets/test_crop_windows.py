"""Windows of a larger crop: which pixels they show, by slices of arrays, alone and in whole audits."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from support.networks import MEAN, STD, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of

from geed_cli.actions.view import View, views_of
from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import ActionOptions, AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result
from geed_cli.sets.crop_windows import Window
from geed_cli.sets.known_sets import set_named

SIZE, RESIZED = 16, 20


def cropping(resized: int = RESIZED) -> Network:
    return replace(small_conv_net(), input=InputSettings(SIZE, resized, "bilinear", MEAN, STD))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 5, RESIZED)


def audited(network: Network, folder: Path, sets: str, *groups: str, boundary: str = "disc") -> Result:
    options = AuditOptions(
        data=DataOptions(folder),
        action=ActionOptions(boundary=boundary),
        run=RunOptions("cpu", 5, "fp64"),
        sets=(sets,),
        metrics=("latent.l2", "latent.relative", "prediction.consistency"),
    )
    return audit(network, groups, options)


def seen(network: Network, windows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Features and classes of windows (n, 3, S, S), by hand."""
    mean, std = (np.array(each)[:, None, None] for each in (MEAN, STD))
    inputs = torch.from_numpy((np.stack(windows) - mean) / std)
    module = network.module.double()
    features = module.pooled(inputs)
    return features.numpy(), module.fc(features).argmax(dim=1).numpy()


def test_names_and_order() -> None:
    """Row by row; of an even number there is one more above and to the left; e is the middle one."""
    assert set_named("cropshift:2").elements == ("e", "y-1x-1", "y-1x+0", "y+0x-1")
    assert set_named("cropdiagonal:3").elements == ("e", "y-1x-1", "y+1x+1")
    assert set_named("cropshift:3").transforms[1].call == "window(down=-1, right=-1)"


def test_thirty_two_are_the_windows_of_a_crop_of_256() -> None:
    """Offsets 0 to 31 of 256 pixels, each way: 1024 with the middle one, at 16."""
    views = views_of(set_named("cropshift:32"), "disc", "bilinear")
    assert len(views) == 1024
    square = torch.arange(256.0).expand(1, 256, 256)
    offsets = set()
    for view in views:
        across, down = view.show(square, 224), view.show(square.transpose(-1, -2), 224)
        assert across.shape == (1, 224, 224)
        offsets.add((int(down[0, 0, 0]), int(across[0, 0, 0])))
    assert offsets == {(i, j) for i in range(32) for j in range(32)}


@pytest.mark.parametrize(("text", "steps"), [("cropshift:4", range(-2, 2)), ("cropdiagonal:5", range(-2, 3))])
def test_an_audit_sees_the_slices(folder: Path, text: str, steps: range) -> None:
    """Every pair of windows of every picture, and e as without a set."""
    network = cropping()
    places = [(0, 0)]
    every = [(k, k) for k in steps] if "diagonal" in text else [(i, j) for i in steps for j in steps]
    places += [place for place in every if place != (0, 0)]
    relative, consistent = [], []
    for picture in pixels_of(folder):
        windows = [picture[:, 2 + i : 2 + i + SIZE, 2 + j : 2 + j + SIZE] for i, j in places]
        features, classes = seen(network, windows)
        apart = np.linalg.norm(features[1:] - features[0], axis=1) / np.linalg.norm(features[0])
        relative.append(apart.mean())
        consistent.append(np.mean([a == b for a, b in combinations(classes, 2)]))
    result = audited(network, folder, text)
    assert result.groups[0].order == len(places)
    for metric, rows in (("latent.relative", relative), ("prediction.consistency", consistent)):
        entry = entry_of(result, metric, text)
        assert entry.per_image is not None
        assert list(entry.per_image.value) == pytest.approx(rows, rel=1e-9, abs=1e-12)
    assert result.data.made_up == 0


def test_beyond_the_picture_it_is_mirrored(folder: Path) -> None:
    """A network that crops nothing away: the edge pixel is not repeated, and the part is recorded."""
    network = replace(
        small_conv_net(size=RESIZED), input=InputSettings(RESIZED, RESIZED, "bilinear", MEAN, STD)
    )
    rows = []
    for picture in pixels_of(folder):
        wide = np.pad(picture, ((0, 0), (1, 1), (1, 1)), mode="reflect")
        windows = [wide[:, 1 + i : 1 + i + RESIZED, 1 + j : 1 + j + RESIZED] for i, j in [(0, 0), (-1, -1)]]
        features, _ = seen(network, windows)
        rows.append(np.linalg.norm(features[1] - features[0]) / np.linalg.norm(features[0]))
    result = audited(network, folder, "cropdiagonal:2")
    entry = entry_of(result, "latent.relative", "cropdiagonal:2")
    assert entry.per_image is not None
    assert list(entry.per_image.value) == pytest.approx(rows, rel=1e-9)
    assert (result.data.made_up or 0) > 0


def test_other_groups_see_the_same_beside_it(folder: Path) -> None:
    """Rotations that read the surroundings do not read more of them because windows reach further."""
    network = cropping(24)
    together = audited(network, folder, "cropdiagonal:17", "c8", "flip", boundary="context")
    alone = audited(network, folder, "cropdiagonal:2", "c8", "flip", boundary="context")
    for group in ("c8", "flip"):
        one, other = (entry_of(each, "latent.relative", group) for each in (together, alone))
        assert one.per_image is not None
        assert other.per_image is not None
        assert list(one.per_image.value) == pytest.approx(list(other.per_image.value), rel=1e-12)


def test_a_crop_that_does_not_reach_is_no_window() -> None:
    """Of code alone: audits decode what their views read."""
    view = View(Window("y+0x+2", "window", down=0, right=2))
    with pytest.raises(ValueError, match="not the centre"):
        view.show(torch.zeros(1, SIZE, SIZE), SIZE)
    assert view.show(torch.zeros(1, SIZE + 4, SIZE + 4), SIZE).shape == (1, SIZE, SIZE)


@pytest.mark.parametrize(
    "text", ["cropshift:1", "cropshift:33", "cropshift:2,3", "cropshift:a", "cropdiagonal:"]
)
def test_a_number_that_is_none_is_refused(text: str) -> None:
    """With a set that works."""
    with pytest.raises(InputError) as refused:
        set_named(text)
    assert "geed explain" in (refused.value.remedy or "")
