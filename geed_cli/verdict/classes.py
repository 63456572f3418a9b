"""Classes of how far a group moves what it should leave: words for parts of the way to another image."""

NEARLY = 0.10
"""Below a tenth of the way a transformed image is hardly told apart by its features: *nearly* invariant."""
MOSTLY = 0.33
"""Below a third it is much nearer to its image than to any other: *mostly*."""
PARTLY = 0.67
"""Below two thirds it is neither: *partly*. The classes are symmetric about the middle of the way."""
BARELY = 0.90
"""From nine tenths on it is as far as another image for all that can be said: *not* invariant; before, *barely*."""

PLACES = 4
"""Decimals to which a part is read: a hundredth of a percent, so that a percentage can always be shown in its class."""

ENDS = (NEARLY, MOSTLY, PARTLY, BARELY)
WORDS = ("nearly", "mostly", "partly", "barely", "not")
REASSURING = WORDS[:2]
"""Those that a reader takes for approval."""


def class_of(part: float) -> int:
    """The number of the class of a part of the way, 0 nearly to 4 not."""
    return sum(round(part, PLACES) >= end for end in ENDS)


def words_of(low: float, high: float) -> tuple[str, str]:
    """What an interval on the way says: the word of the verdict, and the verdict in full, without what it is of.

    ``mostly``; ``nearly or mostly`` where it lies in two classes; undecided where it lies in more.
    """
    first, last = class_of(low), class_of(high)
    if last - first > 1:
        return "undecided", f"undecided, {WORDS[first]} to {WORDS[last]}"
    text = WORDS[first] if first == last else f"{WORDS[first]} or {WORDS[last]}"
    return text, text
