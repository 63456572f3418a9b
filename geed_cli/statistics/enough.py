"""How many images would be enough: forecasts from the interval at hand, and looks at growing data.

Widths shrink as 1/√n at the present spread, so a factor f in width costs f² in images; a separate normaliser sample
has to grow in the same proportion. At the forecast number the interval excludes 0 in about half of the cases, since
the estimate itself will move.

Looks spend α = 1 − confidence: by look k the share n_k/n_max of it (Kim and DeMets 1987, power 1), and look k's
interval has the confidence 1 − (what it adds). The additions sum to α, so by Bonferroni's inequality all looks'
intervals hold together: whatever made the run stop, the interval it ends with keeps its coverage.
"""

import math

from geed_cli.errors import InputError
from geed_cli.statistics.difference import Difference
from geed_cli.statistics.validity import MIN_IMAGES

FORECAST_LIMIT = 10**9  # beyond this "more images" is not advice


def images_to_decide(difference: Difference, n: int) -> int | None:
    """The number of images at which the interval's limit nearer to 0 would reach 0, ⌈n (h/|Δ|)²⌉.

    h is the distance from Δ, over n images, to that limit; for a claim within a corrected table, at the corrected
    confidence. At least n + 1 for an undecided tie, n where it is decided already; None where Δ is 0, undefined,
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


def images_to_be_within(upper: Difference, lower: Difference, n: int) -> int | None:
    """The number of images at which a difference would lie within its margin, if the estimate stayed where it is.

    Args:
        upper: the difference less the margin, which has to lie below 0.
        lower: the difference and the margin, which has to lie above 0.
        n: images behind both.

    Returns:
        The larger forecast of the two; None where the estimate is beyond the margin.
    """
    if not (upper.value or 0.0) < 0.0 < (lower.value or 0.0):
        return None
    needed = [images_to_decide(each, n) for each in (upper, lower)]
    return None if None in needed else max(each for each in needed if each is not None)


def images_to_halve(n: int) -> int:
    """The images at which the interval would be half as wide: 4n."""
    return 4 * n


def look_sizes(first: int, largest: int) -> tuple[int, ...]:
    """Images at each look: first, 2·first, 4·first … and ``largest`` as the last one, whatever its ratio.

    Raises:
        InputError: sizes that allow no look.
    """
    if not MIN_IMAGES <= first <= largest:
        raise InputError(
            f"looks from {first} to {largest} images",
            expected=f"a first look of at least {MIN_IMAGES} images and no more than the last",
            remedy="--samples 20, or a higher --max-samples where the folder has more images",
        )
    sizes = []
    while first < largest:
        sizes.append(first)
        first *= 2
    return (*sizes, largest)


def spaced_sizes(first: int, largest: int) -> tuple[int, ...]:
    """Images at each look from ``first`` to ``largest``, each the same multiple of the one before, at least twice it.

    So the last look, which a run that nothing stopped ends with, has half of α or more. One look, ``largest``, where
    that is less than twice ``first``.
    """
    steps = int(math.log2(largest / first)) if largest > first else 0
    ratio = (largest / first) ** (1.0 / max(steps, 1))
    return (*(round(first * ratio**k) for k in range(steps)), largest)


def look_confidences(sizes: tuple[int, ...], confidence: float = 0.95) -> tuple[float, ...]:
    """The confidence for the interval at each look: 1 − α (n_k − n_{k−1})/n_max, sizes increasing to n_max."""
    alpha = 1.0 - confidence
    before = (0, *sizes[:-1])
    return tuple(1.0 - alpha * (n - earlier) / sizes[-1] for n, earlier in zip(sizes, before, strict=True))
