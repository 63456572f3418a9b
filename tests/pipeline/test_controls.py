"""The controls beside a value, against the slow oracle or a second way of computing them."""

import copy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.action import act, compose, is_exact, mask, planar_group, rotate_and_mirror
from reference.aggregates import normaliser, pair_distances
from reference.measures import average, channelwise_cosine, compare_maps, hidden_estimate, norm
from reference.network import Observation, hooked_network, observe
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import measured
from torch import nn

from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.schema import Entry, Result

GROUPS = ("flip", "c4", "c8")
CLOSE = {"rel": 1e-8, "abs": 1e-8}
"""Both run in float64."""
PICTURES = (4, 16)


def run(
    folder: Path, network: Network, *, precision: str = "fp64", probes: int = 4, batch: int = 5
) -> Result:
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", batch, precision), controls=ControlOptions(probes)
    )
    return audit(network, GROUPS, options)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Result:
    """The small network under all groups."""
    return run(folder, small_conv_net())


def entry_of(result: Result, metric: str, group: str, layer: str | None = None) -> Entry:
    return next(e for e in result.results if (e.metric, e.group, e.layer) == (metric, group, layer))


def shown(network: Network, pictures: list[np.ndarray]) -> list[Observation]:
    """What the network makes of pictures that were transformed already."""
    read = hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )
    return [observe(read, picture, MEAN, STD) for picture in pictures]


def orbit_of(picture: np.ndarray, group: str) -> list[np.ndarray]:
    elements = planar_group(group)
    return [act(g, picture, elements, "disc") for g in elements]


@pytest.mark.parametrize("group", GROUPS)
def test_correlation_is_the_oracles(folder: Path, whole: Result, group: str) -> None:
    """−mean corr, each channel without its own mean over the disc; rows against numpy's means, one at a time."""
    network = small_conv_net()
    elements = planar_group(group)
    for layer in ("block1", "block2", "block3"):
        rows = []
        for picture in pixels_of(folder):
            maps = [seen["layers"][layer] for seen in shown(network, orbit_of(picture, group))]
            f_hat = hidden_estimate(maps, elements)
            support = mask(np.ones(maps[0].shape[-2:]), elements, "disc") > 0
            row = []
            for g, seen in zip(elements, maps, strict=True):
                pair = [mask(seen, elements, "disc"), act(g, f_hat, elements, "disc")]
                # a constant channel may keep a rounding of its mean; block1 has one that is dead
                centred = [
                    np.stack([np.where(support, c - c[support].mean(), 0) for c in stack]) for stack in pair
                ]
                row.append(compare_maps(*centred)[0])
            rows.append(float(np.mean(row)))
        found = entry_of(whole, "channelwise.correlation", group, layer)
        assert found.value == pytest.approx(np.mean(rows), **CLOSE)
        assert found.per_image is not None
        assert list(found.per_image.value) == pytest.approx(rows, **CLOSE)


@pytest.mark.parametrize("group", GROUPS)
def test_null_is_the_deviation_from_the_image_before(folder: Path, whole: Result, group: str) -> None:
    """f(gx) against g·f̂(x') of the image before; the first image has none. Without e it is the scale's other end.

    Of maps of one pixel f̂ is a mean that f(gx) is part of: such a layer has no place on the scale.
    """
    network = small_conv_net()
    elements = planar_group(group)
    orbits = [shown(network, orbit_of(picture, group)) for picture in pixels_of(folder)]
    for layer in network.layers:
        rows, own = [], []
        for before, now in pairwise(orbits):
            f_hat = hidden_estimate([seen["layers"][layer] for seen in before], elements)
            maps = [seen["layers"][layer] for seen in now]
            rows.append(channelwise_cosine(maps, f_hat, elements, "disc")[0])
        for orbit in orbits:
            maps = [seen["layers"][layer] for seen in orbit]
            own.append(channelwise_cosine(maps, hidden_estimate(maps, elements), elements, "disc")[0])
        entry = entry_of(whole, "channelwise.cosine", group, layer)
        assert entry.controls["null"] == pytest.approx(np.mean(rows), **CLOSE)
        if layer == "pool":
            assert entry.to_another is None
            continue
        null, moved = ([1 + each[1:].mean() for each in some] for some in (rows, own))
        way = entry.to_another
        assert [(i, j) for i, j, _ in way.null] == [(i, i - 1) for i in range(1, 4)]
        assert [distance for _, _, distance in way.null] == pytest.approx(null, **CLOSE)
        assert list(way.per_image) == pytest.approx(moved, **CLOSE)
        assert way.value == pytest.approx(np.mean(moved) / np.mean(null), **CLOSE)


def test_floor_is_the_deviation_of_round_trips(folder: Path) -> None:
    """f(g⁻¹·(g·x)) against f(x) for c8: 0 and −1 for the quarter turns, the oracle's own action for the rest."""
    network = small_conv_net()
    result = run(folder, network)
    elements = planar_group("c8")
    latent, layers = [], {layer: [] for layer in network.layers}
    identities = []
    for picture in pixels_of(folder):
        start = act(elements[0], picture, elements, "disc")
        trips = []
        for g in elements:
            inverse = next(h for h in elements if compose(h, g) == elements[0])
            trips.append(act(inverse, rotate_and_mirror(picture, g, "disc"), elements, "disc"))
        plain, *back = shown(network, [start, *trips])
        identities.append(plain["features"])
        latent.append(np.mean([norm(seen["features"] - plain["features"]) for seen in back]))
        for layer in network.layers:
            here = mask(plain["layers"][layer], elements, "disc")
            pairs = [
                (
                    -1.0
                    if is_exact(g)
                    else compare_maps(mask(seen["layers"][layer], elements, "disc"), here)[0]
                )
                for g, seen in zip(elements, back, strict=True)
            ]
            layers[layer].append(np.mean(pairs))
    m = normaliser(pair_distances(np.stack(identities)))
    found = entry_of(result, "latent.l2", "c8").controls["floor"]
    assert found == pytest.approx(np.mean(latent) / m, **CLOSE)
    assert 0 < found < entry_of(result, "latent.l2", "c8").value
    for layer in network.layers:
        floor = entry_of(result, "channelwise.cosine", "c8", layer).controls["floor"]
        assert floor == pytest.approx(np.mean(layers[layer]), **CLOSE)


def test_exact_groups_have_no_floor(folder: Path, whole: Result) -> None:
    """Nothing is resampled; and without probe images there is neither floor nor null."""
    assert not any("floor" in e.controls for e in whole.results if e.group != "c8")
    without = run(folder, small_conv_net(), probes=0)
    assert not any({"floor", "null"} & e.controls.keys() for e in without.results)
    for one, other in zip(measured(whole), measured(without), strict=True):
        assert one.value == other.value


@pytest.mark.heavy
def test_controls_do_not_depend_on_the_batch_size(folder: Path, whole: Result) -> None:
    """Orbits and their round trips cut anywhere; 1e-9: float64 sums in another order."""
    for batch in (1, 64):
        parts = run(folder, small_conv_net(), batch=batch)
        for one, other in zip(measured(whole), measured(parts), strict=True):
            assert one.controls.keys() == other.controls.keys()
            assert list(one.controls.values()) == pytest.approx(list(other.controls.values()), abs=1e-9)


def test_probes_are_part_of_the_images(folder: Path, whole: Result) -> None:
    """With fewer probes than images the values stay and the null is of fewer pairs."""
    few = run(folder, small_conv_net(), probes=3)
    assert entry_of(few, "latent.l2", "c8").value == entry_of(whole, "latent.l2", "c8").value
    one, other = (entry_of(r, "channelwise.cosine", "c4", "block2").controls["null"] for r in (few, whole))
    assert one != other


def test_rounding_is_the_run_against_float64(folder: Path, whole: Result) -> None:
    """l2 and cosine of the features in float32 against a float64 copy, by hand on the first picture."""
    network = small_conv_net()
    result = run(folder, network, precision="fp32", batch=1)
    x = torch.from_numpy(pixels_of(folder)[0])[None]
    x = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    module = small_conv_net().module
    double = copy.deepcopy(module).double()
    gap = torch.linalg.vector_norm(module.pooled(x.float()).double() - double.pooled(x.double()))
    entry = entry_of(result, "latent.l2", "flip")
    # inputs are normalised in float32 by the run and in float64 here, so the two agree in order of magnitude
    assert 0 < entry.controls["rounding"] < 1e-5
    assert entry.controls["rounding"] == pytest.approx(gap.item() / entry.normaliser, rel=10)
    assert -1 <= entry_of(result, "channelwise.cosine", "flip", "block3").controls["rounding"] < -1 + 1e-6
    assert "rounding" not in entry_of(whole, "latent.l2", "flip").controls


def test_the_twin_is_the_other_network_on_the_same_pixels(folder: Path) -> None:
    """The control is the value that the twin has when it is audited alone, and its sensitivity."""
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 5, "fp64"))
    beside = audit(small_conv_net(0), GROUPS, options, twin=small_conv_net(1))
    alone, other = audit(small_conv_net(0), GROUPS, options), audit(small_conv_net(1), GROUPS, options)
    for with_twin, own, twin in zip(beside.results, alone.results, other.results, strict=True):
        assert with_twin.value == own.value
        assert with_twin.controls.get("twin") == twin.value
    assert entry_of(beside, "softmax.kl", "c4").controls["twin_sensitivity"] == pytest.approx(
        entry_of(other, "softmax.kl", "c4").controls["sensitivity"]
    )


class OneQuarter(nn.Module):
    """Its feature is the brightness of the top row: quarter turns see the four sides of the picture."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :, 0, :].mean(dim=(1, 2))[:, None] + 3


def test_fourier_components_give_the_profile_back(folder: Path) -> None:
    """Σ_j a_j cos(2πjk/n) + b_j sin(2πjk/n) is the element's own mean, and a_0 their mean."""
    network = network_of(OneQuarter(), features=Site("", "output"), logits=False)
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 4, "fp64"))
    for group, n in (("c4", 4), ("c5", 5), ("d4", 4)):
        entry = next(e for e in audit(network, [group], options).results if e.metric == "latent.l2")
        profile = list(entry.per_element.values())[:n]
        assert entry.fourier is not None
        angle = 2 * np.pi * np.outer(np.arange(n), np.arange(len(entry.fourier))) / n
        a, b = np.array(entry.fourier).T
        assert list(np.cos(angle) @ a + np.sin(angle) @ b) == pytest.approx(profile, **CLOSE)
        assert a[0] == pytest.approx(average([np.array(p) for p in profile]), **CLOSE)
    flip = next(e for e in audit(network, ["flip"], options).results if e.metric == "latent.l2")
    assert flip.fourier is None


def test_a_floor_falls_as_interpolation_improves(folder: Path) -> None:
    """Bicubic round trips come back nearer than bilinear ones on smooth pictures."""
    floors = {}
    for filter_ in ("bilinear", "bicubic"):
        options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"))
        options = replace(options, action=replace(options.action, interpolation=filter_))
        result = audit(small_conv_net(), ["c8"], options)
        floors[filter_] = [
            entry_of(result, "latent.l2", "c8").controls["floor"],
            1 + entry_of(result, "channelwise.cosine", "c8", "block1").controls["floor"],
        ]
    assert all(better < worse for better, worse in zip(floors["bicubic"], floors["bilinear"], strict=True))
