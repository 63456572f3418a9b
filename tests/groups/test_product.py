"""Products of groups: orders and elements by hand, and refusals that name the group to take instead."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.errors import InputError
from geed_cli.groups.named import group_named

COMMUTING = (("flip", "vflip", "c4", "c8", "d4"), ("rgb", "hue5"), ("invert",))
"""Planar groups, colour groups and inversion: factors from different rows always have a product."""


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("flip*xshift7", 14),
        ("xshift3*yshift5", 15),
        ("c4*shift7", 196),
        ("d4*shift11", 968),
        ("c4*flip", 8),
        ("d3*c4", 24),
        ("rgb*invert*c8", 96),
        ("flip*c1", 2),
    ],
)
def test_orders_are_products_of_orders(name: str, order: int) -> None:
    """|A||B|, and the name is kept in the factors' order."""
    group = group_named(name)
    assert group.order == order
    assert group.name == name


@given(st.permutations([*range(3)]), st.tuples(*(st.sampled_from(row) for row in COMMUTING)))
def test_factors_that_commute_may_come_in_any_order(order: list[int], names: tuple[str, ...]) -> None:
    """The same elements, and the product of the orders."""
    group = group_named("*".join(names[k] for k in order))
    assert set(group.transforms) == set(group_named("*".join(names)).transforms)
    expected = 1
    for name in names:
        expected *= group_named(name).order
    assert group.order == expected


def test_products_are_the_groups_they_should_be() -> None:
    """Rotations and the mirror make D4; right and down make both ways; D3 and C4 make D12."""
    for product, plain in (("c4*flip", "d4"), ("yshift5*xshift5", "shift5"), ("d3*c4", "d12")):
        assert set(group_named(product).transforms) == set(group_named(plain).transforms)


def test_flip_and_shifts_make_a_dihedral_group() -> None:
    """The relation m x m = x⁻¹: seven mirrors of order 2 and six shifts of order 7."""
    group = group_named("flip*xshift7")
    assert sorted(group.element_orders) == [1, *[2] * 7, *[7] * 6]
    x, m = group.elements.index("x1/7"), group.elements.index("m")
    assert group.table[group.table[m, x], m] == group.inverse(x)


def test_spelling_is_made_canonical() -> None:
    """Upper case, spaces and leading zeros are accepted."""
    assert group_named(" Flip * XSHIFT07 ").name == "flip*xshift7"


@pytest.mark.parametrize(
    ("name", "order", "instead"),
    [
        ("c4*xshift7", 196, "c4*shift7"),
        ("xshift7*d4", 392, "d4*shift7"),
        ("flip*flip", 2, "flip"),
        ("c4*c2", 4, "c4"),
        ("d4*c8", 16, "d8"),
        ("vflip*flips", 4, "flips"),
        ("xshift4*xshift6", 12, "xshift12"),
        ("shift2*yshift4", 8, "yshift4*xshift2"),
        ("shift32*xshift32", 1024, "shift32"),
        ("hue3*rgb", 6, "rgb"),
        ("hue4*invert*hue2", 8, "hue4*invert"),
        ("c4*rgb*flips", 48, "d4*rgb"),
    ],
)
def test_a_product_that_is_no_group_says_which_group_to_take(name: str, order: int, instead: str) -> None:
    """Elements repeat or products leave the set: the order of the smallest group with all, and its name.

    The orders are of the groups generated, by hand; the name under "try:" must have that order.
    """
    with pytest.raises(InputError) as refusal:
        group_named(name)
    assert f"holds them has {order} elements" in refusal.value.expected
    assert f"-g '{instead}'" in refusal.value.remedy
    assert group_named(instead).order == order


def test_a_group_without_a_name_is_written_in_a_file() -> None:
    """Ninths of the hue with all channel orders: 18 elements that no product of names has."""
    with pytest.raises(InputError, match="54 products, but only 18 different") as refusal:
        group_named("hue9*rgb")
    assert "YAML" in refusal.value.remedy


@pytest.mark.parametrize(
    "name", [pytest.param("shift32*invert", marks=pytest.mark.heavy), "c64*d63", "d5*c7*xshift2*hue64"]
)
def test_products_beyond_the_largest_order_are_never_written_out(name: str) -> None:
    """The smallest of these tables would have four million entries of at least a byte."""
    tracemalloc.start()
    with pytest.raises(InputError, match=r"more than the 1024|no product"):
        group_named(name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_turns_and_shifts_have_no_product() -> None:
    """A rotation by 45 degrees does not act on the torus; the remedy is a product that exists."""
    with pytest.raises(InputError, match="45 degrees and the cyclic shift") as refusal:
        group_named("c8*xshift7")
    assert group_named("c4*shift7").name in refusal.value.remedy
