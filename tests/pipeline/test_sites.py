"""Where activations are read: what may be read there, and what becomes of rows without a value."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from reference.action import planar_group
from reference.aggregates import mean_deviation
from reference.audit import audit as slow_audit
from reference.network import hooked_network
from support.networks import MEAN, STD, SmallConvNet, network_of, small_conv_net
from support.pictures import pixels_of
from torch import nn

from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Entry

SIZE = 15
PICTURES = (24, SIZE)


def run(
    network: Network, folder: Path, group: str = "flip", batch: int = 5, **data: object
) -> dict[str, Entry]:
    options = AuditOptions(data=DataOptions(folder, **data), run=RunOptions("cpu", batch, "fp64"))
    found = audit(network, group, options).results
    return {entry.layer or entry.metric: entry for entry in found}


class HiddenFeatures(SmallConvNet):
    """f1 is a linear layer whose output an in-place ReLU overwrites afterwards, as in AlexNet and VGG."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(8, 8)
        self.after = nn.ReLU(inplace=True)
        with torch.no_grad():
            self.hidden.bias -= 0.2  # so that the ReLU has something to overwrite

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.after(self.hidden(self.pooled(x))))


def test_features_before_an_in_place_relu_are_read_before_it(folder: Path) -> None:
    """Against the oracle in float64, where nothing would be copied on the way; 1e-8: both are float64."""
    torch.manual_seed(0)
    network = network_of(HiddenFeatures(), features=Site("hidden", "output"), size=SIZE)
    read = hooked_network(network.module, "hidden", "output")
    expected = slow_audit(read, pixels_of(folder), planar_group("c4"), "disc", MEAN, STD)
    found = run(network, folder, "c4")
    assert found["latent.l2"].raw == pytest.approx(mean_deviation(expected.rows["latent.l2"]), rel=1e-8)
    assert found["latent.cosine"].raw == pytest.approx(
        mean_deviation(expected.rows["latent.cosine"]), rel=1e-8
    )


class Windowed(SmallConvNet):
    """Cuts its maps into windows that join the batch, as windowed attention does."""

    def __init__(self) -> None:
        super().__init__()
        self.window = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.block1(x)
        halves = self.window(torch.cat([maps[..., :7], maps[..., 8:]]))
        self.relu(self.block3(self.block2(halves)))
        return super().forward(x)


@pytest.mark.parametrize("where", ["layers", "features"])
def test_an_axis_that_is_not_the_batch_is_refused(folder: Path, where: str) -> None:
    """Row i would not be image i, and values would depend on the batch size."""
    features = Site("window", "output") if where == "features" else Site("fc", "input")
    network = network_of(Windowed(), features=features, layers=("window",) * (where == "layers"), size=SIZE)
    says = "has the shape 4×6×15×7 for 2 images"
    if where == "features":
        with pytest.raises(InputError, match=says):
            run(network, folder)
    else:
        entry = run(network, folder)["window"]
        assert (entry.status, entry.value, says in entry.notes[0]) == ("not_applicable", None, True)


@pytest.mark.parametrize(("site", "times"), [("unused", 0), ("relu", 2)])
def test_features_must_be_read_exactly_once(folder: Path, site: str, times: int) -> None:
    """A module that does not run, or runs twice, has no one activation; found out before the images."""

    class Odd(SmallConvNet):
        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.relu(self.pooled(x)))

    network = network_of(Odd(), features=Site(site, "output"), size=SIZE)
    with pytest.raises(InputError, match=f"module '{site}' runs {times} times"):
        run(network, folder)


class HalfDead(nn.Module):
    """A layer that is zero unless the right half is the brighter one: dead for x or for its mirror image."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Identity()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[-1] // 2
        brighter = x[..., -half:].mean(dim=(1, 2, 3)) > x[..., :half].mean(dim=(1, 2, 3))
        maps = self.gate(x * brighter[:, None, None, None])
        return self.fc(maps.mean(dim=(2, 3)))


def test_the_least_equivariant_images_are_not_dropped(folder: Path) -> None:
    """f(x) = 0 and f(mx) ≠ 0: e has no value there and m has 0; f(x) ≠ 0 and f(mx) = 0: e has −1, m 0."""
    network = network_of(HalfDead(), features=Site("fc", "input"), layers=("gate",), size=SIZE)
    entry = run(network, folder)["gate"]
    assert entry.per_image is not None
    assert {round(value, 12) for value in entry.per_image.value} == {0.0, -0.5}
    assert entry.raw == pytest.approx(entry.value)
    assert entry.per_element["m"] == 0


def test_maps_without_a_pixel_in_the_disc_are_not_applicable(folder: Path) -> None:
    """2×2 maps under a resampled group: nothing is compared, and no channel is called dead for it."""

    class Small(SmallConvNet):
        def __init__(self) -> None:
            super().__init__()
            self.four = nn.AdaptiveAvgPool2d(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.four(x)
            return super().forward(x)

    network = network_of(Small(), features=Site("fc", "input"), layers=("four",), size=SIZE)
    entry = run(network, folder, "c8")["four"]
    assert entry.status == "not_applicable"
    assert entry.notes == ("its 2×2 maps have no pixel inside the disc",)
    assert run(network, folder, "c4")["four"].status == "ok"


def test_a_network_without_stages_says_that_nothing_was_measured(folder: Path) -> None:
    """Channelwise was asked for; it must not vanish from the result."""
    network = replace(small_conv_net(size=SIZE), layers=())
    entry = run(network, folder)["channelwise.cosine"]
    assert entry.status == "not_applicable"
    assert "--layer" in entry.notes[0]


def test_a_normaliser_of_its_own_is_never_replaced_by_the_audited_images(
    folder: Path, tmp_path: Path
) -> None:
    """Every normaliser image is unreadable and skipped: exit 2, not M over the audited ones."""
    copy = tmp_path / "d"
    copy.mkdir()
    sound = audit(
        small_conv_net(size=SIZE),
        "flip",
        AuditOptions(data=DataOptions(folder, samples=20, norm_samples=4), run=RunOptions("cpu", 5, "fp64")),
    )
    spoilt = {image.path for image in sound.data.normaliser_images}
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.name.encode() if path.name in spoilt else path.read_bytes())
    with pytest.raises(InputError, match="0 of the normaliser's images"):
        run(small_conv_net(size=SIZE), copy, samples=20, norm_samples=4, on_bad_image="skip")


def test_one_image_has_no_normaliser(folder: Path) -> None:
    """No pair, no M: null, not 0, which would read as a constant network."""
    entry = run(small_conv_net(size=SIZE), folder, samples=1)["latent.l2"]
    assert entry.status == "undefined"
    assert entry.normaliser is None
    assert entry.per_image is not None
    assert entry.per_image.normaliser is None


@pytest.mark.parametrize("scale", [1e-22, 1e20])
def test_tiny_and_huge_maps_have_the_same_cosine(scale: float) -> None:
    """Squares of float32 values beyond 1e±19 vanish or overflow; the cosine does not depend on the scale."""
    from geed_cli.measures.maps.compared import channelwise_deviation

    generator = torch.Generator().manual_seed(0)
    one, other = (torch.rand(2, 4, 5, 5, generator=generator) for _ in range(2))
    plain, scaled = channelwise_deviation(one, other), channelwise_deviation(one * scale, other * scale)
    assert scaled.value.tolist() == pytest.approx(plain.value.tolist(), abs=1e-6)
    assert scaled.finite.all()
    assert scaled.dead.sum() == 0
