"""Audits that look for each image among all: values by loops over the network's own features, caching, refusals."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.gate import policy
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of
from torch import Tensor, nn

import geed_cli as geed
from geed_cli.choices import IntervalOptions
from geed_cli.comparison.compare import compare
from geed_cli.comparison.subjects import Contender
from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.entries import among_images
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.result.schema import Result

COUNT = 24
RANK, KNN = "retrieval.rank", "retrieval.mutual_knn"
TURNS = {"r90": 1, "r180": 2, "r270": 3}
Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), COUNT, 16)


def audited(
    folder: Path,
    network: Network | None = None,
    metrics: tuple[str, ...] = ("retrieval.*",),
    **changes: object,
) -> Result:
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), metrics=metrics)
    return audit(network or small_conv_net(), ["c4"], replace(options, **changes))  # type: ignore[arg-type]


def features(folder: Path, turns: int) -> Array:
    """f1(gx) of the network itself, in float64, of pictures that NumPy has turned."""
    pixels = torch.from_numpy(np.stack([np.rot90(each, turns, (1, 2)).copy() for each in pixels_of(folder)]))
    mean, std = (torch.tensor(each, dtype=torch.float64)[:, None, None] for each in (MEAN, STD))
    return small_conv_net().module.double().pooled((pixels - mean) / std).numpy()


def cosines(one: Array, other: Array) -> Array:
    return np.array([[a @ b / math.sqrt((a @ a) * (b @ b)) for b in other] for a in one])


def test_values_are_those_of_loops(folder: Path) -> None:
    """Every element's mean, and an image's own rows; float64 on both sides, so that no rank is in doubt."""
    result = audited(folder)
    plain = features(folder, 0)
    near = cosines(plain, plain)
    ranks: dict[str, list[float]] = {}
    kept: dict[str, list[float]] = {}
    for name, turns in TURNS.items():
        moved = features(folder, turns)
        to_plain, among = cosines(moved, plain), cosines(moved, moved)
        ranks[name] = [1 / (1 + int((row > row[i]).sum())) for i, row in enumerate(to_plain)]
        kept[name] = []
        for i in range(COUNT):
            lists = [set([j for j in np.argsort(-of[i]).tolist() if j != i][:10]) for of in (near, among)]
            kept[name].append(len(lists[0] & lists[1]) / 10)
    rank, knn = (entry_of(result, name, "c4") for name in (RANK, KNN))
    for entry, found in ((rank, ranks), (knn, kept)):
        assert entry.per_element == pytest.approx({name: np.mean(found[name]) for name in TURNS}, abs=1e-9)
        assert entry.value == pytest.approx(np.mean(list(found.values())), abs=1e-9)
        assert entry.raw == entry.value
        assert entry.ci is not None
        assert entry.ci[0] < entry.value < entry.ci[1]
    assert rank.per_image is not None
    own = np.mean([ranks[name] for name in TURNS], axis=0)
    assert rank.per_image.value == pytest.approx(own.tolist(), abs=1e-9)
    assert rank.controls["chance"] == pytest.approx(sum(1 / r for r in range(1, 25)) / 24, abs=1e-12)
    assert knn.controls["chance"] == pytest.approx(10 / 23, abs=1e-12)
    assert 0.2 < rank.value < 0.98, "a case that tells something"


def test_they_are_computed_on_request_alone(folder: Path) -> None:
    result = audited(folder, metrics=())
    assert not any(entry.metric.startswith("retrieval") for entry in result.results)


def test_rows_come_from_the_cache_of_other_measures(folder: Path, tmp_path: Path) -> None:
    """After an audit of latent.l2 the network is shown nothing, and the values are those without a cache."""
    network = replace(small_conv_net(), source="timm")
    audited(folder, network, ("latent.l2",), cache=tmp_path)
    cached = audited(folder, network, cache=tmp_path)
    assert cached.timing.cached == COUNT
    assert cached.results == audited(folder).results


class _Pooled(nn.Module):
    """The mean of each colour: the same for every turned or shifted copy."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(x).flatten(1))


def test_an_invariant_network_finds_every_image_and_keeps_all_neighbours(folder: Path) -> None:
    """1 exactly, and no interval: rows that do not vary say nothing of what others would do."""
    result = audited(folder, network_of(_Pooled(), features=Site("fc", "input")))
    for name in (RANK, KNN):
        entry = entry_of(result, name, "c4")
        assert entry.value == 1.0
        assert entry.ci is None
        assert any("have the same value" in note for note in entry.notes)


def test_members_of_a_set_are_looked_for_as_well(folder: Path) -> None:
    """A blur that hardly changes a smooth picture; brightness, which scales it."""
    result = audited(folder, sets=("blur:0.1", "brightness:0.2"))
    slight, strong = (entry_of(result, RANK, name).value for name in ("blur:0.1", "brightness:0.2"))
    assert slight == 1.0
    assert strong is not None
    assert strong < 1.0


def test_too_few_images_are_refused_before_any_is_read(folder: Path) -> None:
    with pytest.raises(InputError) as refused:
        audited(folder, data=DataOptions(folder, samples=11))
    assert str(refused.value).startswith("retrieval.mutual_knn over 11 images")
    assert "--samples 12 or more" in str(refused.value)
    assert entry_of(audited(folder, data=DataOptions(folder, samples=12)), KNN, "c4").value is not None
    assert entry_of(audited(folder, metrics=(RANK,), data=DataOptions(folder, samples=5)), RANK, "c4").value


class _NotFinite(_Pooled):
    """NaN for the pictures that are brighter than a level."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def forward(self, x: Tensor) -> Tensor:
        bright = x.mean(dim=(1, 2, 3)) > self.level
        return self.fc(torch.where(bright[:, None], torch.nan, self.pool(x).flatten(1)))


def test_images_that_turn_out_unusable_leave_too_few(folder: Path) -> None:
    """The reason stands in place of the value; what needs fewer has one."""
    mean, std = (np.array(each)[:, None, None] for each in (MEAN, STD))
    bright = sorted(((each - mean) / std).mean() for each in pixels_of(folder))
    network = network_of(_NotFinite((bright[8] + bright[9]) / 2), features=Site("fc", "input"))
    result = audited(folder, network, run=RunOptions("cpu", 8, "fp64", on_nonfinite="skip"))
    knn = entry_of(result, KNN, "c4")
    assert knn.status == "not_applicable"
    assert knn.notes == ("it needs 12 images or more to look among, and there are 9",)
    assert entry_of(result, RANK, "c4").value == 1.0


def test_more_features_than_there_is_room_for_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 images, 4 elements, 8 features of 8 bytes are 6,144 bytes; 5,200 hold those of 20 images."""
    monkeypatch.setattr(among_images, "MOST_BYTES", 6144)
    assert entry_of(audited(folder), RANK, "c4").value
    monkeypatch.setattr(among_images, "MOST_BYTES", 5200)
    with pytest.raises(InputError, match="8 features of 24 images under 4 elements") as refused:
        audited(folder)
    assert "--samples 20," in str(refused.value)
    assert entry_of(audited(folder, data=DataOptions(folder, samples=20)), RANK, "c4").value


def test_weighted_images_have_ranks_and_no_neighbours(folder: Path, tmp_path: Path) -> None:
    """The weighted mean of each image's own ranks; rows of pairs have no weights, and say so."""
    weights = {path.name: 1 + number % 3 for number, path in enumerate(sorted(folder.iterdir()))}
    file = tmp_path / "weights.csv"
    file.write_text("path,weight\n" + "".join(f"{name},{weight}\n" for name, weight in weights.items()))
    even = entry_of(audited(folder), RANK, "c4")
    result = audited(folder, data=DataOptions(folder, image_weights=str(file)))
    assert even.per_image is not None
    rows = [value or 0.0 for value in even.per_image.value]
    expected = np.average(rows, weights=list(weights.values()))
    assert entry_of(result, RANK, "c4").value == pytest.approx(expected, abs=1e-12)
    knn = entry_of(result, KNN, "c4")
    assert knn.notes == ("its rows are of pairs of images, which have no weights",)


def test_a_width_is_not_watched(folder: Path) -> None:
    """Among more images it is harder to find one: the value would move with every look."""
    until = UntilOptions(0.2, COUNT, "retrieval.*")
    with pytest.raises(InputError, match=r"watches retrieval\.rank and retrieval\.mutual_knn") as refused:
        audited(folder, data=DataOptions(folder, samples=20), until=until)
    assert "--width-of latent.l2 --metric latent.l2" in str(refused.value)
    until = UntilOptions(0.2, COUNT)
    grown = audited(folder, metrics=("latent.l2",), data=DataOptions(folder, samples=20), until=until)
    assert grown.settings.looks is not None


def test_limits_that_rest_on_independent_rows_are_refused(folder: Path) -> None:
    """At the audit, and in a comparison of results."""
    with pytest.raises(InputError, match=r"--ci bounded for retrieval\.rank, retrieval\.mutual_knn"):
        audited(folder, interval=IntervalOptions(method="bounded"))
    contenders = [Contender(str(seed), (audited(folder, small_conv_net(seed)),)) for seed in (0, 1)]
    with pytest.raises(InputError, match=r"--ci bounded for retrieval\.rank, retrieval\.mutual_knn"):
        compare(contenders, IntervalOptions(method="bounded"))


def test_results_are_compared_by_their_rows(folder: Path) -> None:
    """Paired differences, with intervals that hold the difference of the values."""
    results = [audited(folder, small_conv_net(seed)) for seed in (0, 1)]
    comparison = compare([Contender(str(n), (each,)) for n, each in enumerate(results)], IntervalOptions())
    for name in (RANK, KNN):
        one, other = (entry_of(each, name, "c4").value or 0.0 for each in results)
        (line,) = [line for line in comparison.lines if line.metric == name]
        assert line.deltas[0].value == pytest.approx(other - one, abs=1e-12)
        assert line.deltas[0].ci is not None


def test_a_larger_value_is_nearer(folder: Path) -> None:
    """A comparison and a gate read them that way round: here the invariant network is the better one."""
    plain = audited(folder)
    invariant = audited(folder, network_of(_Pooled(), features=Site("fc", "input")))
    contenders = [Contender("plain", (plain,)), Contender("invariant", (invariant,))]
    comparison = compare(contenders, IntervalOptions())
    (line,) = [line for line in comparison.lines if line.metric == RANK]
    assert line.deltas[0].verdict == "less", "less far"
    rules = policy("version: 1\nrules: [{metric: retrieval.rank, group: c4, min: 0.05}]")
    assert gate({"plain": plain}, rules).verdict == "pass"
    rules = policy("version: 1\nrules: [{metric: retrieval.rank, group: c4, min: 0.99}]")
    assert gate({"plain": plain}, rules).verdict == "fail"


def test_how_many_images_would_do_is_not_told(folder: Path) -> None:
    """More images would have another value: in a comparison, a plan of each kind, and for an undecided rule."""
    first, second = (audited(folder, small_conv_net(seed)) for seed in (0, 1))
    comparison = compare([Contender("a", (first,)), Contender("b", (second,))], IntervalOptions())
    assert any(line.deltas[0].verdict == "undecided" for line in comparison.lines)
    assert all(line.deltas[0].images_to_decide is None for line in comparison.lines)
    value = entry_of(first, RANK, "c4").value
    rules = policy(f"version: 1\nrules: [{{metric: {RANK}, group: c4, min: {value}}}]")
    (entry,) = gate({"a": first}, rules)["rules[0]", "c4", "a"].examined
    assert (entry.verdict, entry.images_to_decide) == ("undecided", None)
    plans = (
        geed.plan(first, width=0.1, metrics="retrieval.*"),
        geed.plan(second, margins=f"{RANK}=0.1", baseline=first, metrics=RANK),
        geed.plan(first, policy=rules),
    )
    for plan in plans:
        assert {(line.images, line.reason) for line in plan.lines} == {
            (None, "its value moves with the number of images")
        }


def test_reduced_precision_is_judged_without_them(folder: Path) -> None:
    """Four images in float32 are another choice to look among: no shift is told, and the run does not end."""
    result = audited(folder, run=RunOptions("cpu", 8, "bf16"))
    entry = entry_of(result, RANK, "c4")
    assert entry.value is not None
    assert "precision_shift" not in entry.controls
