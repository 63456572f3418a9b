"""``--pair-runs``: which models of two populations belong together, by what a pattern finds in their files' names.

Runs that share a seed, an order of the data or a fold share what these do to both, as two models share images.
"""

from collections.abc import Sequence

from geed_cli.documents.pattern import Pattern, with_one_group
from geed_cli.errors import InputError

MATCH_SECONDS = 1.0
"""For one name: a saved track brings its pattern along, which may be a stranger's."""


def pair_pattern(text: str | None) -> Pattern | None:
    """The pattern of the user, or of a saved track.

    Raises:
        InputError: no regular expression, or not exactly one group in it.
    """
    if text is None:
        return None
    try:
        return with_one_group(text)
    except ValueError as error:
        raise _refusal(f"--pair-runs {text!r} {error}") from error


def pairs_of(reference: Sequence[str], other: Sequence[str], pattern: Pattern) -> tuple[tuple[int, int], ...]:
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


def run_of(name: str, pattern: Pattern) -> str:
    """What the pattern's group finds in the name of a file.

    Raises:
        InputError: nothing, or not in time.
    """
    try:
        match = pattern.search(name, timeout=MATCH_SECONDS)
    except (TimeoutError, MemoryError) as error:
        raise _refusal(f"--pair-runs {pattern.pattern!r} takes too long on {name}") from error
    if match is None or match[1] is None:
        raise _refusal(f"--pair-runs {pattern.pattern!r} does not match {name}")
    return match[1]


def _by_run(names: Sequence[str], pattern: Pattern) -> dict[str, int]:
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
