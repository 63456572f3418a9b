"""Looking several times without losing the level."""

import pytest

from geed_cli.errors import InputError
from geed_cli.statistics.enough import look_confidences, look_sizes


def test_looks_double_up_to_the_last() -> None:
    """25, 50, 100, and 180 as the last; a single look where there is no room."""
    assert look_sizes(25, 180) == (25, 50, 100, 180)
    assert look_sizes(25, 200) == (25, 50, 100, 200)
    assert look_sizes(25, 25) == (25,)


@pytest.mark.parametrize("sizes", [(25,), (25, 50), (25, 50, 100, 180), (20, 40, 80, 160, 320, 321)])
def test_the_error_spent_is_the_error_allowed(sizes: tuple[int, ...]) -> None:
    """The looks' α sum to 0.05, and no look is free."""
    alphas = [1.0 - c for c in look_confidences(sizes)]
    assert sum(alphas) == pytest.approx(0.05)
    assert min(alphas) > 0.0


def test_four_doubling_looks_by_hand() -> None:
    """α/8, α/8, α/4, α/2."""
    levels = look_confidences((25, 50, 100, 200))
    assert levels == pytest.approx([1 - 0.05 / 8, 1 - 0.05 / 8, 1 - 0.05 / 4, 1 - 0.05 / 2])
    assert look_confidences((25,)) == pytest.approx((0.95,))


def test_a_look_too_small_for_an_interval_is_refused() -> None:
    """Below 20 images intervals are withheld."""
    with pytest.raises(InputError, match="from 10 to 100"):
        look_sizes(10, 100)
