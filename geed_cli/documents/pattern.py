"""Regular expressions that a stranger may have written: bounded in size, and in the time that a match may take.

``regex`` reads them as ``re`` does and can be stopped in the middle of a match, which ``re`` cannot.
"""

from math import prod

import regex

LONGEST_PATTERN = 1000
MOST_REPETITIONS = 10_000
"""Counted repeats, multiplied: ``regex`` writes a nested ``{1000}`` out when it compiles it."""
Pattern = regex.Pattern[str]
_COUNTED = regex.compile(r"\{(\d{1,9})(?:,(\d{0,9}))?\}")


def compiled(pattern: str) -> Pattern:
    """The regular expression.

    Raises:
        ValueError: it is none, or it is too large; with the reason.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"it is longer than {LONGEST_PATTERN} characters")
    counts = (max(1, *(int(number or 0) for number in pair)) for pair in _COUNTED.findall(pattern))
    if prod(counts) > MOST_REPETITIONS:
        raise ValueError(f"its repeats {{n}} multiply to more than {MOST_REPETITIONS}")
    try:
        return regex.compile(pattern)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except regex.error as error:
        raise ValueError(str(error)) from error


def with_one_group(pattern: str) -> Pattern:
    """The regular expression whose one group finds something.

    Raises:
        ValueError: ``is no regular expression (…)``, or ``has 2 groups``.
    """
    try:
        made = compiled(pattern)
    except ValueError as error:
        raise ValueError(f"is no regular expression ({error})") from error
    if made.groups != 1:
        raise ValueError(f"has {made.groups} groups")
    return made
