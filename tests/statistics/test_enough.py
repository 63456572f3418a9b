"""Forecasting how many images are enough."""

import math

import numpy as np

from geed_cli.statistics.difference import Difference, difference
from geed_cli.statistics.enough import images_to_decide, images_to_halve
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale


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
    tie = difference(cells[0], cells[1])
    assert tie.value is not None
    assert tie.low is not None
    times = math.ceil((images_to_decide(tie, 50) or 0) / 50)
    more = difference(*(MeanSample(np.tile(c.values, times), c.scale) for c in cells))
    assert times > 1
    assert more.low is not None
    assert more.low > 0.0


def test_widths_go_with_the_root() -> None:
    """Half the width costs four times the images."""
    assert images_to_halve(50) == 200
