"""How numbers, entries and their notes read: three significant digits, rates in percent.

A value stands in its measure's own unit. What is missing is an en dash, or nothing where a cell is better left empty.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import Control
from geed_cli.measures.label_metrics import in_percent
from geed_cli.phrases import some
from geed_cli.result.schema import Entry

Note = TypeVar("Note")


def number(value: float | None) -> str:
    """Three significant digits, without exponent between 0.001 and 99,999; an en dash for nothing."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:#.3g}".rstrip(".") if abs(value) < 999.5 else f"{value:.0f}"


def interval(limits: tuple[float, float] | None) -> str:
    """``[low, high]``, or an en dash where the interval is withheld."""
    return "–" if limits is None else f"[{number(limits[0])}, {number(limits[1])}]"


def percent(value: float | None) -> str:
    """A fraction as a percentage with one decimal."""
    return "–" if value is None else f"{100 * value:.1f}%"


def bar(fraction: float, width: int) -> str:
    """A bar of eighths of a character; ``fraction`` is clipped to [0, 1]."""
    eighths = round(min(max(fraction, 0.0), 1.0) * width * 8)
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def named(entries: Sequence[Entry]) -> str:
    """The measures, each layerwise one with its layers."""
    layers: dict[str, list[str]] = {}
    for entry in entries:
        layers.setdefault(entry.metric, []).extend([entry.layer] if entry.layer is not None else [])
    return "; ".join(f"{metric} at {some(at)}" if at else metric for metric, at in layers.items())


def about(pairs: Iterable[tuple[Note, str]]) -> dict[Note, list[str]]:
    """Each note once, with the names that it is about."""
    names: dict[Note, dict[str, None]] = {}
    for note, name in pairs:
        names.setdefault(note, {})[name] = None
    return {note: list(each) for note, each in names.items()}


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
    return percent(value) if in_percent(metric) else number(value)


def limits_in_unit(metric: str, limits: tuple[float, float] | None) -> str:
    """An interval likewise, or an en dash where it is withheld."""
    return "–" if limits is None else f"[{in_unit(metric, limits[0])}, {in_unit(metric, limits[1])}]"


def furthest(entry: Entry) -> str:
    """The element whose own mean is furthest from perfect; where e ties, as in every group of two, the other.

    Both members of an orbit of two are equally far from its mean, so that rounding alone would choose.
    """
    means = {name: mean for name, mean in entry.per_element.items() if mean is not None}
    if not means:
        return ""
    largest = (min if measure_named(entry.metric).larger_is_better else max)(means.values())
    # 1e-9 relative: sums of float64 rows in another order
    tied = [name for name, mean in means.items() if math.isclose(mean, largest, rel_tol=1e-9)]
    name = tied[-1] if tied[0] == "e" else tied[0]
    return f"{name} {number(means[name])}"
