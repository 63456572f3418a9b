"""What a scheduler has seen so far, in numbers."""

from dataclasses import dataclass


@dataclass
class Counts:
    """Numbers of a run, each from 0.

    Attributes:
        images: measured, each counted once.
        lost: images that were given up.
        workers: that joined.
        deaths: workers that left with work.
        retries: pieces that were done anew after a loss.
        cuts: pieces that were cut in two.
        copies: leases given beside one that ran, since a worker had nothing else to do.
        duplicates: pieces that were done once more than needed.
    """

    images: int = 0
    lost: int = 0
    workers: int = 0
    deaths: int = 0
    retries: int = 0
    cuts: int = 0
    copies: int = 0
    duplicates: int = 0
