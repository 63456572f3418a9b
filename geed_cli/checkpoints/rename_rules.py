"""The regular expressions of a spec, by which tensors are renamed: bounded in time and in what they make."""

import time
from collections.abc import Iterable

import regex

from geed_cli.checkpoints.formats import shown
from geed_cli.documents.pattern import compiled
from geed_cli.errors import InputError

RENAME_SECONDS = 20.0
"""For all names of a file together: 100,000 names and ten sound rules take five."""
LONGEST_NAME = 1000
"""Of a tensor, as in files; replacements may repeat what they found."""


def renamed(names: Iterable[str], rules: Iterable[tuple[str, str]]) -> list[str]:
    """Each name after all rules, (pattern, replacement), applied one after the other as ``re.sub`` does.

    Raises:
        InputError: a rule that is not valid, takes too long, or makes a name too long.
    """
    patterns = [(_checked(pattern), replacement) for pattern, replacement in rules]
    until = time.monotonic() + RENAME_SECONDS
    new = []
    for name in names:
        now = name
        for pattern, replacement in patterns:
            now = _applied(pattern, replacement, now, until)
        new.append(now)
    return new


def _applied(pattern: regex.Pattern[str], replacement: str, name: str, until: float) -> str:
    rule = f"{pattern.pattern}: {replacement}"
    try:
        made: str = pattern.sub(replacement, name, timeout=max(until - time.monotonic(), 1e-3))
    except (regex.error, IndexError) as error:
        raise _bad_rule(rule, str(error)) from error
    except (TimeoutError, MemoryError) as error:
        raise InputError(
            f"rename rule {shown(rule)} takes too long: all names have {RENAME_SECONDS:g} s, "
            f"which ended at {shown(name)}",
            expected="a pattern that does not go back over what it has read",
            remedy="a simpler pattern, without one repeat inside another such as (a+)+",
        ) from error
    if len(made) > max(LONGEST_NAME, len(name)):
        raise _bad_rule(rule, f"it makes a name of more than {LONGEST_NAME} characters of {shown(name)}")
    return made


def _checked(pattern: str) -> regex.Pattern[str]:
    try:
        return compiled(pattern)
    except ValueError as error:
        raise _bad_rule(pattern, str(error)) from error


def _bad_rule(text: str, why: str) -> InputError:
    return InputError(
        f"rename rule {shown(text)} is not valid: {why}",
        expected="a Python regular expression and its replacement, as in re.sub",
        remedy=r"escape dots and brackets, as in '^encoder\.': '' (single quotes keep YAML out of it)",
    )
