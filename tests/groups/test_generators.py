"""Groups from generators in Python: the grammar of files, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest

import geed_cli as geed
from geed_cli.errors import InputError


@pytest.mark.parametrize("turn", [90, 90.0, "1/4", Fraction(1, 4), np.int64(90), np.float32(90), -270])
def test_a_quarter_turn_however_it_is_written(turn: object) -> None:
    group = geed.Group.from_generators([{"turn": turn}], name="mine")
    assert group.name == "mine"
    assert group.transforms == geed.group_named("c4").transforms


def test_several_generators() -> None:
    group = geed.Group.from_generators(
        [{"turn": 90}, {"shift": (Fraction(1, 3), 0)}, {"invert": True}], name="mine"
    )
    assert set(group.transforms) == set(geed.group_named("c4*shift3*invert").transforms)
    assert isinstance(group, geed.Group)


def test_ways_out_of_refusals() -> None:
    """What they propose to write gives a group."""
    assert geed.Group.from_generators([{"turn": 90}, {"mirror": True}], name="mine").order == 8
    assert geed.Group.from_generators([{"turn": 90}], name="my-c4").order == 4


@pytest.mark.parametrize(
    ("generators", "name", "found"),
    [
        ([], "mine", "empty"),
        ([{}], "mine", "without keys"),
        ([{"turns": 90}], "mine", "unknown key 'generators.0.turns'"),
        ([{"turn": "a bit"}], "mine", "a bit"),
        ([{"turn": object()}], "mine", "a object is no text and no number"),
        ([{"turn": 0.1}], "mine", "more than 1024"),
        ([{"turn": 45}, {"shift": ["1/7", 0]}], "mine", "have no product"),
        ([{"turn": 90}], "c4", "a name of the catalogue"),
        ([{"turn": 90}], "my group!", "my group!"),
        ({"turn": 90}, "mine", "a mapping"),
    ],
)
def test_what_is_refused(generators: list[dict[str, object]], name: str, found: str) -> None:
    with pytest.raises(InputError) as refused:
        geed.Group.from_generators(generators, name=name)
    assert found in str(refused.value)
