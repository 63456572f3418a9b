"""From the names in a file to the names of a network, as far as declared.

Prefixes come off first, then the renaming patterns apply, both in the order in which they are declared. No
two tensors may end up under one name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from torch import Tensor

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.rename_rules import renamed
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError


def is_batch_counter(name: str) -> bool:
    """Whether this is BatchNorm's count of training batches, which evaluation never reads."""
    return name.rpartition(".")[2] == "num_batches_tracked"


def network_names(state: Mapping[str, Tensor], rules: KeyRules) -> dict[str, Tensor]:
    """The tensors under the names that the rules give them, in the same order.

    Raises:
        InputError: a rename rule is not valid or takes too long, or two tensors get one name.
    """
    origin: dict[str, str] = {}
    stripped = [_stripped(name, rules.strip_prefix) for name in state]
    for name, new in zip(state, renamed(stripped, rules.rename), strict=True):
        if new in origin:
            raise InputError(
                f"tensors {shown(origin[new])} and {shown(name)} of the file both become {shown(new)}",
                expected="strip_prefix and rename rules that keep names apart",
                remedy="declare fewer prefixes, or choose one of several parts of the file with weights.key",
            )
        origin[new] = name
    return {new: state[name] for new, name in origin.items()}


def foreign_prefixes(expected: Iterable[str], found: Iterable[str]) -> tuple[str, ...]:
    """The prefixes, with their dots, that hide most of the network's names in the file, such as ``module.``.

    None where they would uncover less than half of the expected names, several where there are several such networks.
    """
    wanted = set(expected)
    hits: Counter[str] = Counter()
    for name in found:
        places = [i + 1 for i, letter in enumerate(name) if letter == "."]
        hits.update(name[:i] for i in places if name[i:] in wanted)
    most = max(hits.values(), default=0)
    return tuple(prefix for prefix, count in hits.items() if count == most) if most * 2 >= len(wanted) else ()


def _stripped(name: str, prefixes: tuple[str, ...]) -> str:
    while True:
        shorter = name
        for prefix in prefixes:
            shorter = shorter.removeprefix(prefix) or shorter
        if shorter == name:
            return name
        name = shorter
