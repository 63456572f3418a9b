"""Natural scales: inverse, slope and bend against each other, and ranges that are never left."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.statistics.scale import Scale

SCALES = [
    Scale.log(),
    Scale.bounded(-1.0, 1.0),
    Scale.bounded(0.0, math.log(8)),
    Scale.rate(),
    Scale.identity(),
]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_derivatives_by_differences(scale: Scale, share: float) -> None:
    """ψ′ and ψ″/ψ′ equal central differences; ψ⁻¹(ψ(v)) = v."""
    v = scale.lo + share * (scale.hi - scale.lo) if math.isfinite(scale.hi) else 0.1 + share
    h = 1e-5 * min(v - scale.lo, scale.hi - v, 1.0)
    up, mid, down = (float(scale.forward(x)) for x in (v + h, v, v - h))
    assert scale.inverse(mid) == pytest.approx(v)
    assert float(scale.slope(v)) == pytest.approx((up - down) / (2 * h), rel=1e-6)
    slopes = float(scale.slope(v + h)), float(scale.slope(v - h))
    bend = (slopes[0] - slopes[1]) / (2 * h) / float(scale.slope(v))
    assert scale.bend(v) == pytest.approx(
        bend, rel=1e-4, abs=1e-4
    )  # second-order truncation of the difference


@given(position=st.floats(-1e300, 1e300), scale=st.sampled_from(SCALES))
def test_inverse_stays_in_range(position: float, scale: Scale) -> None:
    """Every finite position maps to a finite value within the limits."""
    value = scale.inverse(position)
    assert math.isfinite(value)
    assert scale.lo <= value <= scale.hi
