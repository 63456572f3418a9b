"""How many images would be enough, from the interval at hand.

Widths shrink as 1/√n at the present spread, so a factor f in width costs f² in images. These are forecasts:
at the forecast number the interval excludes 0 in about half of the cases, since the estimate itself will
move. A separate normaliser sample has to grow in the same proportion.
"""

import math

from geed_cli.statistics.difference import Difference

FORECAST_LIMIT = 10**9  # beyond this "more images" is not advice


def images_to_decide(difference: Difference, n: int) -> int | None:
    """The number of images at which the interval's limit nearer to 0 would reach 0, ⌈n (h/|Δ|)²⌉.

    h is the distance from Δ to that limit. For a claim within a corrected table give the difference
    computed at the corrected confidence.

    Args:
        difference: the paired difference over ``n`` images.
        n: images behind it.

    Returns:
        At least n + 1 for an undecided tie, n where it is decided already; None where Δ is 0, undefined,
        without an interval, or would need over 10⁹ images.
    """
    value, low, high = difference.value, difference.low, difference.high
    if value is None or low is None or high is None or value == 0.0:
        return None
    if low > 0.0 or high < 0.0:
        return n
    reach = value - low if value > 0 else high - value
    needed = n * (reach / value) ** 2
    return max(n + 1, math.ceil(needed)) if needed <= FORECAST_LIMIT else None


def images_to_halve(n: int) -> int:
    """The images at which the interval would be half as wide: 4n."""
    return 4 * n
