"""One number found by its names: ``result[metric, group, layer]``.

A key has the name of a measure first, and then as many of the other names as it takes to mean one row alone, in their
order; what is left out has to be the same for all rows that the rest fits.
"""

import difflib
import itertools
import json
from collections.abc import Sequence
from typing import TypeVar

from geed_cli.documents.document import printable
from geed_cli.errors import InputError

RowT = TypeVar("RowT")
MOST_LISTED = 12
"""Names of one kind in a message, the nearest first; the others are counted."""
PLURALS = {"metric": "measures", "group": "groups", "layer": "layers", "rule": "rules", "model": "models"}
"""What a message calls the names of each kind; other kinds get an s."""


class NoEntryError(InputError, KeyError):
    """A key that means no row, or several; the message lists what there is, the nearest first."""


def rows_at(rows: Sequence[RowT], kinds: Sequence[str], key: object) -> list[RowT]:
    """All rows that the key fits.

    Args:
        rows: which have an attribute for each kind.
        kinds: of names, in the order of a key; the first has to be in it.
        key: one name, or a tuple of them. None is the name of what is not there, such as the layer of a measure of the
            whole network.
    """
    parts = _parts(key)
    if not 0 < len(parts) <= len(kinds):
        return []
    # the earliest kinds that fit: a name that a group and a layer share is the group's
    for rest in itertools.combinations(kinds[1:], len(parts) - 1):
        asked = dict(zip((kinds[0], *rest), parts, strict=True))
        found = [row for row in rows if all(_same(getattr(row, kind), name) for kind, name in asked.items())]
        if found:
            return found
    return []


def row_at(rows: Sequence[RowT], kinds: Sequence[str], key: object, where: str) -> RowT:
    """The one row that the key means.

    Args:
        rows: as for ``rows_at``, as are the next two.
        kinds: of names.
        key: one name, or a tuple of them.
        where: what a key is typed behind: "result".

    Raises:
        NoEntryError: there is none, or there are several.
    """
    found = rows_at(rows, kinds, key)
    if len(found) == 1:
        return found[0]
    raise _no_entry(rows, kinds, _parts(key), where, found)


def _parts(key: object) -> tuple[object, ...]:
    return key if isinstance(key, tuple) else (key,)


def _same(name: object, asked: object) -> bool:
    return name is asked or (isinstance(asked, str | int) and name == asked)


def _no_entry(
    rows: Sequence[RowT], kinds: Sequence[str], parts: Sequence[object], where: str, found: Sequence[RowT]
) -> NoEntryError:
    names = {kind: _names(rows, kind) for kind in kinds}
    shown = ", ".join(map(_quoted, parts)) or "()"
    which = f"this {where}" if where.isidentifier() else where
    if found:
        what = f"{len(found)} entries of {which} fit {shown}"
        apart = {kind: own for kind in kinds if len(own := _names(found, kind)) > 1}
        expected = f"a key that fits one, by its {_listed(apart, parts)}"
    else:
        what = f"{which} has no entry {shown}{_wrong(names, kinds, parts)}"
        expected = _listed(names, parts) or "rows, of which there are none"
    return NoEntryError(what, expected=expected, remedy=_nearest(found or rows, kinds, parts, where))


def _names(rows: Sequence[RowT], kind: str) -> list[str]:
    """Each name of that kind once."""
    every = (getattr(row, kind) for row in rows)
    return list(dict.fromkeys(str(name) for name in every if name is not None))


def _wrong(names: dict[str, list[str]], kinds: Sequence[str], parts: Sequence[object]) -> str:
    """Which part is none of the names that could stand there."""
    for place, part in enumerate(parts):
        possible = kinds[:1] if place == 0 else kinds[1:]
        if part is not None and not any(str(part) in names[kind] for kind in possible):
            words = " or ".join(_plural(kind) for kind in possible if names[kind])
            return f": {_quoted(part)} is none of its {words}" if words else ""
    return ", none with all of these names" if len(parts) > 1 else ""


def _listed(names: dict[str, list[str]], parts: Sequence[object]) -> str:
    """All names by kind; those like a part that is none of them come first."""
    known = {name for every in names.values() for name in every}
    strange = [part for part in parts if part is not None and str(part) not in known]
    said = []
    for kind, every in names.items():
        near = sorted(every, key=lambda name: -max((_likeness(part, name) for part in strange), default=0.0))
        more = f" and {len(near) - MOST_LISTED} more" if len(near) > MOST_LISTED else ""
        if near:
            said.append(f"{_plural(kind)} {', '.join(map(printable, near[:MOST_LISTED]))}{more}")
    return "; ".join(said)


def _nearest(rows: Sequence[RowT], kinds: Sequence[str], parts: Sequence[object], where: str) -> str:
    """The key of the row that is most like what was asked for, as it is typed."""
    if not rows:
        return "audit again with it"
    names = {name for row in rows for name in _own(row, kinds)}
    # a key is about its measure first, and then about the rest of it
    asked = [(str(part), 1 + (place == 0)) for place, part in enumerate(parts) if part is not None]
    alike = {(part, name): weight * _likeness(part, name) for part, weight in asked for name in names}
    best = max(
        rows, key=lambda row: sum(max(alike[part, name] for name in _own(row, kinds)) for part, _ in asked)
    )
    return f"{where}[{', '.join(map(_quoted, _own(best, kinds)))}]"


def _own(row: object, kinds: Sequence[str]) -> list[str]:
    """The names of a row that it has."""
    return [name for kind in kinds if (name := getattr(row, kind)) is not None]


def _likeness(part: object, name: object) -> float:
    """How much alike two names are, up to 1; 0 where they share less than half."""
    ratio = difflib.SequenceMatcher(None, str(part), str(name)).ratio()
    return ratio if ratio >= 0.5 else 0.0


def _quoted(part: object) -> str:
    """A part as it is typed."""
    if isinstance(part, str):
        return json.dumps(printable(part, 300), ensure_ascii=False)
    return printable(repr(part), 100)


def _plural(kind: str) -> str:
    return PLURALS.get(kind, f"{kind}s")
