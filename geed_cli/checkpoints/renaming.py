"""From the names in a file to the names of a network, as far as declared.

Prefixes come off first, then the renaming patterns apply, both in the order in which they are declared. No
two tensors may end up under one name.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from torch import Tensor

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError


def is_batch_counter(name: str) -> bool:
    """Whether this is BatchNorm's count of training batches, which evaluation never reads."""
    return name.rpartition(".")[2] == "num_batches_tracked"


def network_names(state: Mapping[str, Tensor], rules: KeyRules) -> dict[str, Tensor]:
    """The tensors under the names that the rules give them, in the same order.

    Raises:
        InputError: a pattern is not a regular expression, or two tensors get one name.
    """
    patterns = [(_compiled(pattern), replacement) for pattern, replacement in rules.rename]
    origin: dict[str, str] = {}
    for name in state:
        new = _renamed(_stripped(name, rules.strip_prefix), patterns)
        if new in origin:
            raise InputError(
                f"tensors {shown(origin[new])} and {shown(name)} of the file both become {shown(new)}",
                expected="strip_prefix and rename rules that keep names apart",
                remedy="declare fewer prefixes, or choose one of several parts of the file with weights.key",
            )
        origin[new] = name
    return {new: state[name] for new, name in origin.items()}


def foreign_prefix(expected: Iterable[str], found: Iterable[str]) -> str | None:
    """The prefix, with its dot, that hides most of the network's names in the file, such as ``module.``.

    None where it would uncover less than half of the expected names.
    """
    wanted = set(expected)
    hits: Counter[str] = Counter()
    for name in found:
        places = [i + 1 for i, letter in enumerate(name) if letter == "."]
        hits.update(name[:i] for i in places if name[i:] in wanted)
    best = hits.most_common(1)
    return best[0][0] if best and best[0][1] * 2 >= len(wanted) else None


def _stripped(name: str, prefixes: tuple[str, ...]) -> str:
    while True:
        shorter = name
        for prefix in prefixes:
            shorter = shorter.removeprefix(prefix) or shorter
        if shorter == name:
            return name
        name = shorter


def _renamed(name: str, patterns: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in patterns:
        try:
            name = pattern.sub(replacement, name)
        except (re.error, IndexError) as error:
            raise _bad_pattern(f"{pattern.pattern}: {replacement}", error) from error
    return name


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise _bad_pattern(pattern, error) from error


def _bad_pattern(text: str, error: Exception) -> InputError:
    return InputError(
        f"rename rule {shown(text)} is not valid: {error}",
        expected="a Python regular expression and its replacement, as in re.sub",
        remedy=r"escape dots and brackets, as in '^encoder\.': '' (single quotes keep YAML out of it)",
    )
