"""The group axioms over the whole catalogue, and the tables of small groups against the literature."""

import numpy as np
import pytest

from geed_cli.errors import InputError
from geed_cli.groups.families import FAMILIES
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named, groups_named
from geed_cli.groups.planar import QUARTER, Planar
from geed_cli.groups.transform import IDENTITY, MIRROR, Transform

NAMES = [name for family in FAMILIES.values() for name in family.names]
PRODUCTS = [
    "flip*xshift7",
    "c4*shift5",
    "d4*rgb*invert",
    "c4*flip",
    "d3*c4",
    "hue7*invert*c3",
    "d1*shift2*hue2",
]
LARGEST_CUBE = 64
"""Associativity is checked in full up to this order, n³ products; above it on a sample of elements."""


@pytest.mark.parametrize("name", NAMES + PRODUCTS)
def test_axioms(name: str) -> None:
    """Closure (the table exists), identity 0, inverses, associativity; rows and columns are permutations."""
    group = group_named(name)
    table, n = group.table, group.order
    assert np.array_equal(table[0], np.arange(n))
    assert np.array_equal(table[:, 0], np.arange(n))
    assert np.array_equal(np.sort(table, axis=1), np.tile(np.arange(n), (n, 1)))
    assert all(table[g, group.inverse(g)] == 0 for g in range(n))
    some = (
        np.arange(n) if n <= LARGEST_CUBE else np.random.default_rng(n).choice(n, LARGEST_CUBE, replace=False)
    )
    # (gh)k = g(hk) for the elements g, h, k of the sample
    g, h, k = some[:, None, None], some[None, :, None], some[None, None, :]
    assert np.array_equal(table[table[g, h], k], table[g, table[h, k]])


@pytest.mark.parametrize("name", ["flips", "d5", "c12", *PRODUCTS])
def test_the_table_is_the_product_entry_by_entry(name: str) -> None:
    """The table is made from few products; here every one of them is worked out."""
    group = group_named(name)
    for g, outer in enumerate(group.transforms):
        for h, inner in enumerate(group.transforms):
            assert group.transforms[group.table[g, h]] == outer @ inner


@pytest.mark.parametrize(
    ("name", "order"),
    [
        *(("flip", 2), ("vflip", 2), ("flips", 4), ("c8", 8), ("d8", 16)),
        *(("xshift7", 7), ("yshift7", 7), ("shift7", 49), ("shift32", 1024)),
        *(("rgb", 6), ("hue5", 5), ("invert", 2)),
    ],
)
def test_orders_are_the_papers(name: str, order: int) -> None:
    """c<n> has n elements and d<n> has 2n: the paper's D8 has 16; shift<n> goes both ways, n²."""
    assert group_named(name).order == order


def test_c4_is_addition_modulo_4() -> None:
    """Z/4, by hand."""
    assert group_named("c4").table.tolist() == [[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]]


def test_d3_is_not_commutative_and_mirrors_have_order_two() -> None:
    """D3 ≅ S3: r m ≠ m r, and m r = r⁻¹ m."""
    group = group_named("d3")
    r, m = 1, 3
    assert group.table[r, m] != group.table[m, r]
    assert group.table[m, r] == group.table[2, m]
    assert all(group.table[g, g] == 0 for g in range(3, 6))


def test_flips_is_the_klein_four_group() -> None:
    """Every element is its own inverse."""
    assert np.diagonal(group_named("flips").table).tolist() == [0, 0, 0, 0]


def test_rgb_is_the_symmetric_group_of_three_letters() -> None:
    """Two elements of order 3, three swaps, and not commutative; hue3 are its even permutations."""
    group = group_named("rgb")
    assert sorted(group.element_orders) == [1, 2, 2, 2, 3, 3]
    assert not group.commutative
    assert set(group_named("hue3").transforms) < set(group.transforms)


def test_orders_of_elements_and_commutativity() -> None:
    """C6 by hand, and n/gcd(n, k) for every rotation of c64; shift3 is commutative, d3 is not."""
    assert group_named("c6").element_orders == (1, 6, 3, 2, 3, 6)
    assert group_named("c64").element_orders == tuple(64 // np.gcd(64, k) for k in range(64))
    assert group_named("shift3").commutative
    assert not group_named("d3").commutative


def test_exact_at_a_size_where_shifts_are_whole_pixels() -> None:
    """224 = 7·32 and 225 = 9·25; turns do not ask for the size, and colours are never resampled."""
    shift = group_named("shift7")
    assert shift.exact
    assert shift.steps == 7
    assert shift.exact_at(224)
    assert not shift.exact_at(225)
    assert group_named("d4*invert*hue5").exact_at(225)
    assert not group_named("c8").exact_at(224)


@pytest.mark.heavy
def test_element_names_differ_in_every_group() -> None:
    """Per-element means are keyed by name, so no two names may agree, not even in c7 or d64."""
    for name in NAMES + PRODUCTS:
        assert len(set(group_named(name).elements)) == group_named(name).order


def test_shared_elements_are_equal() -> None:
    """Flip ⊂ d4 ⊂ d8 as sets of transforms, so that a run evaluates them once."""
    flip, d4, d8 = (set(group_named(name).transforms) for name in ("flip", "d4", "d8"))
    assert flip < d4 < d8


@pytest.mark.parametrize(
    "transforms", [(MIRROR,), (IDENTITY, IDENTITY), (IDENTITY, MIRROR, Transform(Planar(QUARTER)))]
)
def test_no_group_without_identity_first_or_with_repeats(transforms: tuple[Transform, ...]) -> None:
    """The table would be wrong in silence."""
    with pytest.raises(ValueError, match="group broken"):
        FiniteGroup("broken", transforms).table  # noqa: B018 - the table is made on access


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("flop", "there is no group 'flop'"),
        ("c0", "n = 0"),
        ("d65", "n = 65"),
        ("", "no group ''"),
        ("c-4", "no"),
        ("c", "there is no group 'c'"),
        ("rgb3", "there is no group 'rgb3'"),
        ("hue65", "n = 65"),
        ("shift33", "n = 33"),
        ("flip*flop", "there is no group 'flop'"),
        ("flip*", "lacks a factor"),
    ],
)
def test_unknown_groups_are_refused(name: str, message: str) -> None:
    """Exit code 2, and the command that lists them."""
    with pytest.raises(InputError, match=message) as refusal:
        group_named(name)
    assert refusal.value.remedy == "geed ls groups"


def test_a_near_name_is_suggested() -> None:
    """`flps` is probably `flips`."""
    with pytest.raises(InputError) as refusal:
        group_named("flps")
    assert "flips" in refusal.value.expected


def test_groups_are_named_or_given_themselves() -> None:
    mine = FiniteGroup("mine", group_named("c4").transforms)
    assert [group.name for group in groups_named(["flip,c2", mine])] == ["flip", "c2", "mine"]
    assert list(groups_named(mine)) == [mine]
    assert list(groups_named("d4")) == [group_named("d4")]
