"""What each element does by itself: limits of its mean and top classes, against loops over pictures and elements."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.action import planar_group
from reference.audit import Audit
from reference.audit import audit as slow_audit
from reference.measures import softmax
from reference.network import Network as Read
from reference.network import hooked_network, observe_orbit
from scipy.stats import binomtest
from support.command import Geed, geed
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of, numbers
from torch import nn

from geed_cli.choices import IntervalMethod, IntervalOptions
from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.models.output import NO_LOGITS, Output
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.entries.per_element import DIGITS
from geed_cli.pipeline.entries.top_classes import imagenet_names
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.clusters import read_clustering, with_clusters
from geed_cli.result.file import read_result, to_strict_json
from geed_cli.result.intervals import remade
from geed_cli.result.schema import Result
from geed_cli.result.soundness import check_sound
from geed_cli.statistics.bootstrap import draws_are_kept
from geed_cli.statistics.interval import interval, intervals
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale

__all__ = ["geed"]
PICTURES = (24, 16)
ROUNDED = 10.0 ** (1 - DIGITS)
"""Relative, of a limit that is rounded to so many digits."""


def options(folder: Path | None, **changed: object) -> AuditOptions:
    """In float64, without controls."""
    made = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), controls=ControlOptions(0)
    )
    return replace(made, **changed)


@pytest.fixture(scope="module")
def oracle(folder: Path) -> Audit:
    """The rows under c4, one picture and one element at a time."""
    return slow_audit(hooked(small_conv_net()), pixels_of(folder), planar_group("c4"), "disc", MEAN, STD)


def hooked(network: Network) -> Read:
    return hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )


@lru_cache
def result_of(folder: Path, method: IntervalMethod = "bootstrap-t") -> Result:
    return audit(small_conv_net(), ["c4", "flip"], options(folder, interval=IntervalOptions(method=method)))


def test_rates_of_one_element_have_exact_limits(folder: Path) -> None:
    """Of 24 pictures k change under g: the limits of Clopper and Pearson, from scipy; 0 of 24 are no proof of 0."""
    entry = entry_of(result_of(folder), "prediction.flip_rate", "c4")
    assert set(entry.per_element_ci) == {"r90", "r180", "r270"}
    for name, rate in entry.per_element.items():
        expected = binomtest(round(24 * rate), 24).proportion_ci(0.95, "exact")
        assert entry.per_element_ci[name] == pytest.approx([expected.low, expected.high], rel=ROUNDED)
    assert len(set(entry.per_element.values())) > 1


@pytest.mark.heavy
def test_percentile_limits_are_those_of_a_loop(folder: Path, oracle: Audit) -> None:
    """Means over pictures drawn with replacement; draws of our own differ by chance."""
    entry = entry_of(result_of(folder, "percentile"), "latent.l2", "c4")
    rows, generator = np.asarray(oracle.rows["latent.l2"]), np.random.default_rng(5)
    for place, (name, limits) in enumerate(entry.per_element_ci.items()):
        means = [rows[generator.integers(0, 24, 24), place].mean() for _ in range(4000)]
        low, high = np.quantile(means, [0.025, 0.975])
        assert limits == pytest.approx([low, high], abs=0.15 * (high - low)), name
        assert limits[0] < entry.per_element[name] < limits[1]


@pytest.mark.parametrize("metric", ["latent.l2", "softmax.kl", "channelwise.cosine"])
def test_every_column_is_a_mean_of_its_own(folder: Path, oracle: Audit, metric: str) -> None:
    """The limits of the oracle's column by itself; e of a layer is perfect by definition."""
    layer = "block1" if metric.startswith("channelwise") else None
    entry = entry_of(result_of(folder), metric, "c4", layer)
    rows = np.asarray(oracle.rows[metric] if layer is None else oracle.channelwise[layer])
    scale = {"latent.l2": Scale.log(), "softmax.kl": Scale.bounded(0.0, np.log(4))}.get(
        metric, Scale.bounded(-1.0, 1.0)
    )
    for place, name in enumerate(("e", "r90", "r180", "r270")):
        if layer is not None and name == "e":
            assert entry.per_element_ci["e"] is None
            continue
        alone = interval(MeanSample(rows[:, place], scale))
        assert entry.per_element_ci[name] == pytest.approx([alone.low, alone.high], rel=1e-4), name


def test_cells_together_are_cells_alone() -> None:
    """One set of draws for all, of means over different numbers of pictures too."""
    generator = np.random.default_rng(1)
    cells = [MeanSample(generator.lognormal(size=n), Scale.log()) for n in (30, 40, 30, 5)]
    cells += [MeanSample(np.zeros(40), Scale.rate()), MeanSample(np.ones(40), Scale.log())]
    for cell, together in zip(cells, intervals(cells), strict=True):
        alone = interval(cell)
        assert (together.value, together.notes) == (alone.value, alone.notes)
        assert (together.low is None) == (alone.low is None)
        if alone.low is not None:  # a product of matrices adds up in another order than one with a vector
            assert (together.low, together.high) == pytest.approx((alone.low, alone.high), rel=1e-12)


def test_limits_of_many_draws_are_those_of_each_column_alone(folder: Path) -> None:
    """Resamples that are not kept from cell to cell are drawn once, for values and elements of all groups."""
    drawn = IntervalOptions(resamples=50_000)
    assert not draws_are_kept(PICTURES[0], drawn.resamples)
    asked = options(folder, metrics=("latent.l2",), interval=drawn)
    result, rows = audit(small_conv_net(), ["c4", "flip"], asked), result_of(folder)
    for entry in result.results:
        few = entry_of(rows, entry.metric, entry.group)
        assert entry.value == few.value
        assert entry.per_element_ci.keys() == few.per_element_ci.keys()
        for name, limits in few.per_element_ci.items():  # of 2,000 other resamples
            width = limits[1] - limits[0]
            assert entry.per_element_ci[name] == pytest.approx(limits, abs=0.15 * width), name


def test_clusters_and_weights_count(tmp_path: Path) -> None:
    """Two pictures to a cluster, one folder twice the other: m is all that flip has, so it has the entry's limits."""
    pictures = tmp_path / "pictures"
    for number, name in enumerate(("a", "b")):
        smooth_pictures(pictures / name, 24, 16, seed=number)
    paths = [f"{name}/{k:04d}.png" for name in ("a", "b") for k in range(24)]
    (tmp_path / "weights.csv").write_text(
        "\n".join(["path,weight", *(f"{path},{1 + path.startswith('b')}" for path in paths)]) + "\n"
    )
    (tmp_path / "clusters.csv").write_text(
        "\n".join(["path,cluster", *(f"{path},{k // 2}" for k, path in enumerate(paths))]) + "\n"
    )
    plain = DataOptions(pictures, 48)
    counted = replace(
        plain, cluster=str(tmp_path / "clusters.csv"), image_weights=str(tmp_path / "weights.csv")
    )
    found, alike = (
        audit(small_conv_net(), ["flip"], options(None, data=data, metrics=("prediction.*",)))
        for data in (counted, plain)
    )
    entry, other = (entry_of(result, "prediction.flip_rate", "flip") for result in (found, alike))
    tops = found.top_classes[0].classes
    flips = [one != moved for one, moved in zip(tops["e"], tops["m"], strict=True)]
    weights = [1.0 + image.path.startswith("b/") for image in found.data.images]
    assert entry.per_element["m"] == pytest.approx(np.average(flips, weights=weights))
    assert entry.per_element_ci["m"] == pytest.approx(entry.ci, rel=ROUNDED)
    assert entry.per_element_ci["m"] != pytest.approx(other.per_element_ci["m"], rel=0.01)


def test_withheld_with_the_entry(folder: Path, tmp_path: Path) -> None:
    """Below 20 pictures there is neither; an entry without a value has neither."""
    few = audit(small_conv_net(), ["flip"], options(smooth_pictures(tmp_path / "few", 19, 16)))
    assert all(entry.ci is None and entry.per_element_ci == {} for entry in few.results)
    assert entry_of(few, "latent.l2", "flip").per_element
    for entry in result_of(folder).results:
        assert bool(entry.per_element_ci) == (entry.ci is not None)
        assert entry.ci is None or entry.per_element_ci.keys() == entry.per_element.keys()


def test_limits_that_no_file_can_remake_are_left_out(folder: Path) -> None:
    """Elements' rows are saved nowhere: of other clusters there are limits of values alone."""
    result = result_of(folder)
    result = result.model_copy(
        update={"results": tuple(e.model_copy(update={"twin_ci": (0.1, 0.2)}) for e in result.results)}
    )
    for made in (remade(result), with_clusters(result, read_clustering(r"(\d\d\d)\d"))):
        assert all(entry.per_element_ci == {} and entry.twin_ci is None for entry in made.results)
        assert [entry.per_element for entry in made.results] == [e.per_element for e in result.results]


def test_top_classes_are_those_of_a_loop(folder: Path) -> None:
    """The class with the largest p(gx), and p to four decimals, of every picture under every element."""
    result, read = result_of(folder), hooked(small_conv_net())
    assert [of.group for of in result.top_classes] == ["c4", "flip"]
    assert result.class_names == {}  # five classes of our own
    for of, group in zip(result.top_classes, result.groups, strict=True):
        for place, picture in enumerate(pixels_of(folder)):
            orbit = observe_orbit(read, picture, planar_group(group.name), "disc", MEAN, STD)
            for name, seen in zip(group.elements, orbit, strict=True):
                p = softmax(seen["logits"])
                assert of.classes[name][place] == int(np.argmax(p))
                assert of.probabilities[name][place] == pytest.approx(p.max(), abs=0.5001e-4)
    found = {of.group: of.classes for of in result.top_classes}
    for entry in result.results:
        if entry.metric == "prediction.flip_rate":
            for name, rate in entry.per_element.items():
                pairs = zip(found[entry.group]["e"], found[entry.group][name], strict=True)
                assert rate == pytest.approx(np.mean([own != other for own, other in pairs]))


def test_who_has_no_top_class(folder: Path) -> None:
    """Labels that are independent, networks without a classifier, and measures that read no predictions."""
    labels = replace(small_conv_net(), output=Output("sigmoid", (5,)))
    headless = replace(small_conv_net(), output=NO_LOGITS)
    for network in (labels, headless):
        assert (
            audit(network, ["flip"], options(folder, metrics=("latent.l2", "softmax.kl"))).top_classes == ()
        )
    unasked = audit(small_conv_net(), ["flip"], options(folder, metrics=("latent.l2",)))
    assert unasked.top_classes == ()


@pytest.mark.parametrize(
    ("count", "place", "name"),
    [
        (1000, 0, "tench"),
        (1000, 207, "golden retriever"),
        (1000, 999, "toilet tissue"),
        (21841, 0, "organism"),
    ],
)
def test_names_of_imagenet(count: int, place: int, name: str) -> None:
    """Of the sets whose order is known; of a name that several classes share, all of it."""
    assert imagenet_names(count)[place] == name
    assert len(imagenet_names(count)) == count
    assert imagenet_names(5) == ()


class Thousand(nn.Module):
    """A classifier with as many classes as ImageNet."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(2), nn.Linear(12, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.pool(x).flatten(1))


@pytest.mark.parametrize(
    ("source", "origin", "named"),
    [
        ("timm", "file", True),
        ("torchvision", "pretrained", True),
        ("timm", "random", False),
        ("python", "file", False),
    ],
)
def test_whose_classes_have_names(source: str, origin: str, named: bool, folder: Path) -> None:
    """Trained weights of an architecture of timm or torchvision; of what others mean by 1,000 nobody knows."""
    torch.manual_seed(0)
    network = network_of(Thousand(), features=Site("fc", "input"))
    weights = replace(network.weights, origin=origin)
    network = replace(network, source=source, weights=weights, output=Output("logits", (1000,)))
    result = audit(network, ["flip"], options(folder, metrics=("prediction.*",)))
    used = {place for of in result.top_classes for column in of.classes.values() for place in column}
    assert result.class_names == ({place: imagenet_names(1000)[place] for place in used} if named else {})


def test_from_the_cache_and_from_a_file(folder: Path, tmp_path: Path) -> None:
    """A second run, that finds every row, and a file that is read again have the same."""
    network = replace(small_conv_net(), source="timm")
    runs = [audit(network, ["c4"], options(folder, cache=tmp_path / "cache")) for _ in range(2)]
    assert runs[1].timing.cached == 24
    assert runs[1].top_classes
    assert numbers(runs[0]) == numbers(runs[1])
    file = tmp_path / "result.json"
    file.write_text(to_strict_json(runs[0]))
    assert read_result(file) == runs[0]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"group": "d4"}, "not of the elements of an audited group"),
        ({"classes": {"e": (0,) * 24}}, "not of the elements"),
        ({"classes": dict.fromkeys(("e", "r90", "r180", "r270"), (0,) * 23)}, "23 of 24 images"),
        ({"classes": dict.fromkeys(("e", "r90", "r180", "r270"), (-1,) * 24)}, "a class below 0"),
    ],
)
def test_top_classes_that_contradict_the_result(changed: dict[str, object], says: str, folder: Path) -> None:
    """Each picture under each element of a group of the result."""
    result = result_of(folder)
    check_sound(result, "it")
    broken = result.top_classes[0].model_copy(update=changed)
    with pytest.raises(InputError, match=says):
        check_sound(result.model_copy(update={"top_classes": (broken,)}), "it")


@pytest.mark.heavy
def test_the_twin_has_an_interval(folder: Path, geed: Geed, tmp_path: Path) -> None:
    """That of an audit of the twin by itself, for values and for places on the way to another image."""
    file = tmp_path / "own.json"
    words = (
        "-d",
        folder,
        "--device",
        "cpu",
        "--batch-size",
        "8",
        "--img-size",
        "32",
        "-g",
        "flip",
        "--no-cache",
    )
    words = (*words, "--metric", "latent.l2", "--metric", "prediction.*")
    done = geed("audit", "timm:test_resnet", "--weights", "random", "--twin", *words, "--json", file)
    assert done.exit_code == 0, done.stderr
    own = read_result(file)
    done = geed("audit", "timm:test_resnet", "--weights", "random", "--seed", "1", *words, "--json", file)
    assert done.exit_code == 0, done.stderr
    twin = read_result(file)
    for entry, alone in zip(own.results, twin.results, strict=True):
        assert entry.controls["twin"] == alone.value
        # resamples have the seed of their own run
        assert entry.twin_ci == pytest.approx(alone.ci, rel=0.1, abs=1e-12)
        if entry.to_another is not None:
            assert entry.to_another.twin_ci == pytest.approx(alone.to_another.ci, rel=0.1)
    assert any(entry.to_another and entry.to_another.twin_ci for entry in own.results)
