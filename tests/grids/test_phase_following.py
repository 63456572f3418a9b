"""Which operations grids are followed through, against receptive fields; behind others nothing is said."""

from fractions import Fraction

import pytest
import timm
import torch
from support.networks import network_of
from torch import Tensor, nn
from torch.nn import functional

from geed_cli.grids.obstacles import clean_sizes, trace_alignments
from geed_cli.groups.named import group_named
from geed_cli.models.network import Network, Site


class Cut(nn.Module):
    """Every second row and column from a start on."""

    def __init__(self, down: int = 0, right: int = 0) -> None:
        super().__init__()
        self.down, self.right = down, right

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, self.down :: 2, self.right :: 2]


class SpaceToDepth(nn.Module):
    """Four slices side by side, as in Focus stems."""

    def forward(self, x: Tensor) -> Tensor:
        corners = ((0, 0), (1, 0), (0, 1), (1, 1))
        return torch.cat([x[..., down::2, right::2] for down, right in corners], dim=1)


class Interpolated(nn.Module):
    """To a given size."""

    def __init__(self, size: int, mode: str, aligned: bool | None = None) -> None:
        super().__init__()
        self.size, self.mode, self.aligned = size, mode, aligned

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, self.size, mode=self.mode, align_corners=self.aligned)


def conv(stride: int = 1, taken: int = 3, kernel: int = 3, padding: int = 1) -> nn.Conv2d:
    return nn.Conv2d(taken, 3, kernel, stride, padding)


def chain(*parts: nn.Module, size: int = 64) -> Network:
    """The parts one after the other, as layers 0, 1, ..."""
    names = tuple(str(number) for number in range(len(parts)))
    return network_of(nn.Sequential(*parts), features=Site("", "output"), layers=names, size=size)


def measured(network: Network, upto: int) -> float:
    """The offset of a layer in its own pixels, from the centroids of two inner pixels' receptive fields."""
    parts = nn.Sequential(*list(network.module)[: upto + 1]).double()
    for part in parts.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.ones_(part.weight)
    size = network.input.size
    x = torch.ones(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    y = parts(x)[0, 0]
    n = len(y)
    first, last = n // 2 - 1, n // 2 + 1
    places = []
    for pixel in (first, last):
        (gradient,) = torch.autograd.grad(y[n // 2, pixel], x, retain_graph=True)
        columns = gradient.sum(dim=(0, 1, 2))
        places.append(float((columns * torch.arange(size)).sum() / columns.sum()))
    jump = (places[1] - places[0]) / (last - first)
    middle = places[0] + ((n - 1) / 2 - first) * jump
    return (middle - (size - 1) / 2) / jump


FOLLOWED = {
    "upsampled": (conv(2), nn.Upsample(scale_factor=2, mode="bilinear"), conv(), conv(2)),
    "upsampled to a size": (conv(2), conv(2), Interpolated(64, "bilinear", aligned=False), conv(2)),
    "cut": (conv(), Cut(), conv()),
    "cut elsewhere": (conv(2), Cut(1, 1), conv(2)),
    "cut after padding": (conv(), nn.ZeroPad2d((1, 0, 1, 0)), Cut(1, 1), conv()),
    "pooled to a divisor": (conv(2), nn.AdaptiveAvgPool2d(8), conv(2)),
    "pooled to itself": (conv(2), nn.AdaptiveAvgPool2d(32), conv(2)),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_offsets_are_those_of_the_receptive_fields(name: str) -> None:
    """Σ δ·jump is where the pixels' receptive fields lie, in every layer of the chain."""
    network = chain(*FOLLOWED[name])
    phases = trace_alignments(network, network.layers)
    assert tuple(phases) == network.layers
    for number, phase in enumerate(phases.values()):
        # float64 centroids of at most 64 columns
        expected = pytest.approx(measured(network, number), abs=1e-9)
        assert phase.known_offset is not None
        assert phase.known_offset[1] == expected, number


def test_an_upsampling_halves_the_jump() -> None:
    """By hand: −1/2 pixel of the picture at each of two halvings, at two pixels of the picture a pixel: −1/2."""
    network = chain(conv(2), nn.Upsample(scale_factor=2), conv(), conv(2))
    phases = trace_alignments(network, network.layers)
    assert [phase.jump for phase in phases.values()] == [(2, 2), (1, 1), (1, 1), (2, 2)]
    assert [phase.offset[1] for phase in phases.values()] == [Fraction(-n, 4) for n in (1, 2, 2, 2)]


LOST = {
    "transposed": (nn.ConvTranspose2d(3, 3, 3, 2, 1),),
    "transposed to one size": (nn.ConvTranspose2d(3, 3, 3, 1, 1),),
    "shuffled": (conv(2), nn.Conv2d(3, 12, 1), nn.PixelShuffle(2)),
    "unshuffled": (nn.PixelUnshuffle(2),),
    "space to depth": (SpaceToDepth(),),
    "aligned corners": (conv(2), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)),
    "upsampled by 3/2": (conv(2), Interpolated(48, "nearest")),
    "finer than the picture": (nn.Upsample(scale_factor=2),),
    "shrunk": (Interpolated(32, "bilinear", aligned=False),),
    "pooled to no divisor": (nn.AdaptiveAvgPool2d(7),),
    "pooled to no divisor by maxima": (nn.AdaptiveMaxPool2d(7),),
    "unfolded": (nn.Unfold(2, stride=2),),
    "patches by moving memory": (nn.Unflatten(2, (32, 2)), nn.Flatten(3, 4)),
}


@pytest.mark.parametrize("name", LOST)
def test_behind_what_is_not_understood_nothing_is_said(name: str) -> None:
    """The layer itself and a convolution behind it are left out; the one before is not."""
    parts = (conv(), *LOST[name], nn.Identity())
    network = chain(*parts)
    phases = trace_alignments(network, network.layers)
    lost = {str(len(parts) - 2), str(len(parts) - 1)}
    assert "0" in phases
    assert not lost & set(phases)
    assert clean_sizes(network, network.layers, [group_named("flip")], limit=4) == {"flip": None}


def test_what_is_left_out_stays_so_behind_convolutions() -> None:
    """Sizes that happen to be right again do not bring the pixels back."""
    network = chain(
        conv(),
        nn.AdaptiveAvgPool2d(7),
        conv(),
        nn.Upsample(size=64),
        conv(),
        nn.ConvTranspose2d(3, 3, 3, 1, 1),
        conv(),
    )
    assert tuple(trace_alignments(network, network.layers)) == ("0",)


def test_slices_are_one_step_for_both_axes() -> None:
    """At 65 pixels every second one from the first on is centred, and rows are treated as columns are: c4 is whole."""
    network = chain(conv(), Cut(), conv(), size=65)
    assert not any(
        phase.breaks(group_named("c4")) for phase in trace_alignments(network, network.layers).values()
    )
    even = trace_alignments(chain(conv(), Cut(), conv()), network.layers)
    obstacle = even["2"].obstacle(group_named("flip"))
    assert obstacle is not None
    assert obstacle.reason.startswith("1 (kernel 1, stride 2, padding 0 in front, on 64 pixels) samples 0.5")
    assert clean_sizes(chain(conv(), Cut(), conv()), network.layers, [group_named("c4")]) == {"c4": 65}


@pytest.mark.parametrize(
    ("name", "layers", "jumps"),
    [
        ("tiny_vit_5m_224", ("stages.0", "stages.1", "stages.2", "stages.3"), (4, 8, 16, 32)),
        ("efficientvit_m0", ("stages.0", "stages.1", "stages.2"), (16, 32, 64)),
    ],
)
def test_mergings_by_convolutions_are_convolutions(
    name: str, layers: tuple[str, ...], jumps: tuple[int, ...]
) -> None:
    """By hand: windows of 3, stride 2 and padding 1 only, on even sizes but for the last of the second, on 7 pixels."""
    network = network_of(timm.create_model(name), features=Site("", "output"), size=224)
    phases = trace_alignments(network, layers)
    assert [phase.jump[1] for phase in phases.values()] == list(jumps)
    # (1 + 2 + … + jump/2)/2 = (jump − 1)/2 pixels of the picture; 7 → 4 adds none
    halved = [min(jump, 32) for jump in jumps]
    expected = [-Fraction(most - 1, 2) / jump for most, jump in zip(halved, jumps, strict=True)]
    assert [phase.offset[1] for phase in phases.values()] == expected


class PatchMerging(nn.Module):
    """That of the first Swin, on B×L×C of a square of tokens."""

    def __init__(self, side: int, channels: int) -> None:
        super().__init__()
        self.side, self.reduction = side, nn.Linear(4 * channels, 2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        maps = x.unflatten(1, (self.side, self.side))
        corners = ((0, 0), (1, 0), (0, 1), (1, 1))
        joined = torch.cat([maps[:, down::2, right::2] for down, right in corners], dim=-1)
        return self.reduction(joined.flatten(1, 2))


class Tokens(nn.Module):
    """Patches, merged once; the merging is called by place or by name."""

    def __init__(self, named: bool) -> None:
        super().__init__()
        self.named, self.patches, self.merge = named, nn.Conv2d(3, 8, 4, 4), PatchMerging(16, 8)
        self.block = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).mT
        return self.block(self.merge(x=tokens) if self.named else self.merge(tokens)).mean(dim=1)


@pytest.mark.parametrize("named", [False, True])
def test_mergings_of_rows_of_tokens_are_not_followed(named: bool) -> None:
    """No verdict, right or wrong, and no error."""
    network = network_of(Tokens(named), features=Site("", "output"), size=64)
    assert set(trace_alignments(network, ["patches", "merge", "block"])) == {"patches"}


class Refuses(nn.Module):
    """A network that takes no batch of one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv()

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == 1:
            raise ValueError("a batch of one")
        return self.conv(x).mean(dim=(2, 3))


def test_a_network_that_cannot_be_traced_has_no_verdict() -> None:
    """A control does not end the audit."""
    assert trace_alignments(network_of(Refuses(), features=Site("", "output"), size=32), ["conv"]) == {}


def test_obstacles_say_what_the_group_lacks() -> None:
    """A displaced grid for mirrors, no whole pixels for shifts, axes that differ for quarter turns."""

    def kind(part: nn.Module, group: str, size: int) -> str | None:
        network = chain(part, size=size)
        obstacle = trace_alignments(network, ["0"])["0"].obstacle(group_named(group))
        return None if obstacle is None else obstacle.kind

    assert kind(conv(2), "flip", 64) == "off centre"
    assert kind(conv(2), "shift7", 64) == "shift"
    assert kind(nn.Conv2d(3, 3, (1, 3), padding=(0, 1)), "c4", 64) == "axes"
    assert kind(nn.Conv2d(3, 3, (1, 3), padding=(0, 1)), "flips", 64) is None
