"""What tables of an audit have in common: their shape, and how an entry's value and furthest element read."""

import math

from rich import box
from rich.table import Table

from geed_cli.report.numbers import interval, number, percent
from geed_cli.result.schema import Entry


def plain_table(first: str, *numeric: str) -> Table:
    """A table without frame: one column of names, then numbers."""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", collapse_padding=True
    )
    table.add_column(first, overflow="fold", min_width=20)
    for name in numeric:
        # in a very narrow terminal a number wraps; it is never cut off
        table.add_column(name, justify="right", overflow="fold")
    return table


def value_text(entry: Entry) -> str:
    """The value, or why there is none."""
    if entry.status == "not_applicable":
        return "not applicable"
    if entry.value is None:
        return "undefined"
    return percent(entry.value) if entry.metric == "prediction.flip_rate" else number(entry.value)


def interval_text(entry: Entry) -> str:
    """The interval in the value's unit."""
    if entry.metric == "prediction.flip_rate" and entry.ci is not None:
        return f"[{percent(entry.ci[0])}, {percent(entry.ci[1])}]"
    return interval(entry.ci)


def furthest(entry: Entry) -> str:
    """The element with the largest mean of its own; where e ties with another, as in every group of two, the other.

    Both members of an orbit of two are equally far from its mean, so that rounding alone would choose.
    """
    means = {name: mean for name, mean in entry.per_element.items() if mean is not None}
    if not means:
        return ""
    largest = max(means.values())
    # 1e-9 relative: sums of float64 rows in another order
    tied = [name for name, mean in means.items() if math.isclose(mean, largest, rel_tol=1e-9)]
    name = tied[-1] if tied[0] == "e" else tied[0]
    return f"{name} {number(means[name])}"
