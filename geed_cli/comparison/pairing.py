"""``--pair-runs``: which models of two populations belong together, by what a pattern finds in their files' names.

Runs that share a seed, an order of the data or a fold share what these do to both, as two models share images.
"""

import re
from collections.abc import Sequence

from geed_cli.errors import InputError


def pair_pattern(text: str | None) -> re.Pattern[str] | None:
    """The user's pattern.

    Raises:
        InputError: no regular expression, or not exactly one group in it.
    """
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise _refusal(f"--pair-runs {text!r} is no regular expression ({error})") from error
    if pattern.groups != 1:
        raise _refusal(f"--pair-runs {text!r} has {pattern.groups} groups")
    return pattern


def pairs_of(
    reference: Sequence[str], other: Sequence[str], pattern: re.Pattern[str]
) -> tuple[tuple[int, int], ...]:
    """The places of the files that belong together, in the reference's order.

    Raises:
        InputError: a name that the pattern does not match, two of one run on one side, or a run without a partner.
    """
    first, second = (_by_run(names, pattern) for names in (reference, other))
    lonely = [run for run in (*first, *second) if run not in first or run not in second]
    if lonely:
        raise _refusal(
            f"--pair-runs {pattern.pattern!r} finds no partner for {' and '.join(dict.fromkeys(lonely))}",
            expected="every run in both populations",
        )
    return tuple((place, second[run]) for run, place in first.items())


def run_of(name: str, pattern: re.Pattern[str]) -> str:
    """What the pattern's group finds in the name of a file.

    Raises:
        InputError: nothing.
    """
    match = pattern.search(name)
    if match is None or match[1] is None:
        raise _refusal(f"--pair-runs {pattern.pattern!r} does not match {name}")
    return match[1]


def _by_run(names: Sequence[str], pattern: re.Pattern[str]) -> dict[str, int]:
    runs: dict[str, int] = {}
    for place, name in enumerate(names):
        run = run_of(name, pattern)
        if run in runs:
            raise _refusal(f"--pair-runs {pattern.pattern!r} finds {run!r} in {names[runs[run]]} and {name}")
        runs[run] = place
    return runs


def _refusal(
    found: str,
    expected: str = "a regular expression with one group, which finds the run in the name of every file",
) -> InputError:
    return InputError(found, expected=expected, remedy=r"--pair-runs '_(\d+)\.json', or leave it out")
