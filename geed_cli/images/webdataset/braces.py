"""Names of shards written short: ``train-{000000..000015}.tar``, ``{a,b}.tar``, and several parted by ``::``."""

import itertools
import re

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError

MOST = 100_000
"""Names that one pattern may stand for."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def expanded(pattern: str) -> tuple[str, ...]:
    """Every name that the pattern stands for, in order; ranges have as many digits as their ends.

    Raises:
        InputError: braces that are none of both kinds, more than ``MOST`` names, or a name twice.
    """
    names: list[str] = []
    for part in pattern.split("::"):
        pieces = _BRACES.split(part)
        if any(sign in piece for piece in pieces[::2] for sign in "{}"):
            raise _no_pattern(pattern, "has braces that do not close, or lie in each other")
        choices = [_choices(piece, pattern) for piece in pieces[1::2]]
        count = 1
        for choice in choices:
            count *= len(choice)
        if len(names) + count > MOST:
            raise _no_pattern(pattern, f"stands for more than {MOST} shards")
        for chosen in itertools.product(*choices):
            filled = itertools.zip_longest(pieces[::2], chosen, fillvalue="")
            names.append("".join(text for pair in filled for text in pair))
    if len(set(names)) < len(names):
        raise _no_pattern(pattern, "names a shard twice")
    return tuple(names)


def _choices(inner: str, pattern: str) -> list[str]:
    """What stands in braces, of a range each number in its digits."""
    numbers = _RANGE.fullmatch(inner)
    if numbers is None:
        if "," not in inner:
            raise _no_pattern(pattern, f"has {{{inner}}}, which is neither a range nor a list")
        return inner.split(",")
    first, last = int(numbers[1]), int(numbers[2])
    padded = any(len(end) > 1 and end.startswith("0") for end in numbers.groups())
    width = max(map(len, numbers.groups())) if padded else 0
    if last < first or last - first >= MOST:
        raise _no_pattern(pattern, f"has the range {{{inner}}}")
    return [str(number).zfill(width) for number in range(first, last + 1)]


def _no_pattern(pattern: str, why: str) -> InputError:
    return InputError(
        f"{path_text(pattern)} {why}",
        expected=f"at most {MOST} different shards, such as train-{{000000..000015}}.tar or {{a,b}}.tar",
        remedy="wds/shards/train-{000000..000015}.tar in quotes, which keep the shell from expanding it",
    )
