"""Grid phase and --phase-correct through whole audits: flags, sizes, and the corrected comparison by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.measures import Array, compare_maps
from reference.orbits import Member
from support.audits import audited, observed_orbits
from support.equivariant_networks import declaring
from support.networks import network_of, small_conv_net
from support.pictures import smooth_pictures
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.models.network import Network, Site
from geed_cli.pipeline.options import ControlOptions
from geed_cli.report.audit_details import grid_sentences

EXACT = 1e-8
"""float64 sums of some hundred products."""
CORRECT = ControlOptions(4, phase_correct=True)
SIZES = (12, 13, 16, 17)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    return {
        size: smooth_pictures(tmp_path_factory.mktemp(f"pictures{size}"), count=5, size=size)
        for size in SIZES
    }


class Square(nn.Module):
    """Convolutions with strides 1, 2 and 2 whose kernels have all symmetries of the square."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = self.symmetric(3, 6, 1)
        self.second = self.symmetric(6, 6, 2)
        self.third = self.symmetric(6, 8, 2)
        self.fc = nn.Linear(8, 3)

    @staticmethod
    def symmetric(taken: int, made: int, stride: int) -> nn.Conv2d:
        layer = nn.Conv2d(taken, made, 3, stride, 1)
        turned = sum(torch.rot90(layer.weight.detach(), k, (-2, -1)) for k in range(4))
        layer.weight = nn.Parameter(turned + turned.flip(-1))
        return layer

    def forward(self, x: Tensor) -> Tensor:
        y = self.third(self.second(self.first(x).relu()).relu())
        return self.fc(y.relu().mean(dim=(2, 3)))


def square(size: int) -> Network:
    return network_of(Square(), features=Site("fc", "input"), layers=("first", "second", "third"), size=size)


def test_flags_say_which_layers_are_broken_and_where_they_are_not(folders: dict[int, Path]) -> None:
    """At 16 the strided layers of flip and c4, none at 17, which is the size that is named; measured likewise."""
    even = audited(square(16), ["flip", "c4"], folders[16])
    flagged = {(phase.group, phase.layer) for phase in even.grid_phase}
    assert flagged == {(group, layer) for group in ("flip", "c4") for layer in ("second", "third")}
    assert {phase.clean_size for phase in even.grid_phase} == {17}
    # windows start at −1: the grid's middle is half an input pixel, a quarter of its own, up and left
    (second,) = [p for p in even.grid_phase if (p.group, p.layer) == ("flip", "second")]
    assert (second.kind, second.offset) == ("off centre", (-0.25, -0.25))
    assert "second (kernel 3, stride 2, padding 1 in front, on 16 pixels)" in second.reason
    odd = audited(square(17), ["flip", "c4"], folders[17])
    assert odd.grid_phase == ()
    for group in ("flip", "c4"):
        for layer in ("first", "second", "third"):
            value = entry_of(even, "channelwise.correlation", group, layer).value
            assert (value > -0.99) == ((group, layer) in flagged)
            clean = entry_of(odd, "channelwise.correlation", group, layer).value
            assert clean == pytest.approx(-1, abs=EXACT)
    (sentence,) = grid_sentences([phase for phase in even.grid_phase if phase.group == "flip"])
    assert sentence.startswith("second, third: sampling grid off centre")
    assert "--img-size 17 centres it" in sentence


def test_a_size_can_be_clean_by_chance_of_arithmetic(folders: dict[int, Path]) -> None:
    """13 → 7 → 4: the second stride falls on an odd number of pixels, and the third layer is centred too."""
    assert audited(square(13), ["d4"], folders[13]).grid_phase == ()
    assert {phase.clean_size for phase in audited(square(12), ["d4"], folders[12]).grid_phase} == {13}


def test_shifts_need_whole_pixels_on_every_grid(folders: dict[int, Path]) -> None:
    """Halves of 16 are whole on 16, 8 and 4; on 12 → 6 → 3 the third layer's are not. Sets and colours have no grid."""
    even = audited(square(16), ["xshift2", "rgb"], folders[16], sets=["gamma:2"])
    assert even.grid_phase == ()
    broken = audited(square(12), ["xshift2", "rgb"], folders[12], sets=["gamma:2"])
    assert [(phase.group, phase.layer, phase.clean_size) for phase in broken.grid_phase] == [
        ("xshift2", "third", 16)
    ]
    assert "1/2 is no whole number" in broken.grid_phase[0].reason
    assert broken.grid_phase[0].kind == "shift"


def sampled(maps: Array, rows: Array, columns: Array) -> Array:
    """Bilinear values at places inside the map."""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, maps.shape[-2] - 1), np.minimum(left + 1, maps.shape[-1] - 1)
    down, across = rows - top, columns - left
    above = (1 - across) * maps[..., top, left] + across * maps[..., top, right]
    below = (1 - across) * maps[..., bottom, left] + across * maps[..., bottom, right]
    return (1 - down) * above + down * below


@pytest.mark.parametrize(("group", "turn"), [("flip", None), ("c2", 2), ("c4", 1)])
def test_the_corrected_comparison_is_the_loops(
    folders: dict[int, Path], group: str, turn: int | None
) -> None:
    """About (n − 1)/2 + 1/4, bilinear, on the pixels whose sources lie inside; nearer to −1 than without."""
    network = square(16)
    result = audited(network, [group], folders[16], controls=CORRECT)
    turns = [0] + ([turn] if turn != 1 else [1, 2, 3]) if turn else [0]
    names = ["e", "m"] if turn is None else [f"r{90 * k}" if k else "e" for k in turns]

    def shown(name: str) -> Member:
        if name == "m":
            return Member(lambda x: x[..., ::-1].copy())
        return Member(lambda x: np.rot90(x, int(name[1:] or 0) // 90 if name != "e" else 0, (-2, -1)).copy())

    orbits = observed_orbits(network, folders[16], [shown(name) for name in names])
    v, u = np.mgrid[0:8, 0:8] - 3.75
    rows = []
    for orbit in orbits:
        still, row = orbit[0]["layers"]["second"], []
        for name, seen in zip(names, orbit, strict=True):
            # counter-clockwise by a quarter: what is now at (down v, right u) was at (down u, right −v)
            down, right = {"e": (v, u), "m": (v, -u), "r90": (u, -v), "r180": (-v, -u), "r270": (-u, v)}[name]
            down, right = down + 3.75, right + 3.75
            inside = (down >= 0) & (down <= 7) & (right >= 0) & (right <= 7)
            wanted = sampled(still, down.clip(0, 7), right.clip(0, 7))
            row.append(compare_maps(inside * seen["layers"]["second"], inside * wanted)[0])
        rows.append(row)
    entry = entry_of(result, "channelwise.cosine", group, "second")
    assert entry.controls["phase_corrected"] == pytest.approx(np.mean(rows), abs=EXACT)
    for layer in ("second", "third"):
        for metric in ("channelwise.cosine", "channelwise.correlation"):
            entry = entry_of(result, metric, group, layer)
            assert -1 <= entry.controls["phase_corrected"] < entry.value
    assert "phase_corrected" not in entry_of(result, "channelwise.cosine", group, "first").controls


def test_no_correction_where_none_is_needed_or_asked_for(folders: dict[int, Path]) -> None:
    """At 17 nothing is off; at 16 nothing is corrected unasked; values are the same either way."""
    assert not corrections(audited(square(17), ["flip"], folders[17], controls=CORRECT))
    plain = audited(square(16), ["flip"], folders[16])
    asked = audited(square(16), ["flip"], folders[16], controls=CORRECT)
    assert not corrections(plain)
    assert [entry.value for entry in plain.results] == [entry.value for entry in asked.results]


def corrections(result: object) -> dict[tuple[str, str], float]:
    return {
        (entry.group, entry.layer): entry.controls["phase_corrected"]
        for entry in result.results
        if entry.metric == "channelwise.cosine" and "phase_corrected" in entry.controls
    }


@pytest.mark.heavy
def test_groups_do_not_lend_each_other_corrections(folders: dict[int, Path]) -> None:
    """Shifts have no centre: beside flip they still have none, though they share e and the mirror with it."""
    groups = ["flip", "xshift2", "flip*xshift2", "d4"]
    together = corrections(audited(square(16), groups, folders[16], controls=CORRECT))
    assert {group for group, _ in together} == {"flip", "d4"}
    for group in ("flip", "d4"):
        alone = corrections(audited(square(16), [group], folders[16], controls=CORRECT))
        assert {key: value for key, value in together.items() if key[0] == group} == pytest.approx(alone)


def test_maps_without_a_pixel_left_are_not_corrected(folders: dict[int, Path]) -> None:
    """A pooled 1×1 map mirrored about a point beside it: no mean over e alone is given out for it."""
    result = audited(small_conv_net(size=16), ["flip", "c4"], folders[16], controls=CORRECT)
    assert {layer for _, layer in corrections(result)} == {"block2", "block3"}


def test_a_resampled_group_is_corrected_inside_the_disc(folders: dict[int, Path]) -> None:
    """c8 at an even size: nearer to −1 about its own centre, floor and correction both in the entry's unit."""
    network = square(16)
    entry = entry_of(
        audited(network, ["c8"], folders[16], controls=CORRECT), "channelwise.correlation", "c8", "second"
    )
    assert entry.controls["phase_corrected"] < entry.value
    trivial = replace(network, layers=("first",))
    assert not corrections(audited(trivial, ["c8"], folders[16], controls=CORRECT))


@pytest.mark.parametrize("action", ["spatial", {"regular": "flip"}])
def test_a_declared_sum_is_corrected_as_its_parts_are(folders: dict[int, Path], action: object) -> None:
    """Six channels in one, or as two and four of the same kind: one number, and a sum with a still part has none."""

    def found(actions: object) -> dict[tuple[str, str], float]:
        network = declaring(replace(square(16), layers=("second",)), {"second": actions})
        return corrections(audited(network, ["flip"], folders[16], controls=CORRECT))

    parts = {"sum": [{"channels": 2, "action": action}, {"channels": 4, "action": action}]}
    whole = found(action)
    assert set(whole) == {("flip", "second")}
    assert found(parts) == pytest.approx(whole, abs=EXACT)
    mixed = {"sum": [{"channels": 2, "action": action}, {"channels": 4, "action": {"spatial": False}}]}
    assert not found(mixed)


def test_layers_that_cannot_be_followed_have_neither_flag_nor_correction(folders: dict[int, Path]) -> None:
    """Behind a transposed convolution nothing is said; what lies before it is judged and corrected as ever."""
    network = square(16)
    network.module.third = nn.ConvTranspose2d(6, 8, 3, 2, 1, 1)
    result = audited(network, ["flip"], folders[16], controls=CORRECT)
    assert {phase.layer for phase in result.grid_phase} == {"second"}
    assert set(corrections(result)) == {("flip", "second")}
