"""Every group and set that geed has is called by a verb and a noun of its own; what is not known has neutral ones."""

import pytest
from support.constructed import group

from geed_cli.groups.families import FAMILIES, Family
from geed_cli.groups.named import group_named
from geed_cli.result.schema import Group
from geed_cli.verdict.transformations import TRANSFORMING, action_of, title_of


def named(name: str) -> Group:
    """A catalogued group as results have it."""
    return group(name, elements=group_named(name).elements)


@pytest.mark.parametrize(
    ("name", "act", "copies", "title"),
    [
        ("flip", "mirroring", "mirrored copies", "left-right mirror"),
        ("vflip", "mirroring", "mirrored copies", "up-down mirror"),
        ("flips", "turning and mirroring", "turned and mirrored copies", "turns and mirrors"),
        ("c2", "turning", "turned copies", "turns by 180°"),
        ("c4", "turning", "turned copies", "turns by 90°"),
        ("c7", "turning", "turned copies", "turns by 51.43°"),
        ("d4", "turning and mirroring", "turned and mirrored copies", "turns by 90° and mirrors"),
        ("d1", "mirroring", "mirrored copies", "left-right mirror"),
        ("xshift7", "shifting", "shifted copies", "cyclic shifts"),
        ("shift3", "shifting", "shifted copies", "cyclic shifts"),
        ("rgb", "exchanging colour channels", "recoloured copies", "orders of the colour channels"),
        ("hue3", "exchanging colour channels", "recoloured copies", "orders of the colour channels"),
        ("hue8", "turning the hue", "recoloured copies", "turns of the hue"),
        ("hue6", "turning the hue", "recoloured copies", "turns of the hue"),
        ("invert", "inverting", "inverted copies", "negatives"),
        (
            "flip*xshift7",
            "mirroring and shifting",
            "mirrored and shifted copies",
            "mirrors and cyclic shifts",
        ),
        ("vflip*invert", "mirroring and inverting", "mirrored and inverted copies", "mirrors and negatives"),
    ],
)
def test_groups_have_words(name: str, act: str, copies: str, title: str) -> None:
    """By hand."""
    action = action_of(named(name))
    assert (action.act, action.copies, title_of(named(name))) == (act, copies, title)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.stem)
def test_every_family_has_words_of_its_own(family: Family) -> None:
    """A new family without words would be "transforming"."""
    name = family.stem + ("" if family.largest is None else "5")
    assert action_of(named(name)) is not TRANSFORMING


def test_sets_have_the_words_of_their_family() -> None:
    """A set of a file, or of calls, has neutral ones; a name cannot make a set a group."""
    blur = group("blur:1,2", elements=("e", "blur1", "blur2"), kind="set")
    assert (action_of(blur).copies, title_of(blur)) == ("blurred copies", "blur, 3 members, no group")
    weather = group("weather", elements=("e", "fog", "dusk"), kind="set")
    assert (action_of(weather).copies, title_of(weather)) == (
        "transformed copies",
        "transformations, 3 members, no group",
    )
    assert action_of(group("odd", elements=("e", "m"), kind="set")) is TRANSFORMING


def test_elements_of_a_later_version_are_transformed() -> None:
    """Nothing is said of what is not known, also beside what is."""
    odd = group("odd", elements=("e", "m", "warp3", "m*warp3"))
    assert action_of(odd) is TRANSFORMING
    assert title_of(odd) == "4 elements"


def test_titles_count_one() -> None:
    """The identity alone is no "1 elements"."""
    assert title_of(named("c1")) == "1 element"
    assert title_of(group("blur:", elements=("e",), kind="set")) == "blur, 1 member, no group"
