"""Looking at growing data several times without losing the level: α-spending over doubling looks.

By look k the share n_k/n_max of α = 1 − confidence is spent (Kim and DeMets 1987, power 1), and look k's
interval has the confidence 1 − (what it adds). The additions sum to α, so by Bonferroni's inequality all
looks' intervals hold together with the stated confidence: whatever made the run stop, the interval it ends
with keeps its coverage.
"""

from geed_cli.errors import InputError


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
