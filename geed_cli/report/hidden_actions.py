"""What ``--discover`` found, one row a layer: deviation before and after the found map, null, defect, verdict.

``explained`` is κ before and after, on which the verdict rests; docs/discovery.md has every number.
"""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from geed_cli.phrases import some
from geed_cli.report.cells import Column, fitted_table, texts
from geed_cli.report.numbers import about, number
from geed_cli.result.schema import HiddenAction

MOST_NOTES = 4
HIDDEN_ACTIONS_READING = (
    "explained: how much of the way from another image's maps to perfect equivariance, without → with the hidden "
    "action that was found; null: the same fit to another image's maps; defect: 0 where the maps compose as G."
)


def hidden_table(actions: Sequence[HiddenAction], width: int) -> Table:
    """The table of one group: means over the elements beside e."""
    columns = [
        texts(f"hidden {actions[0].method} at", [action.layer for action in actions]),
        Column("before", [_mean(action.before) for action in actions], keep=3),
        Column("after", [_mean(action.after) for action in actions], keep=4),
        Column("null", [_mean(action.null) for action in actions], keep=1),
        Column("explained", [_explained(action) for action in actions], keep=5),
        Column("defect", [number(action.defect) for action in actions], keep=2),
        texts("verdict", [action.verdict for action in actions]),
    ]
    return fitted_table(columns, width)


def hidden_notes(actions: Sequence[HiddenAction]) -> Iterator[str]:
    """Why a layer is undecided, and the notes, each once with its layers; a few of many."""
    notes = about(
        (note, action.layer)
        for action in actions
        for note in (*([action.reason] if action.verdict == "undecided" else []), *action.notes)
    )
    for note, layers in list(notes.items())[:MOST_NOTES]:
        yield f"hidden {actions[0].method} at {some(layers)}: {note}"
    if len(notes) > MOST_NOTES:
        yield f"{len(notes) - MOST_NOTES} more of hidden actions; --json has them all"


def _explained(action: HiddenAction) -> str:
    """κ without and with the map."""
    parts = [action.explained.get(name) for name in ("before", "after")]
    return " → ".join("–" if part is None else f"{part:.0%}" for part in parts)


def _mean(deviations: Mapping[str, float | None]) -> str:
    defined = [value for value in deviations.values() if value is not None]
    return number(sum(defined) / len(defined)) if defined else "–"
