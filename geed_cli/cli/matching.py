"""The one rule of every ``geed ls`` pattern: globs match the whole name, plain text anywhere in it."""

import fnmatch
from collections.abc import Iterable

from geed_cli.errors import InputError, nearest


def matching(kind: str, pattern: str | None, names: Iterable[str]) -> list[str]:
    """The names that the pattern selects, in order; all without a pattern.

    Raises:
        InputError: none.
    """
    names = list(names)
    if pattern is None:
        return names
    if any(sign in pattern for sign in "*?["):
        found = [
            n for n in names if fnmatch.fnmatch(n, pattern) or fnmatch.fnmatch(n.partition(":")[2], pattern)
        ]
    else:
        found = [n for n in names if pattern in n]
    if not found:
        close = nearest(pattern, names)
        raise InputError(
            f"no {kind} matches {pattern!r}",
            expected=f"nearest: {', '.join(close)}" if close else "a part of a name, or a glob such as 'c*'",
            remedy=f"geed ls {kind}s",
        )
    return found
