"""How many images would be enough, from the interval at hand.

Widths shrink as 1/√n at the present spread, so a factor f in width costs f² in images. These are forecasts:
at the forecast number the interval excludes 0 in about half of the cases, since the estimate itself will
move. A separate normaliser sample has to grow in the same proportion.

Looking at growing data several times without losing the level: α-spending over doubling looks.

By look k the share n_k/n_max of α = 1 − confidence is spent (Kim and DeMets 1987, power 1), and look k's
interval has the confidence 1 − (what it adds). The additions sum to α, so by Bonferroni's inequality all
looks' intervals hold together with the stated confidence: whatever made the run stop, the interval it ends
with keeps its coverage.
"""

import math

from geed_cli.errors import InputError
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


def look_sizes(first: int, largest: int) -> tuple[int, ...]:
    """Images at each look: first, 2·first, 4·first … and ``largest`` as the last one, whatever its ratio.

    Args:
        first: images at the first look, at least 20 (below it intervals are withheld).
        largest: the most images that the run may use, at least ``first``.

    Raises:
        InputError: sizes that allow no look.
    """
    if not 20 <= first <= largest:
        raise InputError(
            f"looks from {first} to {largest} images",
            expected="a first look of at least 20 images and no more than the last",
            remedy="raise --max-samples or start with fewer samples",
        )
    sizes = []
    while first < largest:
        sizes.append(first)
        first *= 2
    return (*sizes, largest)


def look_confidences(sizes: tuple[int, ...], confidence: float = 0.95) -> tuple[float, ...]:
    """The confidence for the interval at each look: 1 − α (n_k − n_{k−1})/n_max.

    Args:
        sizes: images at each look, increasing; the last is n_max.
        confidence: what the interval that the run ends with has to keep.
    """
    alpha = 1.0 - confidence
    before = (0, *sizes[:-1])
    return tuple(1.0 - alpha * (n - earlier) / sizes[-1] for n, earlier in zip(sizes, before, strict=True))
