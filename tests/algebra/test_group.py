"""The group axioms over the whole catalogue, and the tables of small groups against the literature."""

import numpy as np
import pytest

from geed_cli.algebra.catalogue import MAX_N, group_named
from geed_cli.algebra.group import FiniteGroup
from geed_cli.algebra.transform import IDENTITY, MIRROR, QUARTER, Planar
from geed_cli.errors import InputError

NAMES = ["flip", "vflip", "flips", *(f"{kind}{n}" for kind in "cd" for n in range(1, MAX_N + 1))]


@pytest.mark.parametrize("name", NAMES)
def test_axioms(name: str) -> None:
    """Closure (the table exists), identity 0, inverses, associativity; rows and columns are permutations."""
    group = group_named(name)
    table, n = group.table, group.order
    assert np.array_equal(table[0], np.arange(n))
    assert np.array_equal(table[:, 0], np.arange(n))
    assert all(sorted(row) == list(range(n)) for row in table)
    assert all(table[g, group.inverse(g)] == 0 for g in range(n))
    # (gh)k = g(hk): table[table] indexes [g, h, k] as (gh)k; the other side takes the table's rows at hk
    assert np.array_equal(table[table], table[np.arange(n)[:, None, None], table[None]])


@pytest.mark.parametrize(("name", "order"), [("flip", 2), ("vflip", 2), ("flips", 4), ("c8", 8), ("d8", 16)])
def test_orders_are_the_papers(name: str, order: int) -> None:
    """c<n> has n elements and d<n> has 2n: the paper's D8 has 16."""
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


def test_element_names_differ_in_every_group() -> None:
    """Per-element means are keyed by name, so no two names may agree, not even in c7 or d64."""
    for name in NAMES:
        assert len(set(group_named(name).elements)) == group_named(name).order


def test_shared_elements_are_equal() -> None:
    """Flip ⊂ d4 ⊂ d8 as sets of transforms, so that a run evaluates them once."""
    flip, d4, d8 = (set(group_named(name).transforms) for name in ("flip", "d4", "d8"))
    assert flip < d4 < d8


@pytest.mark.parametrize("transforms", [(MIRROR,), (IDENTITY, IDENTITY), (IDENTITY, MIRROR, Planar(QUARTER))])
def test_no_group_without_identity_first_or_with_repeats(transforms: tuple[Planar, ...]) -> None:
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
