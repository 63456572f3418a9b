"""What ``--discover`` found, one row a layer: deviation before and after the found map, null, defect, verdict."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from geed_cli.report.cells import plain_table
from geed_cli.report.numbers import number
from geed_cli.result.schema import HiddenAction


def hidden_table(actions: Sequence[HiddenAction]) -> Table:
    """The table of one group: means over the elements beside e."""
    table = plain_table(f"hidden {actions[0].method} at", "before", "after", "null", "defect")
    table.add_column("verdict", overflow="fold")
    for action in actions:
        table.add_row(
            action.layer,
            _mean(action.before),
            _mean(action.after),
            _mean(action.null),
            number(action.defect),
            action.verdict,
        )
    return table


def _mean(deviations: Mapping[str, float | None]) -> str:
    known = [value for value in deviations.values() if value is not None]
    return number(sum(known) / len(known)) if known else "–"
