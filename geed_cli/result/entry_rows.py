"""The entries of a result as flat rows: a column for each number that an entry has once."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from geed_cli.measures.control import CONTROLS
from geed_cli.result.frames import Columns, Scalar, limits

if TYPE_CHECKING:
    from geed_cli.result.schema import Result

COLUMNS: Columns = {
    "group": str, "metric": str, "layer": str, "model": str, "images": int, "status": str,
    "value": float, "low": float, "high": float, "raw": float, "normaliser": float,
    "to_another": float, "to_another_low": float, "to_another_high": float,
    **dict.fromkeys(CONTROLS, float), "twin_low": float, "twin_high": float, "notes": str,
}  # fmt: skip
"""``low`` and ``high`` are limits; ``to_another`` is the place between 0, unchanged, and 1, another image."""


def entry_rows(result: "Result") -> Iterator[Sequence[Scalar]]:
    """A row for each entry, in the order of the result."""
    for entry in result.results:
        way = entry.to_another
        yield (
            *(entry.group, entry.metric, entry.layer, result.model.id, result.data.count, entry.status),
            *(entry.value, *limits(entry.ci), entry.raw, entry.normaliser),
            *((None,) * 3 if way is None else (way.value, *limits(way.ci))),
            *(entry.controls.get(name) for name in CONTROLS),
            *(*limits(entry.twin_ci), "; ".join(entry.notes)),
        )
