"""Networks whose answers are known by theorem, audited end to end."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.networks import SmallConvNet, network_of, small_conv_net
from support.pictures import smooth_pictures
from support.results import measured
from torch import nn

from geed_cli.choices import IntervalOptions
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Entry
from geed_cli.verdict.audit import say, unseen

CPU64 = RunOptions("cpu", 8, "fp64")
PICTURES = (24, 15)


def run(network: Network, group: str, folder: Path) -> dict[tuple[str, str | None], Entry]:
    result = audit(network, [group], AuditOptions(data=DataOptions(folder), run=CPU64))
    return {(entry.metric, entry.layer): entry for entry in result.results}


class GroupAveraged(nn.Module):
    """The mean of a network over the quarter turns and mirrors of its input: D4-invariant by construction."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = SmallConvNet()
        self.out = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        turned = [torch.rot90(y, k, (2, 3)) for y in (x, x.flip(3)) for k in range(4)]
        return self.out(torch.stack([self.inner(y) for y in turned]).mean(dim=0))


@pytest.mark.parametrize("group", ["flip", "vflip", "flips", "c4", "d4"])
def test_a_group_averaged_network_has_no_deviation(folder: Path, group: str) -> None:
    """latent.l2, softmax.kl and flips are 0 for every subgroup; 1e-9: the mean is summed in another order."""
    torch.manual_seed(0)
    found = run(network_of(GroupAveraged(), features=Site("out", "output"), size=15), group, folder)
    assert found["latent.l2", None].value == pytest.approx(0, abs=1e-9)
    assert found["latent.cosine", None].raw == pytest.approx(-1, abs=1e-9)
    assert found["softmax.kl", None].value == pytest.approx(0, abs=1e-9)
    assert found["prediction.flip_rate", None].value == 0


class Constant(nn.Module):
    """Ignores its input."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.ones(len(x), 4, dtype=x.dtype))


def test_a_constant_network_is_undefined_in_the_latent_space(folder: Path) -> None:
    """M = 0: the latent value is undefined, never 0; softmax.kl is 0 and so is its sensitivity."""
    found = run(network_of(Constant(), features=Site("fc", "input"), size=15), "c4", folder)
    assert found["latent.l2", None].status == "undefined"
    assert found["latent.l2", None].value is None
    assert found["latent.l2", None].normaliser == 0
    assert found["latent.l2", None].notes
    assert found["softmax.kl", None].value == 0
    # the mean of equal probabilities rounds
    assert found["softmax.kl", None].controls["sensitivity"] == pytest.approx(0, abs=1e-15)


def test_the_trivial_group(folder: Path) -> None:
    """G = {e}: 0, −1 raw, 0, and −1 at every layer; a flip rate over no element is not applicable."""
    found = run(small_conv_net(size=15), "c1", folder)
    assert found["latent.l2", None].value == 0
    assert found["latent.cosine", None].raw == pytest.approx(-1, abs=1e-12)
    assert found["softmax.kl", None].value == 0
    assert found["channelwise.cosine", "block1"].value == pytest.approx(-1, abs=1e-12)
    assert found["prediction.flip_rate", None].status == "not_applicable"


class PointwiseNet(nn.Module):
    """1×1 convolutions and ReLUs: exactly equivariant to everything that moves pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 7, 1)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(7, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.pool(self.relu(self.mix(x))).flatten(1))


@pytest.mark.parametrize("precision", ["fp64", "fp32"])
def test_what_is_exact_is_said_of_features_and_layers(folder: Path, precision: str) -> None:
    """No image moves, so that there is no interval, but a verdict there is, with what the sample may not have."""
    network = network_of(PointwiseNet(), features=Site("fc", "input"), layers=("mix", "relu"), size=15)
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8, precision))
    result = audit(network, ["flip"], options)
    said = say(result, "flip")
    # of fp64 no rounding is measured, so that what it leaves is near to nothing and not known to be rounding
    assert said.word in ("exactly invariant", "invariant up to rounding", "nearly invariant")
    assert "No layer is 1% of the way to another image's maps." in said.reasons
    assert "may be missing altogether" in unseen(result)


@pytest.mark.parametrize("group", ["flip", "c4", "d4"])
def test_pointwise_layers_are_equivariant_and_their_pool_invariant(folder: Path, group: str) -> None:
    """−1 before and after the in-place ReLU, −1 at the 1×1 pool (f̂ = f there), 0 in the latent space."""
    layers = ("mix", "relu", "pool")
    network = network_of(PointwiseNet(), features=Site("fc", "input"), layers=layers, size=15)
    found = run(network, group, folder)
    for layer in layers:
        assert found["channelwise.cosine", layer].value == pytest.approx(-1, abs=1e-9)
    assert found["latent.l2", None].value == pytest.approx(0, abs=1e-9)


class C4Lifting(nn.Module):
    """One filter in four orientations, then ReLU: equivariant to C4 when the channels are rolled as well."""

    def __init__(self) -> None:
        super().__init__()
        weight = torch.randn(1, 3, 3, 3)
        self.register_buffer("weight", torch.cat([torch.rot90(weight, k, (2, 3)) for k in range(4)]))
        self.relu = nn.ReLU()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.relu(torch.nn.functional.conv2d(x, self.weight, padding=1))
        return self.fc(maps.mean(dim=(2, 3)))


def test_a_c4_lifting_convolution_is_not_channelwise_equivariant_without_its_channel_roll(
    folder: Path,
) -> None:
    """Each channel turns into the next one, so channel by channel it is clearly above −1."""
    torch.manual_seed(5)
    network = network_of(C4Lifting(), features=Site("fc", "input"), layers=("relu",), size=15)
    assert run(network, "c4", folder)["channelwise.cosine", "relu"].value > -0.9


@pytest.mark.parametrize(("size", "exact"), [(15, True), (16, False)])
def test_a_symmetric_stride_2_convolution_is_mirror_equivariant_at_odd_sizes_only(
    tmp_path: Path, size: int, exact: bool
) -> None:
    """k3/s2/p1 maps the centre of the grid onto itself at odd sizes; at even ones it is half a pixel off."""

    class Strided(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
            self.fc = nn.Linear(4, 2)
            with torch.no_grad():
                self.conv.weight += self.conv.weight.flip(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.conv(x).mean(dim=(2, 3)))

    torch.manual_seed(1)
    network = network_of(Strided(), features=Site("fc", "input"), layers=("conv",), size=size)
    pictures = smooth_pictures(tmp_path / "p", 3, size)
    value = run(network, "flip", pictures)["channelwise.cosine", "conv"].value
    assert (value == pytest.approx(-1, abs=1e-9)) is exact


class Dead(PointwiseNet):
    """A layer that is zero for dark pictures and one that is always zero."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.pool(self.relu(self.mix(x) * 0)).flatten(1))


def test_a_dead_layer_is_undefined_not_equivariant(folder: Path) -> None:
    """All channels zero in every image: nothing was compared."""
    network = network_of(Dead(), features=Site("fc", "input"), layers=("relu",), size=15)
    entry = run(network, "flip", folder)["channelwise.cosine", "relu"]
    assert entry.status == "undefined"
    assert entry.controls["dead_fraction"] == 1
    assert entry.per_image is not None
    assert set(entry.per_image.value) == {None}


class Overflowing(PointwiseNet):
    """Puts out infinities."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) / 0


def test_a_network_that_puts_out_infinities_ends_the_run(folder: Path) -> None:
    """Exit 3, naming image and place; never a number made of NaN."""
    with pytest.raises(InputError, match=r"output of Overflowing at its end is not finite for 0000\.png"):
        run(network_of(Overflowing(), features=Site("fc", "input"), size=15), "flip", folder)


def test_the_flip_rate_leaves_out_the_identity(folder: Path) -> None:
    """It is the mean of the elements' own rates, e not among them, and this network does flip."""
    entry = run(small_conv_net(size=15), "c4", folder)["prediction.flip_rate", None]
    assert list(entry.per_element) == ["r90", "r180", "r270"]
    assert entry.value == pytest.approx(sum(entry.per_element.values()) / 3)
    assert entry.value > 0


def test_the_normaliser_may_come_from_other_images(folder: Path) -> None:
    """--norm-samples: none of its images is audited, M is theirs, and all are counted."""
    options = AuditOptions(data=DataOptions(folder, samples=14, norm_samples=10), run=CPU64)
    result = audit(small_conv_net(size=15), ["flip"], options)
    audited = {image.path for image in result.data.images}
    others = {image.path for image in result.data.normaliser_images}
    assert len(audited) == 14
    assert len(others) == 10
    assert not audited & others
    assert result.data.found == 24
    assert result.data.not_drawn == 0
    swapped = AuditOptions(data=DataOptions(folder), run=CPU64)
    together = audit(small_conv_net(size=15), ["flip"], swapped)
    separate = next(e for e in result.results if e.metric == "latent.l2")
    joint = next(e for e in together.results if e.metric == "latent.l2")
    assert separate.per_image is not None
    assert len(separate.per_image.normaliser) == 10
    assert separate.normaliser != joint.normaliser


def test_too_few_images_for_a_separate_normaliser(folder: Path) -> None:
    """24 images cannot be 20 audited ones and 10 others."""
    options = AuditOptions(data=DataOptions(folder, samples=20, norm_samples=10), run=CPU64)
    with pytest.raises(InputError, match="holds 24 images"):
        audit(small_conv_net(size=15), ["flip"], options)


def test_few_images_withhold_the_interval(tmp_path: Path) -> None:
    """N < 20: the value stands, the interval does not, and the note says why."""
    pictures = smooth_pictures(tmp_path / "p", 12, 15)
    entry = run(small_conv_net(size=15), "flip", pictures)["latent.l2", None]
    assert entry.value is not None
    assert entry.ci is None
    assert any("20" in note for note in entry.notes)


@pytest.mark.parametrize(
    "method",
    [
        "bca",
        "cautious-t",
        *(pytest.param(each, marks=pytest.mark.heavy) for each in ("percentile", "studentized")),
    ],
)
def test_intervals_hold_their_values_and_are_reproducible(folder: Path, method: str) -> None:
    """Lo ≤ value ≤ hi, inside the range, and the same twice."""
    options = AuditOptions(data=DataOptions(folder), run=CPU64, interval=IntervalOptions(method=method))
    network = replace(small_conv_net(size=15), layers=("block2",))
    first, second = (audit(network, ["d4"], options) for _ in range(2))
    for entry in measured(first):
        assert entry.ci is not None
        assert entry.ci[0] <= entry.value <= entry.ci[1]
        if entry.metric == "softmax.kl":
            assert entry.ci[0] >= 0
            assert entry.ci[1] <= math.log(8)
    assert [e.ci for e in first.results] == [e.ci for e in second.results]


def test_hooks_are_removed_and_the_network_is_not_changed(folder: Path) -> None:
    """An audit leaves nothing behind on a network that its caller goes on using."""
    network = small_conv_net(size=15)
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    run(network, "flip", folder)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in network.module.modules())
    assert all(
        torch.equal(value.double(), network.module.state_dict()[name]) for name, value in before.items()
    )


class ChannelsLast(nn.Module):
    """Works on B×H×W×C, as Swin does: a pointwise map there is equivariant."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3, 6)
        self.conv = nn.Conv2d(6, 6, 1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.conv(self.mix(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
        return self.fc(maps.mean(dim=(2, 3)))


def test_layers_with_channels_last_are_read_as_maps(folder: Path) -> None:
    """Read as channels first the 15×15×6 output would be mirrored along the wrong axis."""
    network = network_of(ChannelsLast(), features=Site("fc", "input"), layers=("mix", "conv"), size=15)
    found = run(replace(network, channels_last=True), "d4", folder)
    for layer in ("mix", "conv"):
        assert found["channelwise.cosine", layer].value == pytest.approx(-1, abs=1e-9)


def test_tokens_are_not_taken_for_maps(folder: Path) -> None:
    """A B×N×C output has no axes to mirror yet: not applicable, with its shape."""

    class Tokens(PointwiseNet):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Flatten(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.tokens(x)
            return super().forward(x)

    network = network_of(Tokens(), features=Site("fc", "input"), layers=("tokens",), size=15)
    entry = run(network, "flip", folder)["channelwise.cosine", "tokens"]
    assert entry.status == "not_applicable"
    assert "3×225" in entry.notes[0]


def test_a_group_itself_is_audited_as_its_name_is(tmp_path: Path) -> None:
    pictures = smooth_pictures(tmp_path, 3, 16)
    options = AuditOptions(data=DataOptions(pictures), run=CPU64)
    renamed = FiniteGroup("mine", group_named("c4").transforms)
    named, itself = (
        audit(small_conv_net(), group, options) for group in ("c4", [FiniteGroup("c4", renamed.transforms)])
    )
    assert itself.results == named.results
    assert audit(small_conv_net(), renamed, options).groups[0].name == "mine"
