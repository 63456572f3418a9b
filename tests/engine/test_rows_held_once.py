"""Rows of the first image that a second showing leaves as they were are held once: hundreds of layers have them."""

import pytest
import torch
from torch import Tensor

from geed_cli.engine.steady.seen import BYTES_PER_SITE, first_moved, rows_of
from geed_cli.models.network import Site

SITE = Site("layer", "output")


def shares(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


@pytest.mark.parametrize("again", [(None, 0, 1, 2), (2, 0, 1, None), (1, None, None, 0)])
def test_the_same_rows_share_memory(again: tuple[int | None, ...]) -> None:
    """At any places, and where fewer of them are shown."""
    rows = torch.rand(3, 5, 4, 4)
    before = rows_of(rows, (0, 1, 2), vector=False)
    assert not shares(before.values, rows), "a network may write to its activations"
    batch = torch.stack([torch.zeros(5, 4, 4) if number is None else rows[number] for number in again])
    after = rows_of(batch, again, vector=False, before=before)
    assert shares(after.values, before.values)
    assert after.numbers == tuple(sorted(number for number in again if number is not None))
    assert torch.equal(after.values, rows[list(after.numbers)])
    assert first_moved({SITE: before}, {SITE: after}) is None


@pytest.mark.parametrize("change", [1e-7, 1.0, float("nan")])
def test_rows_that_moved_have_their_own(change: float) -> None:
    rows = torch.ones(2, 3)
    before, moved = rows_of(rows, (0, 1), vector=True), rows.clone()
    moved[1, 2] += change
    after = rows_of(moved, (0, 1), vector=True, before=before)
    assert not shares(after.values, before.values)
    assert torch.allclose(after.values, moved, rtol=0, atol=0, equal_nan=True)
    assert (first_moved({SITE: before}, {SITE: after}) is None) == (change == 1e-7)


def test_other_rows_have_their_own() -> None:
    """Where others are shown first, they are not those that are held first."""
    rows = torch.ones(3, 4)
    before = rows_of(rows, (0, 1, 2), vector=True)
    for again in ((None, 1, 2), (0, 0, 1)):
        after = rows_of(rows, again, vector=True, before=before)
        assert not shares(after.values, before.values)


def test_as_many_rows_of_a_layer_are_held_as_fit() -> None:
    """One at least, and all of a vector."""
    side = 2**8
    large = torch.zeros(3, BYTES_PER_SITE // (4 * side * side), side, side)
    small = torch.zeros(3, BYTES_PER_SITE // (4 * side * side) // 2, side, side)
    wide = torch.zeros(3, 2 * BYTES_PER_SITE)
    assert rows_of(large, (0, 1, 2), vector=False).numbers == (0,)
    assert rows_of(small, (0, 1, 2), vector=False).numbers == (0, 1)
    assert rows_of(wide, (0, 1, 2), vector=True).numbers == (0, 1, 2)
