"""Looking several times, and forecasting how many images are enough."""

import math

import numpy as np
import pytest

from geed_cli.errors import InputError
from geed_cli.statistics import (
    Difference,
    MeanSample,
    Scale,
    difference,
    images_for_width,
    images_to_decide,
    images_to_halve,
    level_at,
    look_confidences,
    look_sizes,
)


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
    levels = [level_at(k, 4) for k in (1, 2, 3, 4)]
    assert levels == pytest.approx([1 - 0.05 / 8, 1 - 0.05 / 8, 1 - 0.05 / 4, 1 - 0.05 / 2])
    assert level_at(1, 1) == pytest.approx(0.95)


def test_unplanned_looks_are_refused() -> None:
    """A fifth look of four, and a first look that no interval can be made of."""
    with pytest.raises(InputError, match="look 5 of 4"):
        level_at(5, 4)
    with pytest.raises(InputError, match="from 10 to 100"):
        look_sizes(10, 100)


def test_a_tie_is_decided_at_the_forecast_number() -> None:
    """Δ = 1 with a limit 3 below it: 9 times the images."""
    assert images_to_decide(Difference(1.0, -2.0, 4.5, 0.6), 50) == 450
    assert images_to_decide(Difference(-1.0, -4.5, 2.0, 0.6), 50) == 450


def test_nothing_to_forecast() -> None:
    """Decided already: n. No difference at all, or no interval: None."""
    assert images_to_decide(Difference(1.0, 0.5, 1.5, 0.01), 50) == 50
    assert images_to_decide(Difference(0.0, -1.0, 1.0, 1.0), 50) is None
    assert images_to_decide(Difference(1.0, None, None, None), 50) is None
    assert images_to_decide(Difference(1e-9, -1.0, 1.0, 1.0), 50) is None


def test_the_forecast_comes_true_on_replicated_images() -> None:
    """Images repeated to the forecast number (the same spread) put the limit at 0, or past it."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=50)
    b = a + 0.1 + 0.5 * rng.normal(size=50)
    cells = [MeanSample(v, Scale.identity()) for v in (a, b)]
    tie = difference(cells[0], cells[1], method="jackknife-t")
    assert tie.value is not None
    assert tie.low is not None
    times = math.ceil((images_to_decide(tie, 50) or 0) / 50)
    more = difference(*(MeanSample(np.tile(c.values, times), c.scale) for c in cells), method="jackknife-t")
    assert times > 1
    assert more.low is not None
    assert more.low > 0.0


def test_widths_go_with_the_root() -> None:
    """Half the width costs four times the images."""
    assert images_to_halve(50) == 200
    assert images_for_width(50, 0.3, 0.1) == 450
