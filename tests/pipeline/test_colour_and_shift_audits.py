"""Colours, cyclic shifts, products and groups from files through whole audits, each against a loop by hand."""

import colorsys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.measures import Array, norm
from reference.orbits import Member, channelwise_row, kl_row, l2_row
from support.audits import audited, observed_orbits
from support.equivariant_networks import declaring
from support.networks import network_of, small_conv_net
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.models.network import Network, Site
from geed_cli.result.schema import Result

EXACT = 1e-8
"""Both run in float64."""
SIZE = 12
PICTURES = (5, SIZE)


def assert_vectors(result: Result, group: str, folder: Path, members: dict[str, Member]) -> None:
    """latent.l2 and softmax.kl of the small network for every element, found by its name."""
    orbits = observed_orbits(small_conv_net(size=SIZE), folder, list(members.values()))
    still = [Member()] * len(members)
    rows = {
        "latent.l2": [l2_row([s["features"] for s in orbit], still, range(len(still))) for orbit in orbits],
        "softmax.kl": [kl_row([s["logits"] for s in orbit], still, range(len(still))) for orbit in orbits],
    }
    for metric, expected in rows.items():
        found = entry_of(result, metric, group).per_element
        assert set(found) == set(members)
        wanted = dict(zip(members, np.mean(expected, axis=0), strict=True))
        assert found == pytest.approx(wanted, abs=EXACT)


def assert_layers(
    result: Result, group: str, folder: Path, members: dict[str, Member], layers: tuple[str, ...]
) -> None:
    """channelwise.cosine for every element, the kernel being e."""
    orbits = observed_orbits(small_conv_net(size=SIZE), folder, list(members.values()))
    places = list(members)
    for layer in layers:
        rows = [
            channelwise_row([s["layers"][layer] for s in orbit], list(members.values()), [places.index("e")])
            for orbit in orbits
        ]
        wanted = dict(zip(members, np.mean(rows, axis=0), strict=True))
        assert entry_of(result, "channelwise.cosine", group, layer).per_element == pytest.approx(
            wanted, abs=EXACT
        )


ORDERS = {"e": "rgb", "gbr": "gbr", "brg": "brg", "rbg": "rbg", "grb": "grb", "bgr": "bgr"}


def taken_from(order: str) -> Member:
    """Red, green and blue are taken from those channels."""
    return Member(lambda x: np.stack([x["rgb".index(letter)] for letter in order]))


def hue_turned(degrees: float) -> Member:
    """The hue in HSV, pixel by pixel, by the standard library."""

    def show(x: Array) -> Array:
        out = np.empty_like(x)
        for i, j in product(range(x.shape[1]), range(x.shape[2])):
            h, s, v = colorsys.rgb_to_hsv(*x[:, i, j])
            out[:, i, j] = colorsys.hsv_to_rgb((h + degrees / 360) % 1, s, v)
        return out

    return Member(show)


def test_rgb_hue_and_invert_are_the_loops(folder: Path) -> None:
    """All six orders of the channels, five turns of the hue, the negative: latent and softmax by hand."""
    result = audited(small_conv_net(size=SIZE), ["rgb", "hue5", "hue3", "invert"], folder)
    assert_vectors(result, "rgb", folder, {name: taken_from(order) for name, order in ORDERS.items()})
    turns = {"e": Member()} | {f"hue{72 * k}": hue_turned(72 * k) for k in range(1, 5)}
    assert_vectors(result, "hue5", folder, turns)
    # red towards green: what was red is green afterwards, so green is taken from red
    assert_vectors(result, "hue3", folder, {n: taken_from(ORDERS[n]) for n in ("e", "brg", "gbr")})
    assert_vectors(result, "invert", folder, {"e": Member(), "invert": Member(lambda x: 1 - x)})
    for entry in result.results:
        if entry.layer is not None:
            assert entry.status == "not_applicable"
            assert "which changes colours, acts on hidden maps is not known" in entry.notes[0]
    assert all(group.exact == (group.name != "hue5") or group.boundary is None for group in result.groups)


class Grey(nn.Module):
    """Sees the mean of the channels alone."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.block = nn.Conv2d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4, 3)

    def pixels(self, x: Tensor) -> Tensor:
        return x.mean(dim=1, keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.block(self.pixels(x)).relu().mean(dim=(2, 3)))


class Value(Grey):
    """Sees the largest channel alone, which a turn of the hue keeps."""

    def pixels(self, x: Tensor) -> Tensor:
        return x.amax(dim=1, keepdim=True)


class Contrast(Grey):
    """Sees the distance from middle grey, which the negative keeps."""

    def pixels(self, x: Tensor) -> Tensor:
        return x.abs().mean(dim=1, keepdim=True)


def colour_blind(module: nn.Module) -> Network:
    """With equal mean and standard deviation in all channels."""
    network = network_of(module, features=Site("fc", "input"), layers=("block",), size=SIZE)
    return replace(network, input=replace(network.input, mean=(0.5,) * 3, std=(0.25,) * 3))


@pytest.mark.parametrize(
    ("module", "zero", "above"),
    [
        (Grey, ("rgb", "hue3"), ("hue7", "invert")),
        (Value, ("rgb", "hue7"), ("invert",)),
        (Contrast, ("invert", "rgb"), ("hue7",)),
    ],
)
def test_colour_blind_networks(
    folder: Path, module: type[nn.Module], zero: tuple[str, ...], above: tuple[str, ...]
) -> None:
    """0 under what they cannot see, above it under what they can; a declared trivial layer is at −1."""
    network = colour_blind(module())
    result = audited(network, [*zero, *above], folder)
    for group in zero:
        assert entry_of(result, "latent.l2", group).value == pytest.approx(0, abs=EXACT)
        assert entry_of(result, "softmax.kl", group).value == pytest.approx(0, abs=EXACT)
    for group in above:
        assert entry_of(result, "latent.l2", group).value > 0.01
    declared = audited(declaring(network, {"block": "trivial"}), [*zero, *above], folder)
    for group in zero:
        assert entry_of(declared, "channelwise.cosine", group, "block").value == pytest.approx(-1, abs=EXACT)
    for group in above:
        assert entry_of(declared, "channelwise.correlation", group, "block").value > -1 + 1e-6


def fourths(axis: int, k: int) -> Member:
    """Right or down by k fourths of the side: whole pixels on 12, half pixels on 6."""

    def move(x: Array) -> Array:
        pixels = k * x.shape[axis] / 4
        whole, rest = int(pixels // 1), pixels % 1
        return (1 - rest) * np.roll(x, whole, axis) + rest * np.roll(x, whole + 1, axis)

    return Member(move, move)


@pytest.mark.parametrize(("group", "axis", "letter"), [("xshift4", -1, "x"), ("yshift4", -2, "y")])
def test_shifts_are_rolls(folder: Path, group: str, axis: int, letter: str) -> None:
    """Right and down are positive; on 6×6 maps odd fourths are interpolated, with a note, and have no floor."""
    result = audited(small_conv_net(size=SIZE), [group], folder)
    names = ["e", f"{letter}1/4", f"{letter}1/2", f"{letter}3/4"]
    members = {name: fourths(axis, k) for k, name in enumerate(names)}
    assert_vectors(result, group, folder, members)
    assert_layers(result, group, folder, members, ("block1", "block2", "block3"))
    assert result.groups[0].exact
    for layer, noted in (("block1", False), ("block2", True)):
        entry = entry_of(result, "channelwise.cosine", group, layer)
        assert any("not whole pixels" in note for note in entry.notes) == noted
        assert "floor" not in entry.controls


def test_shifts_both_ways(folder: Path) -> None:
    """shift2 by hand: down, right, both."""
    result = audited(small_conv_net(size=SIZE), ["shift2"], folder)
    half = {"e": (0, 0), "x1/2": (0, 1), "y1/2": (1, 0), "y1/2*x1/2": (1, 1)}

    def both(down: int, right: int) -> Member:
        def move(x: Array) -> Array:
            return np.roll(x, (down * x.shape[-2] // 2, right * x.shape[-1] // 2), (-2, -1))

        return Member(move, move)

    members = {name: both(*parts) for name, parts in half.items()}
    assert_vectors(result, "shift2", folder, members)
    assert_layers(result, "shift2", folder, members, ("block1", "block2", "block3"))


def test_a_shift_that_is_interpolated_has_a_floor(folder: Path) -> None:
    """Fifths of twelve pixels: round trips there and back, linear around the torus, by hand."""
    network = small_conv_net(size=SIZE)
    result = audited(network, ["xshift5"], folder)
    (group,) = result.groups
    assert (group.exact, group.boundary, group.interpolation) == (False, None, "bilinear")

    def fifths(k: int) -> Member:
        def move(x: Array) -> Array:
            whole, rest = divmod(12 * k, 5)
            return (1 - rest / 5) * np.roll(x, whole, -1) + rest / 5 * np.roll(x, whole + 1, -1)

        return Member(move)

    there = [fifths(k) for k in range(5)]
    trips = [Member(lambda x, k=k: there[-k % 5].show(there[k].show(x))) for k in range(5)]
    gaps = [
        norm(seen["features"] - orbit[0]["features"])
        for orbit in observed_orbits(network, folder, trips)
        for seen in orbit
    ]
    entry = entry_of(result, "latent.l2", "xshift5")
    assert entry.controls["floor"] == pytest.approx(np.mean(gaps) / entry.normaliser, abs=EXACT)
    assert list(entry.per_element) == ["e", "x1/5", "x2/5", "x3/5", "x4/5"]


def mirrored(x: Array) -> Array:
    return x[..., ::-1].copy()


def half_right(x: Array) -> Array:
    return np.roll(x, x.shape[-1] // 2, -1)


def test_products_are_the_loops(folder: Path) -> None:
    """flip*invert and flip*xshift2, every product written out."""
    result = audited(small_conv_net(size=SIZE), ["flip*invert", "flip*xshift2"], folder)
    negative = {
        "e": Member(),
        "invert": Member(lambda x: 1 - x),
        "m": Member(mirrored),
        "m*invert": Member(lambda x: 1 - mirrored(x)),
    }
    assert_vectors(result, "flip*invert", folder, negative)
    assert entry_of(result, "channelwise.cosine", "flip*invert", "block1").status == "not_applicable"
    both = {
        "e": Member(),
        "m": Member(mirrored, mirrored),
        "x1/2": Member(half_right, half_right),
        "x1/2*m": Member(lambda x: half_right(mirrored(x)), lambda x: half_right(mirrored(x))),
    }
    assert_vectors(result, "flip*xshift2", folder, both)
    assert_layers(result, "flip*xshift2", folder, both, ("block1", "block2", "block3"))


FILES = {
    "c4": "name: quarters\ngenerators:\n  - turn: 90\n",
    "d4": "name: square\ngenerators:\n  - {turn: 1/4}\n  - mirror: true\n",
    "rgb": "name: colours\ngenerators:\n  - colour: gbr\n  - colour: rbg\n",
    "flip*xshift2": "name: torus\ngenerators:\n  - {mirror: true}\n  - {shift: [0, 1/2]}\n",
    "c8": "name: eighths\ngenerators:\n  - turn: 45\n",
}


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.heavy] * (each not in {"c4", "rgb"})) for each in FILES]
)
def test_a_group_from_generators_is_its_catalogue_twin(folder: Path, tmp_path: Path, name: str) -> None:
    """Entry for entry, element by element, whatever the order of the elements; both in one run, too."""
    path = tmp_path / "group.yaml"
    path.write_text(FILES[name])
    called = FILES[name].split()[1]
    known = audited(small_conv_net(size=SIZE), [name], folder)
    found = audited(small_conv_net(size=SIZE), [str(path)], folder)
    both = audited(small_conv_net(size=SIZE), [name, str(path)], folder)
    assert sorted(found.groups[0].elements) == sorted(known.groups[0].elements)
    assert replace_name(found, name).exact == known.groups[0].exact
    for entry in known.results:
        for other in (
            entry_of(found, entry.metric, called, entry.layer),
            entry_of(both, entry.metric, called, entry.layer),
        ):
            assert other.status == entry.status
            # sums over another order of the elements
            assert other.value == pytest.approx(entry.value, abs=1e-12)
            assert other.per_element == pytest.approx(entry.per_element, abs=1e-12)
            assert other.controls == pytest.approx(entry.controls, abs=1e-12)
            assert other.status != "ok" or other.notes == entry.notes


def replace_name(result: Result, name: str) -> object:
    """The only group of a result under another name."""
    return result.groups[0].model_copy(update={"name": name})


def test_a_file_is_a_factor(folder: Path, tmp_path: Path) -> None:
    """``quarters.yaml*invert`` is c4*invert."""
    path = tmp_path / "quarters.yaml"
    path.write_text(FILES["c4"])
    found = audited(small_conv_net(size=SIZE), [f"{path}*invert"], folder)
    known = audited(small_conv_net(size=SIZE), ["c4*invert"], folder)
    for one, other in zip(found.results, known.results, strict=True):
        assert one.group == "quarters*invert"
        assert one.model_copy(update={"group": other.group}) == other
