"""The relative error of whole maps: against a loop, closed forms, and differences that inner products would lose."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.action import act, compose, is_exact, mask, planar_group, rotate_and_mirror
from reference.network import hooked_network, observe
from support.command import in_full, printed
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import entry_of
from torch import Tensor, nn

import geed_cli as geed
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result
from geed_cli.verdict.way import floor_on_scale

PICTURES = (4, 16)
GROUPS = ("flip", "c8")
CLOSE = {"rel": 1e-8, "abs": 1e-10}
"""Both run in float64."""


def audited(
    folder: Path, network: Network, *, batch: int = 5, precision: str = "fp64", **controls: object
) -> Result:
    return audit(
        network,
        GROUPS,
        AuditOptions(
            data=DataOptions(folder),
            run=RunOptions("cpu", batch, precision),
            metrics=("layer.relative",),
            controls=ControlOptions(4, **controls),
        ),
    )


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return audited(folder, small_conv_net())


def norm(maps: np.ndarray) -> float:
    return math.sqrt(sum(float(v) ** 2 for v in maps.ravel()))


def seen_of(network: Network, pictures: list[np.ndarray]) -> list[dict[str, np.ndarray]]:
    read = hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )
    return [observe(read, picture, MEAN, STD)["layers"] for picture in pictures]


@pytest.mark.parametrize("group", GROUPS)
def test_values_and_null_are_the_loops(folder: Path, result: Result, group: str) -> None:
    """‖f_l(gx) − g·f_l(x)‖ / ‖f_l(x)‖ inside the disc; a layer of one pixel is held against f_l(x), not the mean."""
    network, elements = small_conv_net(), planar_group(group)
    pictures = pixels_of(folder)
    orbits = [seen_of(network, [act(g, x, elements, "disc") for g in elements]) for x in pictures]

    def masked(maps: np.ndarray) -> np.ndarray:
        return mask(maps, elements, "disc")

    for layer in network.layers:

        def row(orbit: list[dict[str, np.ndarray]], plain: np.ndarray, layer: str = layer) -> float:
            apart = [
                norm(masked(seen[layer]) - act(g, plain, elements, "disc"))
                for g, seen in list(zip(elements, orbit, strict=True))[1:]
            ]
            return float(np.mean(apart)) / norm(masked(plain))

        rows = [row(orbit, orbit[0][layer]) for orbit in orbits]
        null = [row(now, before[0][layer]) for before, now in pairwise(orbits)]
        entry = entry_of(result, "layer.relative", group, layer)
        assert entry.per_image is not None
        assert list(entry.per_image.value) == pytest.approx(rows, **CLOSE)
        assert entry.value == pytest.approx(np.mean(rows), **CLOSE)
        assert entry.controls["null"] == pytest.approx(np.mean(null), **CLOSE)
        assert "dead_fraction" not in entry.controls
        assert "e" not in entry.per_element
        if layer == "pool":
            assert entry.to_another is None
        else:
            assert entry.to_another is not None
            assert entry.to_another.value == pytest.approx(np.mean(rows) / np.mean(null), **CLOSE)


def test_the_floor_is_the_loops(folder: Path, result: Result) -> None:
    """f_l(g⁻¹·(g·x)) against f_l(x), over its length; quarter turns come back. On the scale e is not in it twice."""
    network, elements = small_conv_net(), planar_group("c8")
    rows = []
    for picture in pixels_of(folder):
        start = act(elements[0], picture, elements, "disc")
        trips = [
            act(
                next(h for h in elements if compose(h, g) == elements[0]),
                rotate_and_mirror(picture, g, "disc"),
                elements,
                "disc",
            )
            for g in elements
            if not is_exact(g)
        ]
        plain, *back = (mask(seen["block2"], elements, "disc") for seen in seen_of(network, [start, *trips]))
        rows.append(sum(norm(each - plain) for each in back) / norm(plain) / 7)
    entry = entry_of(result, "layer.relative", "c8", "block2")
    assert len(back) == 4
    assert entry.controls["floor"] == pytest.approx(np.mean(rows), **CLOSE)
    assert entry.to_another is not None
    null = np.mean([distance for _, _, distance in entry.to_another.null])
    assert floor_on_scale(entry, 8) == pytest.approx(np.mean(rows) / null, **CLOSE)


@pytest.mark.heavy
def test_other_batches_give_the_same(folder: Path, result: Result) -> None:
    """Orbits cut anywhere, and beside measures by channel."""
    for batch in (1, 64):
        again = audited(folder, small_conv_net(), batch=batch)
        for one, other in zip(result.results, again.results, strict=True):
            assert other.per_image is not None
            assert one.per_image is not None
            assert list(other.per_image.value) == pytest.approx(list(one.per_image.value), rel=1e-12)
            assert other.controls == pytest.approx(one.controls, rel=1e-9)


class Odd(nn.Module):
    """Maps times weights that change their sign under a mirror, and maps that are 0."""

    def __init__(self) -> None:
        super().__init__()
        self.odd, self.zero = nn.Identity(), nn.Identity()
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        across = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)
        y = self.odd(x * across)
        return self.pool(y + self.zero(0 * x)).flatten(1)


def test_maps_that_change_their_sign_are_two_lengths_apart(folder: Path) -> None:
    """f_l(mx) = −m·f_l(x): ‖−2 m·f_l(x)‖ / ‖f_l(x)‖ = 2. Maps that are 0 have no length, and no value."""
    network = network_of(Odd(), features=Site("pool", "output"), layers=("odd", "zero"), logits=False)
    result = audited(folder, network)
    odd, zero = (entry_of(result, "layer.relative", "flip", layer) for layer in ("odd", "zero"))
    assert odd.per_image is not None
    assert list(odd.per_image.value) == pytest.approx([2.0] * 4, rel=1e-12)
    assert zero.status == "undefined"
    assert zero.value is None


def test_a_small_difference_keeps_its_digits() -> None:
    """1 + 10⁻⁴ of one part of it, in float32: ‖a − b‖²/‖a‖² = 10⁻⁸ is below the rounding of inner products."""
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(1, 3, 8, 8, generator=generator) + 100
    moved = plain.flip(-1) * (1 + 1e-4)
    orbit = torch.stack([plain, moved])
    by_hand = (moved.double() - plain.flip(-1).double()).norm() / plain.double().norm()
    found = geed.functional.layer_relative(orbit, "flip").item()
    assert found == pytest.approx(by_hand.item(), rel=1e-9)
    assert found == pytest.approx(1e-4, rel=1e-2)
    alike = geed.functional.layer_relative(torch.stack([plain, plain.flip(-1)]), "flip").item()
    assert alike == 0.0


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_size_of_maps_does_not_matter(scale: float) -> None:
    """Their squares would vanish or overflow in float32."""
    maps = torch.rand(2, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    plain, scaled = (geed.functional.layer_relative(maps * each, "flip").item() for each in (1.0, scale))
    assert scaled == pytest.approx(plain, rel=1e-6)


class Strided(nn.Module):
    """A convolution whose kernel a mirror leaves alone, with the stride that puts its grid off the middle."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3, 2, 1)
        self.conv.weight = nn.Parameter(self.conv.weight.detach() + self.conv.weight.detach().flip(-1))
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(x)).flatten(1)


def test_about_the_layers_own_centre(folder: Path) -> None:
    """Kernel 3, stride 2, padding 1 on 16 pixels: column j of 8 mirrors to 7.5 − j, between two; column 0 to none."""
    network = network_of(Strided(), features=Site("pool", "output"), layers=("conv",), logits=False)
    entry = entry_of(audited(folder, network, phase_correct=True), "layer.relative", "flip", "conv")
    rows = []
    for picture in pixels_of(folder):
        plain, moved = (seen["conv"] for seen in seen_of(network, [picture, picture[..., ::-1].copy()]))
        between = (plain[..., 1:] + plain[..., :-1]) / 2
        rows.append(norm(moved[..., 1:] - between[..., ::-1]) / norm(plain[..., 1:]))
    assert entry.controls["phase_corrected"] == pytest.approx(np.mean(rows), **CLOSE)
    assert entry.controls["phase_corrected"] < entry.value


def test_it_reads_against_the_channelwise_cosine(folder: Path) -> None:
    """It makes no claims and no sentence unasked; the page has rows of both, and the rounding is its own."""
    options = AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("cpu", 8, "fp32"),
        metrics=("channelwise.cosine", "layer.relative"),
        layers=("block2",),
    )
    result = audit(small_conv_net(), ["flip"], options)
    entry = entry_of(result, "layer.relative", "flip", "block2")
    assert 0 < entry.controls["rounding"] < 1e-5
    assert BY_NAME["layer.relative"].beside is BY_NAME["channelwise.cosine"]
    for text in (printed(result), in_full(result)):
        assert "channelwise.cosine" in text
        assert "layer.relative" in text
