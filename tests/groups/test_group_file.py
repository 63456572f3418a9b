"""Groups closed from generators in a file, equal to the catalogue's; and files that describe none."""

from pathlib import Path

import numpy as np
import pytest

from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named


def read(folder: Path, generators: str, name: str = "mine") -> FiniteGroup:
    """The group that a file with these generators gives."""
    path = folder / "Group.yaml"
    path.write_text(f"name: {name}\ngenerators: {generators}\n")
    return group_named(str(path))


@pytest.mark.parametrize("turn", ["90", "1/4", "90.0", "-270", "450"])
def test_c4_from_one_generator_equals_c4(tmp_path: Path, turn: str) -> None:
    """The same elements in the same order, so the same table, however the turn is written."""
    group, c4 = read(tmp_path, f"[{{turn: {turn}}}]"), group_named("c4")
    assert group.name == "mine"
    assert group.transforms == c4.transforms
    assert np.array_equal(group.table, c4.table)


@pytest.mark.parametrize(
    ("generators", "name"),
    [
        ("[{turn: 90}, {mirror: true}]", "d4"),
        ("[{mirror: true}, {turn: 180, mirror: true}]", "flips"),
        ("[{mirror: true, turn: 60}, {mirror: true}]", "d6"),
        ("[{shift: [1/7, 0]}, {shift: [0, 1/7]}]", "shift7"),
        ("[{shift: [0, 3/7]}, {mirror: true}]", "flip*xshift7"),
        ("[{colour: gbr}, {colour: grb}]", "rgb"),
        ("[{hue: 22.5}]", "hue16"),
        ("[{hue: 1/8, invert: true}, {invert: true}]", "hue8*invert"),
        ("[{turn: 90}, {shift: [1/3, 0]}]", "c4*shift3"),
        ("[{turn: 0}]", "c1"),
    ],
)
def test_generators_give_the_catalogues_groups(tmp_path: Path, generators: str, name: str) -> None:
    """As sets of elements."""
    assert set(read(tmp_path, generators).transforms) == set(group_named(name).transforms)


def test_a_group_that_has_no_name(tmp_path: Path) -> None:
    """A quarter turn that also permutes the channels: order lcm(4, 3), cyclic, and not a product."""
    group = read(tmp_path, "[{turn: 90, colour: gbr}]")
    assert group.order == 12
    assert max(group.element_orders) == 12


def test_a_file_may_be_a_factor(tmp_path: Path) -> None:
    """The product's name has the file's name for the group."""
    path = tmp_path / "turns.yml"
    path.write_text("name: Turns\ngenerators: [{turn: 1/4}]\n")
    group = group_named(f"{path}*invert")
    assert group.name == "Turns*invert"
    assert set(group.transforms) == set(group_named("c4*invert").transforms)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\ngenerators:\n  - {turns: 90}\n", r":3: unknown key .*turns"),
        ("name: a\ngenerators: []\n", "'generators': is empty"),
        ("name: a\n", "'generators' is missing"),
        ("generators: [{turn: 90}]\n", "'name' is missing"),
        ("name: a*b\ngenerators: [{turn: 90}]\n", "name"),
        ("name: a\ngenerators: [{}]\n", "without keys"),
        ("name: a\ngenerators: [{turn: quarter}]\n", "is 'quarter'"),
        ("name: a\ngenerators: [{turn: 1/0}]\n", "is '1/0'"),
        ("name: a\ngenerators: [{turn: true}]\n", "turn"),
        ("name: a\ngenerators: [{mirror: 1}]\n", r"generators\.0\.mirror"),
        ("name: a\ngenerators: [{shift: [0.5, 0]}]\n", "shift"),
        ("name: a\ngenerators: [{shift: [1/7]}]\n", r"generators\.0\.shift"),
        ("name: a\ngenerators: [{colour: rgg}]\n", "is 'rgg'"),
        ("name: a\ngenerators: [{turn: 1/8}, {shift: [1/7, 0]}]\n", "no product"),
        ("name: a\ngenerators: [{turn: 1/8, shift: [1/7, 0]}]\n", "no product"),
        ("name: a\ngenerators: [{turn: 1/1025}]\n", "more than 1024 elements"),
        ("name: a\ngenerators: [{shift: [1/33, 0]}, {shift: [0, 1/33]}]\n", "more than 1024 elements"),
        ("name: C4\ngenerators: [{turn: 45}]\n", "a name of the catalogue"),
        ("- a\n", "a list"),
        ("name: [", "not YAML"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Exit code 2, naming the file."""
    path = tmp_path / "g.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        group_named(str(path))


def test_the_largest_order_is_allowed(tmp_path: Path) -> None:
    """1024 elements, one generator."""
    assert read(tmp_path, "[{turn: 1/1024}]").order == 1024


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is in the message, its case kept."""
    with pytest.raises(InputError, match=r"Missing\.yaml"):
        group_named(str(tmp_path / "Missing.yaml"))
