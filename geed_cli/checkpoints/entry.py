"""Finding the weights inside a checkpoint: some files are a mapping of tensors, others wrap it in entries.

``key: auto`` knows the usual entries and takes the trained weights before an averaged copy (EMA) of them;
whatever it takes is noted with the alternatives, so that no audit is of a network that nobody meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from geed_cli.checkpoints.formats import NAMES_SHOWN, shown, shown_list
from geed_cli.checkpoints.rules import USUAL_ENTRIES
from geed_cli.errors import InputError, nearest
from geed_cli.phrases import counted, shell_quoted

DEEPEST_ENTRY = 3


@dataclass(frozen=True)
class Entry:
    """The weights that were found.

    Attributes:
        state: tensors by their names in the file, in the file's order.
        notes: which entry was taken, which others there are, and what was left out.
    """

    state: dict[str, Tensor]
    notes: tuple[str, ...]


def choose_entry(contents: object, key: str, usual: tuple[str, ...] = USUAL_ENTRIES) -> Entry:
    """The mapping of tensors that ``key`` names.

    Args:
        contents: what the file holds.
        key: an entry, dotted where nested (``model.state_dict``), or ``auto``.
        usual: the entries that ``auto`` looks for, in order of preference.

    Raises:
        InputError: no such entry, no entry that holds tensors, or names that are not strings.
    """
    entries = tensor_entries(contents)
    name = _usual(entries, usual) if key == "auto" else key
    if name not in entries:
        raise _no_such_entry(name, entries)
    mapping = entries[name]
    notes = _choice(name, entries) if key == "auto" else ()
    state = {tensor_name: value for tensor_name, value in mapping.items() if isinstance(value, Tensor)}
    others = [shown(tensor_name) for tensor_name in mapping if tensor_name not in state]
    if others:
        notes += (f"{counted(len(others), 'value')} beside the tensors not used: {shown_list(others)}",)
    return Entry(state, notes)


def tensor_entries(contents: object) -> dict[str, Mapping[str, object]]:
    """Every mapping that holds tensors, by dotted name; "" is the file itself. At most three levels deep."""
    holding: dict[str, Mapping[str, object]] = {}
    seen: set[int] = set()  # a hostile file may refer to one mapping a million times, or to itself
    level: list[tuple[str, object]] = [("", contents)]
    for _ in range(DEEPEST_ENTRY + 1):
        below: list[tuple[str, object]] = []
        for name, value in level:
            if not isinstance(value, Mapping) or id(value) in seen:
                continue
            seen.add(id(value))
            if any(isinstance(tensor, Tensor) for tensor in value.values()):
                holding[name] = value
            below += [(f"{name}.{k}" if name else k, v) for k, v in value.items() if isinstance(k, str)]
        level = below
    return {name: value for name, value in holding.items() if all(isinstance(k, str) for k in value)}


def _usual(entries: Mapping[str, Mapping[str, object]], usual: tuple[str, ...]) -> str:
    return next((name for name in usual if name in entries), "")


def _choice(name: str, entries: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Which entry was taken; another one counts as an alternative from half as many tensors on."""
    if name == "":
        return ()
    note = f"weights taken from entry '{shown(name)}'"
    enough = len(entries[name]) / 2
    others = [
        other for other, mapping in entries.items() if other not in {"", name} and len(mapping) >= enough
    ]
    if others:
        choices = " or ".join(_choosing(other) for other in others[:NAMES_SHOWN])
        note += f"; also there: {shown_list(others)} (choose with {choices})"
    return (note,)


def _choosing(name: str) -> str:
    return f"--key {shell_quoted(shown(name))}, in a spec weights.key: {shown(name)}"


def _no_such_entry(name: str, entries: Mapping[str, Mapping[str, object]]) -> InputError:
    names = [entry for entry in entries if entry]
    if name == "" and not names:
        return InputError(
            "no tensors by name were found in the file",
            expected="a state dict, or an entry that holds one",
            remedy="save the network's state_dict() with torch.save or safetensors",
        )
    if name == "":
        largest = max(names, key=lambda entry: len(entries[entry]))
        problem, suggestion = (
            "none of the usual entries holds tensors",
            f"name one: {_choosing(largest)}",
        )
    else:
        close = nearest(name, names[:1000], limit=1) or names[:1] or ["auto"]
        problem = f"the file has no entry '{shown(name)}' that holds tensors"
        suggestion = _choosing(close[0])
    holding = (
        f"the entries that hold tensors are {shown_list(names)}"
        if names
        else "it has no entries with tensors"
    )
    return InputError(
        f"{problem}; {holding}", expected="the entry that holds the state dict", remedy=suggestion
    )
