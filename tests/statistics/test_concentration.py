"""How few images carry a mean."""

import numpy as np
import pytest

from geed_cli.statistics.validity import carriers, concentration_note


@pytest.mark.parametrize(
    ("values", "few"),
    [([1, 1, 1, 1], 2), ([10, 1, 1, 1], 1), ([5, 5, 1, 1], 2), ([0, 0, 0], 0), ([4, np.nan, 1], 1), ([], 0)],
)
def test_carriers_by_hand(values: list[float], few: int) -> None:
    """The fewest whose values add up to half of the sum."""
    assert carriers(np.array(values, dtype=float)) == few


def test_a_note_only_where_a_twentieth_carries_half() -> None:
    """One image of forty with half of all divergence is worth a word; equal images are not."""
    heavy = np.array([39.0, *[1.0] * 39])
    assert concentration_note(heavy) == ("1 of 40 images carry half of the mean",)
    assert concentration_note(np.ones(40)) == ()
    assert concentration_note(heavy[:10]) == ()
