"""Turns of phrase that sentences share: a count with its noun, the first few names of many."""

from collections.abc import Sequence

MOST_NAMED = 3
"""Names, or stretches of layers, in a sentence; the others are counted."""


def counted(count: int, noun: str) -> str:
    """``1 image``, ``3 images``."""
    return f"{count} {noun}{'s' * (count != 1)}"


def some(names: Sequence[str]) -> str:
    """All of the names, or the first three and how many more: ``a, b, c and 2 more``."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
