"""The scale from 0, unchanged, to 1, another image: orbits whose place on it is known, and intervals from the file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference.measures import apart
from reference.orbits import Member
from support.audits import audited, observed_orbits
from support.equivariant_networks import declaring
from support.networks import network_of, small_conv_net
from support.pictures import noise, smooth_pictures
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.choices import IntervalMethod, IntervalOptions
from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.pipeline.second_runs import with_twin
from geed_cli.result.file import read_result, write_result
from geed_cli.result.schema import Result, ToAnother
from geed_cli.result.soundness import check_sound
from geed_cli.statistics.interval import interval
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import MeanSample, NullRatioSample, RatioSample
from geed_cli.statistics.scale import Scale

EXACT = 1e-9
"""float64 sums of some hundred products."""
PICTURES = (24, 16)


def way(result: Result, group: str, metric: str = "latent.l2", layer: str | None = None) -> ToAnother:
    """The entry's part, which is there."""
    part = entry_of(result, metric, group, layer).to_another
    assert part is not None
    return part


def test_two_copies_lie_half_their_distance_from_their_mean(folder: Path) -> None:
    """N = 2: the value is latent.l2/U(2) = 2 latent.l2 and so are its limits, of groups and sets, whatever f is."""
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), metrics=("latent.l2",), sets=("jpeg:30",)
    )
    result = audit(small_conv_net(), ["flip", "c2"], options)
    for name in ("flip", "c2", "jpeg:30"):
        entry, part = entry_of(result, "latent.l2", name), way(result, name)
        assert part.value == pytest.approx(2 * entry.value, rel=EXACT)
        assert part.ci == pytest.approx([2 * limit for limit in entry.ci], rel=EXACT)
        assert part.per_image == pytest.approx([2 * v for v in entry.per_image.value], rel=EXACT)
        assert (part.null, part.notes) == ((), ())


class Corner(nn.Module):
    """Features in two tight clusters, by which side of the picture's other diagonal is brighter."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        grey = x.mean(dim=1)
        side = (grey.triu(1).mean(dim=(1, 2)) > grey.tril(-1).mean(dim=(1, 2))).to(x.dtype)
        return self.out(torch.stack([7 * side, 1e-7 * grey[:, 0, 0], 1e-7 * grey[:, 2, 1]], dim=1))


def clusters() -> Network:
    return network_of(Corner(), features=Site("out", "output"), logits=False)


def turned_copies(folder: Path) -> Path:
    """The eight pictures that quarter turns and mirrors make of one: each is a copy of the others and another image."""
    folder.mkdir()
    pixels = np.asarray(noise(16, 16))
    turned = [np.rot90(each, q) for each in (pixels, pixels[:, ::-1]) for q in range(4)]
    for number, each in enumerate(turned):
        Image.fromarray(np.ascontiguousarray(each)).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("network", "stretched"),
    [(small_conv_net, None), (clusters, 0.875 / 0.6614378278)],
    ids=["spread", "two clusters"],
)
def test_copies_that_are_the_other_images(
    network: Callable[[], Network], stretched: float | None, tmp_path: Path
) -> None:
    """Under d4 each picture's copies are all eight: 100% exactly, where value/U(8) reads 132% of four beside four.

    Distances to the mean are 1/2 between clusters 1 apart, and M = 16/28.
    """
    result = audited(network(), ["d4"], turned_copies(tmp_path / "turned"))
    assert way(result, "d4").value == pytest.approx(1.0, rel=1e-6)
    if stretched is not None:
        assert entry_of(result, "latent.l2", "d4").value / 0.6614378278 == pytest.approx(stretched, rel=1e-6)


class Unrelated(nn.Module):
    """Features that any change of the picture draws anew: cos(ωx + b), ω huge; three tight clusters of them at will."""

    def __init__(self, *, clustered: bool) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.register_buffer("omega", 300 * torch.randn(3 * 12 * 12, 40, generator=generator))
        self.register_buffer("centres", torch.randn(3, 40, generator=generator) if clustered else None)
        self.out = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        drawn = (x.flatten(1) @ self.omega.to(x.dtype)).cos()
        if self.centres is None:
            return self.out(drawn)
        return self.out(self.centres.to(x.dtype)[drawn[:, :3].argmax(dim=1)] + 1e-3 * drawn)


class UnrelatedMaps(nn.Module):
    """Maps that any change of the picture draws anew, above 0 as behind a ReLU; and such that never change places."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.register_buffer("omega", 300 * torch.randn(3 * 12 * 12, 4 * 36, generator=generator))
        self.drawn, self.still, self.out = nn.Identity(), nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        self.still(x.abs())
        maps = self.drawn((x.flatten(1) @ self.omega.to(x.dtype)).cos().relu().reshape(-1, 4, 6, 6))
        return self.out(maps.flatten(1))


def test_layers_whose_copies_are_like_unrelated_images(tmp_path: Path) -> None:
    """Maps drawn anew are 100% of the way, where layers that move with the picture are at 0."""
    layers = ("drawn", "still")
    network = network_of(
        UnrelatedMaps(), features=Site("out", "output"), size=12, layers=layers, logits=False
    )
    result = audited(network, ["d4"], smooth_pictures(tmp_path / "p", 30, 12))
    for metric in ("channelwise.cosine", "channelwise.correlation"):
        part = way(result, "d4", metric, "drawn")
        assert part.ci[0] < 1.0 < part.ci[1]
        assert part.value == pytest.approx(1.0, abs=0.03)
        assert (len(part.null), part.notes) == (15, ())
        assert way(result, "d4", metric, "still").value == pytest.approx(0.0, abs=EXACT)


def test_intervals_of_layers_from_the_saved_numbers(folder: Path, tmp_path: Path) -> None:
    """The file has the numerators and the comparisons with another image; both images are control images."""
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), metrics=("channelwise.*",)
    )
    write_result(audit(small_conv_net(), ["flip", "c4"], options), tmp_path / "r.json")
    saved = read_result(tmp_path / "r.json")
    parts = [entry.to_another for entry in saved.results if entry.layer != "pool"]
    assert len(parts) == 12
    for part in parts:
        pairs = np.array([(own, other) for own, other, _ in part.null])
        assert len(pairs) == len(np.unique(pairs)) - 1 == 15
        distances = np.array([distance for _, _, distance in part.null])
        again = interval(NullRatioSample(np.array(part.per_image), pairs, distances, Scale.log()))
        assert (part.value, *part.ci) == pytest.approx((again.value, again.low, again.high), rel=EXACT)


def test_layers_without_a_way(folder: Path, tmp_path: Path) -> None:
    """No control images, or one; few say why there is no interval; a map that is always the same says why no value."""
    network = small_conv_net()
    for probes in (0, 1):
        result = audited(network, ["flip"], folder, controls=ControlOptions(probes))
        assert entry_of(result, "channelwise.cosine", "flip", "block2").to_another is None
    few = way(
        audited(network, ["flip"], folder, controls=ControlOptions(5)),
        "flip",
        "channelwise.cosine",
        "block2",
    )
    assert few.value is not None
    assert few.ci is None
    assert few.notes == ("interval withheld: 4 comparisons with another image, at least 12 needed",)
    of_set = audited(network, [], folder, sets=["jpeg:30"])
    assert entry_of(of_set, "channelwise.cosine", "jpeg:30", "block2").to_another is None
    nn.init.zeros_(network.module.block1[0].weight)
    nn.init.ones_(network.module.block1[0].bias)
    same = audited(network, ["flip"], smooth_pictures(tmp_path / "p", 3, 16))
    part = way(same, "flip", "channelwise.cosine", "block1")
    assert (part.value, part.ci) == (None, None)
    assert part.notes == ("undefined: another image's maps are no further away",)


class OneBroken(nn.Module):
    """Overflows for the one picture that is all black."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.out = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        dark = x.flatten(1).amax(dim=1) < -1.5
        return self.out(y.mean(dim=(2, 3)) / (~dark)[:, None])


def test_a_control_image_that_is_refused(tmp_path: Path) -> None:
    """Neither it nor the null that was to be against it is part of the scale; places are those of the images left."""
    folder = smooth_pictures(tmp_path / "p", 6, 16)
    Image.new("RGB", (16, 16)).save(folder / "0002.png")
    torch.manual_seed(0)
    network = network_of(OneBroken(), features=Site("out", "output"), layers=("conv",), logits=False)
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 3, "fp64", on_nonfinite="skip"), layers=("conv",)
    )
    result = audit(network, ["flip"], options)
    assert [image.path for image in result.data.images] == [f"000{i}.png" for i in (0, 1, 3, 4, 5)]
    part = way(result, "flip", "channelwise.cosine", "conv")
    assert [(own, other) for own, other, _ in part.null] == [(1, 0), (3, 2), (4, 3)]
    assert len(part.per_image) == 5


def test_images_that_have_no_other(folder: Path) -> None:
    """A saved result that compares an image with one that it does not list contradicts itself."""
    result = audited(small_conv_net(), ["flip"], folder, controls=ControlOptions(3))
    entries = list(result.results)
    at = next(i for i, e in enumerate(entries) if e.to_another is not None and e.to_another.null)
    check_sound(result, "r")
    for broken, words in (
        ({"null": ((1, 24, 0.5),)}, "compares images with others that are not listed"),
        ({"per_image": (0.1,)}, "for 1 of 24 images"),
    ):
        part = entries[at].to_another.model_copy(update=broken)
        entry = entries[at].model_copy(update={"to_another": part})
        changed = [*entries[:at], entry, *entries[at + 1 :]]
        with pytest.raises(InputError, match=words):
            check_sound(result.model_copy(update={"results": tuple(changed)}), "r")


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("name", ["flip", "c4", "d4"])
def test_copies_like_unrelated_images(name: str, clustered: bool, tmp_path: Path) -> None:
    """Copies are drawn as other images are: 100% within the interval, at 2% where nothing clusters."""
    network = network_of(
        Unrelated(clustered=clustered), features=Site("out", "output"), size=12, logits=False
    )
    part = way(audited(network, [name], smooth_pictures(tmp_path / "p", 60, 12)), name)
    assert part.ci[0] < 1.0 < part.ci[1]
    assert part.value == pytest.approx(1.0, abs=0.15 if clustered else 0.02)


class Lifted(nn.Module):
    """A C4 lifting convolution, pooled: C4 acts on its vectors by the regular action."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Parameter(torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(3)))
        self.out = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        filters = torch.stack([self.filters.rot90(h, (-2, -1)) for h in range(4)], dim=1).flatten(0, 1)
        return self.out(nn.functional.conv2d(x, filters.to(x.dtype)).relu().mean(dim=(2, 3)))


def test_a_declared_action_is_undone(tmp_path: Path) -> None:
    """ρ(g)⁻¹f(gx) = f(x), so nothing is left; undeclared, the loop's distances are."""
    folder = smooth_pictures(tmp_path / "p", 4, 13)
    network = network_of(Lifted(), features=Site("out", "output"), size=13, logits=False)
    declared = declaring(network, {"features": {"regular": "c4"}})
    assert way(audited(declared, ["c4"], folder), "c4").value == pytest.approx(0, abs=EXACT)
    turns = [Member(lambda x, q=q: np.rot90(x, q, axes=(-2, -1)).copy()) for q in range(4)]
    orbits = observed_orbits(network, folder, turns)
    expected = [apart([seen["features"] for seen in orbit]) for orbit in orbits]
    assert min(expected) > 0.01
    assert way(audited(network, ["c4"], folder), "c4").per_image == pytest.approx(expected, rel=EXACT)


def test_where_there_is_no_way(folder: Path, tmp_path: Path) -> None:
    """An orbit of one has no copies; M = 0 leaves the distances and says why there is no value."""
    assert entry_of(audited(small_conv_net(), ["c1"], folder), "latent.l2", "c1").to_another is None
    network = small_conv_net()
    nn.init.zeros_(network.module.block3.weight)
    part = way(audited(network, ["flip"], smooth_pictures(tmp_path / "p", 3, 16)), "flip")
    assert (part.value, part.ci, part.per_image) == (None, None, (0.0, 0.0, 0.0))
    assert any("M = 0" in note for note in part.notes)


@pytest.mark.parametrize("method", ["corrected-t", "studentized"])
@pytest.mark.parametrize("separate", [None, 20])
def test_intervals_from_the_saved_numbers(
    folder: Path, tmp_path: Path, method: IntervalMethod, separate: int | None
) -> None:
    """The file's numerators and normaliser's rows, by the run's method, level, resamples and seed."""
    count = 24 if separate is None else 20
    pictures = folder if separate is None else smooth_pictures(tmp_path / "p", 40, 16)
    options = AuditOptions(
        data=DataOptions(pictures, samples=count, norm_samples=separate),
        interval=IntervalOptions(0.9, 300, method, seed=5),
        run=RunOptions("cpu", 8, "fp64"),
        metrics=("latent.l2",),
    )
    write_result(audit(small_conv_net(), ["c4"], options), tmp_path / "r.json")
    saved = read_result(tmp_path / "r.json")
    part, rows = way(saved, "c4"), entry_of(saved, "latent.l2", "c4").per_image
    sample = RatioSample(np.array(part.per_image), np.array(rows.normaliser), separate is None, Scale.log())
    again = interval(sample, method=method, confidence=0.9, resamples=300, seed=5)
    # resamples are of the additive parts of M, where the run had its pairs
    tolerance = EXACT if method == "corrected-t" else 0.1
    assert part.value == pytest.approx(again.value, rel=EXACT)
    assert part.ci == pytest.approx((again.low, again.high), rel=tolerance)
    assert part.ci[0] < part.value < part.ci[1]


def test_simultaneous_intervals_hold_of_the_scale_too(folder: Path) -> None:
    """Values and places on the scale are one family; the two of flip vary as one, and cost no more than one."""
    options = AuditOptions(
        data=DataOptions(folder),
        interval=IntervalOptions(simultaneous=True),
        run=RunOptions("cpu", 8, "fp64"),
        metrics=("latent.l2", "prediction.flip_rate"),
    )
    result = audit(small_conv_net(), ["flip", "c4"], options)
    entries = result.results
    ratios = [
        RatioSample(np.array(v), np.array(e.per_image.normaliser), shared=True, scale=Scale.log())
        for e in entries
        if e.metric == "latent.l2"
        for v in (e.per_image.value, e.to_another.per_image)
    ]
    rates = [
        MeanSample(np.array(e.per_image.value), Scale.rate())
        for e in entries
        if e.metric == "prediction.flip_rate"
    ]
    joint = simultaneous([*ratios, *rates])
    found = [
        e.ci if way is None else way
        for e in entries
        if e.metric == "latent.l2"
        for way in (None, e.to_another.ci)
    ]
    assert found == [pytest.approx((each.low, each.high), rel=EXACT) for each in joint[:4]]
    assert way(result, "flip").ci == pytest.approx([2 * v for v in entries[0].ci], rel=EXACT)


def test_looks_spend_their_error_on_the_scale_too(folder: Path) -> None:
    """The interval has the confidence of the look that ended the run, as the value's has."""
    options = AuditOptions(
        data=DataOptions(folder, samples=20),
        run=RunOptions("cpu", 8, "fp64"),
        until=UntilOptions(1e-6, max_samples=24),
        metrics=("latent.l2",),
    )
    result = audit(small_conv_net(), ["flip"], options)
    assert result.settings.looks.used == 2
    assert result.settings.looks.confidence > 0.95
    entry = entry_of(result, "latent.l2", "flip")
    assert way(result, "flip").ci == pytest.approx([2 * limit for limit in entry.ci], rel=EXACT)


def test_rows_that_were_cached_without_it(folder: Path, tmp_path: Path) -> None:
    """Features and nulls that an earlier run kept for other measures are what the scale is made of."""
    network = replace(small_conv_net(), source="timm")
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), cache=tmp_path / "rows"
    )
    audit(network, ["c4"], replace(options, metrics=("latent.cosine", "channelwise.*")))
    cached = audit(network, ["c4"], replace(options, metrics=("latent.l2", "channelwise.cosine")))
    fresh = audit(network, ["c4"], replace(options, metrics=("latent.l2", "channelwise.cosine"), cache=None))
    assert cached.timing.cached == 23  # the first one's rounding of latent.l2 is new
    assert [entry.to_another for entry in cached.results] == [entry.to_another for entry in fresh.results]
    assert way(cached, "c4").value is not None


def test_the_twin_has_its_own_place(folder: Path) -> None:
    """Its own copies over its own M, not the network's."""
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), controls=ControlOptions(2)
    )
    networks = [small_conv_net(), small_conv_net(1)]
    own, twin = audit_together(networks, ["c4"], options)
    both = with_twin(own, twin)
    assert way(both, "c4") == replace_twin(way(own, "c4"), way(twin, "c4"))
    assert entry_of(both, "latent.cosine", "c4").to_another is None


def replace_twin(part: ToAnother, twin: ToAnother) -> ToAnother:
    return part.model_copy(update={"twin": twin.value, "twin_ci": twin.ci})
