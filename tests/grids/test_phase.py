"""Grid phase: flags against measured breakage, real architectures, and sizes where a layer can be equivariant."""

import itertools
from dataclasses import replace

import pytest
import timm
import torch
from support.networks import network_of
from timm.layers import AvgPool2dSame, Conv2dSame
from timm.layers.pool2d_same import MaxPool2dSame
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18, swin_t

from geed_cli.engine.hooks import hooked
from geed_cli.grids.obstacles import clean_sizes, needs_of, trace_alignments
from geed_cli.groups.named import group_named
from geed_cli.models.network import Network, Site

SIZES = range(32, 66)


class Wrapped(nn.Module):
    """One operation between a stem that samples nothing and a pooling."""

    def __init__(self, operation: nn.Module) -> None:
        super().__init__()
        self.layer = operation

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).mean(dim=(2, 3))


def alone(operation: nn.Module, size: int) -> Network:
    return network_of(Wrapped(operation), features=Site("", "output"), layers=("layer",), size=size)


def symmetric(operation: nn.Module) -> nn.Module:
    """The operation, kernels made symmetric under mirrors and, where square, quarter turns; in float64."""
    torch.manual_seed(0)
    for part in operation.modules():
        if isinstance(part, nn.Conv2d):
            weight = torch.randn_like(part.weight)
            weight = weight + weight.flip(-1)
            weight = weight + weight.flip(-2)
            square = part.kernel_size[0] == part.kernel_size[1]
            part.weight = nn.Parameter(weight + weight.mT if square else weight, requires_grad=False)
    return operation.double().eval()


def measured(operation: nn.Module, size: int, group: str) -> bool:
    """Whether f(gx) differs from g·f(x) by more than rounding, for the generator of the group."""
    x = torch.randn(1, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def move(maps: Tensor) -> Tensor:
        return (
            torch.rot90(maps, 1, (-2, -1)) if group == "c4" else maps.flip({"flip": -1, "vflip": -2}[group])
        )

    found, expected = operation(move(x)), move(operation(x))
    if found.shape != expected.shape:
        return True
    # numbers of order 1 to 100 in float64; a broken grid differs by order 1
    return bool((found - expected).abs().max() > 1e-9)


def flagged(operation: nn.Module, size: int, group: str) -> bool:
    return trace_alignments(alone(operation, size), ["layer"])["layer"].breaks(group_named(group))


GEOMETRIES = [
    (kernel, stride, padding)
    for kernel, stride in itertools.product(range(1, 8), (1, 2, 3))
    for padding in range(kernel // 2 + 1)
]


@pytest.mark.parametrize(
    "kind", ["convolution", *(pytest.param(each, marks=pytest.mark.heavy) for each in ("maximum", "average"))]
)
def test_flags_agree_with_measured_breakage(kind: str) -> None:
    """For every kernel 1 to 7, stride 1 to 3, padding 0 to k//2: broken if and only if the flag says so."""
    kinds = {
        "convolution": lambda k, s, p: nn.Conv2d(3, 2, k, s, p, bias=False),
        "maximum": nn.MaxPool2d,
        "average": nn.AvgPool2d,
    }
    outcomes = set()
    for index, geometry in enumerate(GEOMETRIES):
        operation = symmetric(kinds[kind](*geometry))
        # every geometry at six sizes, of each remainder modulo 2 and 3; all sizes occur
        for size in [SIZES[(index + step) % len(SIZES)] for step in range(6)]:
            broken = measured(operation, size, "flip")
            assert flagged(operation, size, "flip") == broken, (geometry, size)
            outcomes.add(broken)
    assert outcomes == {True, False}


@pytest.mark.parametrize("size", [32, 33, 34, 47, 65])
@pytest.mark.parametrize("group", ["flip", "vflip", "c4"])
def test_flags_of_each_axis(size: int, group: str) -> None:
    """Strides, kernels and paddings that differ between the axes; dilation; ceil mode; "same" padding."""
    operations = [
        nn.Conv2d(3, 2, 3, (1, 2), 1, bias=False),
        nn.Conv2d(3, 2, 3, (2, 1), 1, bias=False),
        nn.Conv2d(3, 2, (3, 5), 2, (1, 2), bias=False),
        nn.Conv2d(3, 2, 3, 2, 2, dilation=2, bias=False),
        nn.Conv2d(3, 2, 4, 1, "same", bias=False),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Sequential(nn.ZeroPad2d((0, 1, 1, 0)), nn.Conv2d(3, 2, 2, 1, bias=False)),
        # the padding at the end is used at even sizes alone: at odd ones no window reaches it
        nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 2)),
    ]
    for operation in map(symmetric, operations):
        assert flagged(operation, size, group) == measured(operation, size, group), (operation, size)


@pytest.mark.parametrize("kernel", range(1, 8))
def test_same_padding_is_read_as_it_is_applied(kernel: int) -> None:
    """The padding of timm differs from size to size, and its odd pixel goes to the bottom and right."""
    for stride, size in itertools.product((1, 2, 3), (32, 33, 34, 35)):
        for operation in (
            symmetric(Conv2dSame(3, 2, kernel, stride, bias=False)),
            MaxPool2dSame(kernel, stride),
            AvgPool2dSame(kernel, stride),
        ):
            case = (operation, size)
            assert flagged(operation, size, "flip") == measured(operation, size, "flip"), case


def test_resnet_at_224_and_225() -> None:
    """At 224 conv1 is off by half a pixel and everything after it too; at 225 = 32·7 + 1 nothing is."""
    layers = ["conv1", "maxpool", "layer1", "layer4"]
    even = trace_alignments(network_of(resnet18(), features=Site("", "output"), size=224), layers)
    odd = trace_alignments(network_of(resnet18(), features=Site("", "output"), size=225), layers)
    for group in map(group_named, ("flip", "vflip", "flips", "c2", "c4", "d4", "c8")):
        assert all(even[layer].breaks(group) for layer in layers)
        assert not any(odd[layer].breaks(group) for layer in layers)
    obstacle = even["layer4"].obstacle(group_named("flip"))
    assert obstacle is not None
    assert obstacle.reason.startswith("conv1 (kernel 7, stride 2, padding 3 in front, on 224 pixels)")
    # by hand: −1/2 pixel at each of five halvings, −(1 + 2 + 4 + 8 + 16)/2 picture pixels at 32 a pixel
    assert even["layer4"].known_offset == (-15.5 / 32, -15.5 / 32)
    assert (even["conv1"].known_offset, even["conv1"].jump) == ((-0.25, -0.25), (2, 2))
    assert odd["layer4"].known_offset == (0, 0)


def test_the_next_clean_size() -> None:
    """For ResNet 225; a network of one size, and one whose stride never fits, have none."""
    flip, c4, rgb = group_named("flip"), group_named("c4"), group_named("rgb")
    resnet = network_of(resnet18(), features=Site("", "output"), size=224)
    assert clean_sizes(resnet, ["layer1", "layer4"], [flip, c4, rgb]) == {"flip": 225, "c4": 225, "rgb": 225}
    vit = timm.create_model("vit_tiny_patch16_224", depth=1)
    assert clean_sizes(network_of(vit, features=Site("", "output"), size=224), ["blocks.0"], [flip]) == {
        "flip": None
    }
    never = alone(nn.Conv2d(3, 2, 2, 1, 1, bias=False), 32)
    assert clean_sizes(never, ["layer"], [flip])["flip"] == 33  # an even kernel with even padding is centred
    never = alone(nn.Conv2d(3, 2, 2, 1, "same", bias=False), 32)
    assert clean_sizes(never, ["layer"], [flip], limit=8) == {"flip": None}


def test_efficientnet_lite0_with_same_padding() -> None:
    """Its paddings put the odd pixel last: off by +1/2 at every halving of 224, and centred at 225."""
    lite = timm.create_model("tf_efficientnet_lite0")
    layers = ["conv_stem", "blocks.0", "blocks.6"]
    network = network_of(lite, features=Site("", "output"), size=224)
    phases = trace_alignments(network, layers)
    assert all(phases[layer].breaks(group_named("flip")) for layer in layers)
    assert phases["blocks.6"].known_offset == (15.5 / 32, 15.5 / 32)
    assert clean_sizes(network, layers, [group_named("d4")]) == {"d4": 225}
    assert not lite.conv_stem._forward_hooks


@pytest.mark.parametrize(
    ("name", "sizes", "layers"),
    [
        ("resnet18", (64, 65), ("conv1", "layer1.0", "layer2.0.downsample", "layer3")),
        ("resnet18", (66, 67), ("conv1", "maxpool", "layer2")),  # 67 pixels are 34 after conv1
        pytest.param(
            *("tf_efficientnet_lite0", (64, 65, 67), ("conv_stem", "blocks.1", "blocks.3")),
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            *(
                "densenet121",
                (61, 65),
                ("features.denseblock1", "features.transition1", "features.denseblock2"),
            ),
            marks=pytest.mark.heavy,
        ),
    ],
)
def test_flags_of_whole_networks(name: str, sizes: tuple[int, ...], layers: tuple[str, ...]) -> None:
    """Real architectures with every kernel made symmetric: each layer is broken if and only if flagged."""
    torch.manual_seed(0)
    module = timm.create_model(name).eval().double().requires_grad_(False)
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            part.weight += part.weight.flip(-1)
    network = network_of(module, features=Site("", "output"))
    sites = [Site(layer, "output") for layer in layers]

    def outputs(x: Tensor) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        with hooked(module, sites, lambda site, maps: found.__setitem__(site.module, maps.clone())):
            module(x)
        return found

    for size in sizes:
        x = torch.randn(1, 3, size, size, dtype=torch.float64)
        moved, still = outputs(x.flip(-1)), outputs(x)
        phases = trace_alignments(replace(network, input=replace(network.input, size=size)), layers)
        for layer in layers:
            # float64 through up to thirty layers, against pixels that were never the same
            difference = (moved[layer] - still[layer].flip(-1)).abs().max() / still[layer].abs().max()
            assert phases[layer].breaks(group_named("flip")) == bool(difference > 1e-6), (layer, size)


class Branches(nn.Module):
    """Two branches of one size, one of them off by half a pixel, beside one that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.centred = nn.Conv2d(3, 4, 2, 2)
        self.displaced = nn.Conv2d(3, 4, 3, 2, 1)
        self.joined = nn.Identity()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1), nn.Sigmoid())
        self.gated = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        centred = self.centred(x)
        gated = self.gated(self.gate(centred) * centred)
        return (self.joined(centred + self.displaced(x)) + gated).mean(dim=(2, 3))


def test_branches() -> None:
    """A layer answers for what flows into it: not for the branch beside it, and a gate moves nothing."""
    network = network_of(Branches(), features=Site("", "output"), size=32)
    phases = trace_alignments(network, ["centred", "displaced", "gated", "joined"])
    flip = group_named("flip")
    assert [phase.breaks(flip) for phase in phases.values()] == [False, True, False, True]
    assert phases["gated"].known_offset == (0, 0)
    assert phases["joined"].known_offset is None
    assert (phases["gated"].jump, phases["joined"].jump) == ((2, 2), (2, 2))


@pytest.mark.heavy
def test_tokens_are_followed() -> None:
    """Swin's mergings halve the grid at even sizes; 112 pixels are 28, 14, 7 and then 4 tokens with one in excess."""
    phases = trace_alignments(
        network_of(swin_t(), features=Site("", "output"), size=112),
        ["features.1", "features.5", "features.7"],
    )
    flip = group_named("flip")
    assert [phase.breaks(flip) for phase in phases.values()] == [False, False, True]
    assert [phase.jump for phase in phases.values()] == [(4, 4), (16, 16), (32, 32)]
    small = network_of(
        swin_t(), features=Site("", "output"), size=60
    )  # 15 tokens, of which one has no partner
    assert clean_sizes(small, ["features.1", "features.3"], [flip]) == {"flip": 64}
    levit = timm.create_model("levit_128s")
    found = trace_alignments(
        network_of(levit, features=Site("", "output"), size=224), ["stages.0", "stages.1"]
    )
    # four halvings of even sizes, then every second of 14 tokens: 16 − 1/2 more
    assert found["stages.0"].known_offset == (-7.5 / 16, -7.5 / 16)
    assert found["stages.1"].known_offset == ((-7.5 - 8) / 32, (-7.5 - 8) / 32)
    assert found["stages.1"].jump == (32, 32)


class LooksAtNumbers(Wrapped):
    """A network that the copy without data cannot run."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (2 if float(x.sum()) > 1 else 1)


def test_a_network_that_looks_at_its_numbers() -> None:
    """It is run itself at its own size; other sizes are not tried."""
    network = network_of(
        LooksAtNumbers(nn.Conv2d(3, 2, 3, 2, 1)), features=Site("", "output"), layers=("layer",), size=32
    )
    assert trace_alignments(network, ["layer"])["layer"].breaks(group_named("flip"))


def test_shifts_need_whole_pixels_on_every_grid() -> None:
    """Sevenths of 28 and of 14 pixels are whole, of 7·k ± 1 not; a grid that lost pixels has no cycle."""
    strided = nn.Sequential(nn.Conv2d(3, 2, 3, 2, 1), nn.Conv2d(2, 2, 3, 2, 1))
    shift7, xshift7 = group_named("shift7"), group_named("xshift7")

    def broken(operation: nn.Module, size: int) -> bool:
        phase = trace_alignments(alone(operation, size), ["layer"])["layer"]
        assert phase.breaks(shift7) == phase.breaks(xshift7)  # both axes are alike here
        assert not phase.breaks(group_named("hue3"))
        return phase.breaks(shift7)

    assert [broken(strided, size) for size in (28, 42, 56)] == [False, True, False]
    assert broken(nn.Conv2d(3, 2, 3), 28)  # 26 pixels come out
    x = torch.randn(1, 3, 28, 28)
    circular = nn.Conv2d(3, 2, 3, 2, 1, padding_mode="circular")
    assert not broken(circular, 28)
    torch.testing.assert_close(circular(x.roll(4, -1)), circular(x).roll(2, -1))  # float32 of order 1


def test_what_groups_need() -> None:
    """The left-right mirror the x axis, the up-down mirror the y axis, rotations both, colours nothing."""
    assert needs_of(group_named("flip")).centred == {1}
    assert needs_of(group_named("vflip")).centred == {0}
    for name in ("flips", "c2", "c8", "d1", "d4"):
        assert needs_of(group_named(name)).centred == ({1} if name == "d1" else {0, 1})
    assert [needs_of(group_named(name)).exchanged for name in ("flips", "c2", "c4")] == [False, False, True]
    for name in ("rgb", "hue6", "invert"):
        assert needs_of(group_named(name)) == needs_of(group_named("c1"))
    assert {axis for axis, _ in needs_of(group_named("yshift5")).shifts} == {0}
    assert needs_of(group_named("flip*xshift7")).centred == {1}


def test_functional_padding_and_pooling_are_seen() -> None:
    """What a forward pass does without a module counts as well."""

    class Functional(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return functional.avg_pool2d(functional.pad(x, (1, 0, 0, 0)), 2, 1)

    phase = trace_alignments(alone(Functional(), 32), ["layer"])["layer"]
    assert phase.breaks(group_named("flip"))
    assert phase.known_offset == (0, -0.5)
