"""How an entry reads in a cell: its value and interval in its own unit, its controls, its furthest element."""

import math

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import Control
from geed_cli.report.numbers import number, percent
from geed_cli.result.schema import Entry


def value_text(entry: Entry) -> str:
    """The value, or why there is none."""
    if entry.status == "not_applicable":
        return "not applicable"
    if entry.value is None:
        return "undefined"
    return in_unit(entry.metric, entry.value)


def interval_text(entry: Entry) -> str:
    """The interval in the value's unit."""
    return limits_in_unit(entry.metric, entry.ci)


def control_text(entry: Entry, control: Control) -> str:
    """A control, in the value's unit if it has one; nothing where it was not measured."""
    if control.name not in entry.controls:
        return ""
    value = entry.controls[control.name]
    if control.part:
        return percent(value) if value else ""
    return in_unit(entry.metric, value)


def in_unit(metric: str, value: float | None) -> str:
    """A value of a measure: rates in percent."""
    return percent(value) if measure_named(metric).percent else number(value)


def limits_in_unit(metric: str, limits: tuple[float, float] | None) -> str:
    """An interval likewise, or an en dash where it is withheld."""
    return "–" if limits is None else f"[{in_unit(metric, limits[0])}, {in_unit(metric, limits[1])}]"


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
