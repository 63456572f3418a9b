"""Which elements: the profile of a measure over the elements of a group, along a line or around a circle."""

import math
from collections.abc import Sequence
from typing import TypeGuard

from markupsafe import Markup

from geed_cli.measures.catalogue import measure_named
from geed_cli.report.html.colours import GROUND, RULE
from geed_cli.report.html.depth_figure import ident
from geed_cli.report.html.drawing import (
    PANEL,
    alike,
    figure,
    lines,
    name,
    polyline,
    shapes,
    short_number,
    text,
    ticks,
    whiskers,
)
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.result.schema import Entry, Group
from geed_cli.verdict.digits import number_text, percent, percents
from geed_cli.verdict.features import FEATURES

LEFT, RIGHT, TOP, BOTTOM = 40, PANEL - 6, 14, 176
MOST_NAMES = 12
"""Elements that are named below a profile."""
MOST_MARKS = 24
"""Elements of a profile whose values have marks."""


def angle_of(element: str) -> float | None:
    """The degrees that an element turns by; None where it is no turn."""
    if element == "e":
        return 0.0
    try:
        return float(element[1:]) if element[:1] == "r" else None
    except ValueError:
        return None


def spoken(element: str) -> str:
    """An element as figures call it: degrees of turns, ``unchanged`` and ``mirrored``."""
    if element in ("e", "m"):
        return {"e": "as it is", "m": "mirrored"}[element]
    return f"{element[1:]}°" if angle_of(element) is not None else element


def is_turning(group: Group) -> bool:
    """Whether all elements are turns in one plane, at least four of them, so that they lie around a circle."""
    return len(group.elements) >= 4 and all(angle_of(element) is not None for element in group.elements)


def profile_of(entry: Entry) -> dict[str, float]:
    """The value at each element in the unit of the value: what is measured there, over M where the measure has one."""
    end = entry.normaliser or 1.0
    return {name: value / end for name, value in entry.per_element.items() if value is not None}


def limits_of(entry: Entry) -> dict[str, tuple[float, float]]:
    """The interval at each element, in the unit of the value; empty of results that have none."""
    end = entry.normaliser or 1.0
    return {name: (ci[0] / end, ci[1] / end) for name, ci in entry.per_element_ci.items() if ci is not None}


def compares_elements(group: Group) -> bool:
    """Whether a group has elements that could differ: two beside e, or a set's members."""
    return len(group.elements) > 2


def profile_figure(models: Sequence[ShownModel], group: str, metric: str, title: str) -> Markup | None:
    """The value at each element, a line for each model, with intervals where the result has them."""
    entries = _entries(models, group, metric)
    if not entries:
        return None
    elements = _elements(entries)
    rate = measure_named(metric).percent
    top = _top(entries, rate=rate)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * min(max(value, 0.0), top) / top

    def x(at: int, model: int) -> float:
        middle = LEFT + (RIGHT - LEFT) * (at + 0.5) / len(elements)
        room = min(5.0, 0.5 * (RIGHT - LEFT) / len(elements) / max(len(entries), 1))
        return middle + (model - (len(entries) - 1) / 2) * room

    body = lines([(LEFT, y(tick), RIGHT, y(tick)) for tick in ticks(top)])
    numbers = "".join(text(LEFT - 5, y(tick) + 4, _shown(tick, rate=rate)) for tick in ticks(top))
    body += alike(numbers, anchor="end")
    for number, (model, entry) in reversed(list(enumerate(entries))):
        values, limits = profile_of(entry), limits_of(entry)
        at = [(x(place, number), element) for place, element in enumerate(elements) if element in values]
        points = [(place, y(values[element])) for place, element in at]
        spans = [
            (place, y(limits[element][0]), y(limits[element][1]))
            for place, element in at
            if element in limits
        ]
        body += whiskers(spans, model.paint)
        body += polyline(points, model.paint, width=1.6 if model is models[0] else 1.2)
        if len(elements) <= MOST_MARKS:
            body += shapes(model.paint, points, 2.8)
    every = -(-len(elements) // MOST_NAMES)
    width = (RIGHT - LEFT) / len(elements)
    below = "".join(
        text(LEFT + width * (place + 0.5), BOTTOM + 17, name(spoken(elements[place]), 10))
        for place in range(0, len(elements), every)
    )
    body += alike(below, anchor="middle", size=10.5)
    what = f"{title}, by element: {metric}"
    return figure(
        body, BOTTOM + 26, f"profile-{ident(group)}-{ident(metric)}", what, _told(entries, elements, metric)
    )


def polar_figure(models: Sequence[ShownModel], group: str, metric: str, title: str) -> Markup | None:
    """The same by angle: 0° on top, angles counter-clockwise as the picture is turned."""
    entries = _entries(models, group, metric)
    if not entries or not is_turning(models[0].groups[group]):
        return None
    elements = _elements(entries)
    rate = measure_named(metric).percent
    top = _top(entries, rate=rate)
    cx, cy, radius = PANEL / 2, 126, 88

    def at(element: str, value: float) -> tuple[float, float]:
        turn = math.radians(90 + (angle_of(element) or 0.0))
        return cx + radius * value / top * math.cos(turn), cy - radius * value / top * math.sin(turn)

    body = "".join(
        f'<circle class="rl" cx="{cx:g}" cy="{cy}" r="{short_number(radius * tick / top)}" fill="none" '
        f'stroke="{RULE}"/>'
        for tick in ticks(top)
        if tick > 0
    )
    body += lines([(cx, cy, *at(element, top)) for element in elements])
    for model, entry in reversed(entries):
        values = profile_of(entry)
        points = [at(element, values[element]) for element in elements if element in values]
        closed = len(points) == len(models[0].groups[group].elements)
        body += polyline(points, model.paint, width=2.2 if model is models[0] else 1.5, closed=closed)
        body += shapes(model.paint, points, 2.6)
    first, entry = entries[0]
    values = profile_of(entry)
    every = -(-len(elements) // MOST_NAMES)
    for number, element in enumerate(elements):
        if number % every == 0:
            x, y = at(element, top * 1.13)
            anchor = "middle" if abs(x - cx) < 20 else "start" if x > cx else "end"
            y += -4 if y < cy - 60 else 14 if y > cy + 60 else 4
            body += text(x, y - 6, "0°" if element == "e" else spoken(element), anchor=anchor)
            shown = _shown(values[element], rate=rate, fine=True) if element in values else "–"
            body += text(x, y + 7, shown, anchor=anchor, paint=first.paint, strong=True, size=12)
    outer = ticks(top)[-1]
    halfway = math.radians(90 - 180 / len(elements))
    body += (
        f'<text class="halo" x="{short_number(cx + radius * outer / top * math.cos(halfway))}" '
        f'y="{short_number(cy - radius * outer / top * math.sin(halfway) + 4)}" text-anchor="middle" '
        f'stroke="{GROUND}" stroke-width="3" paint-order="stroke">{_shown(outer, rate=rate)}</text>'
    )
    what = f"{title}, by angle: {metric}"
    told = f"Polar plot, 0° on top, angles counter-clockwise. {_told(entries, elements, metric)}"
    return figure(body, 256, f"polar-{ident(group)}-{ident(metric)}", what, told)


def _entries(models: Sequence[ShownModel], group: str, metric: str) -> list[tuple[ShownModel, Entry]]:
    """The models that have the entry, over the same elements as the first of them."""
    found = [(model, model.entry(group, metric)) for model in models]
    there = [(model, entry) for model, entry in found if _has_profile(entry)]
    return [
        (model, entry)
        for model, entry in there
        if model.groups[group].elements == there[0][0].groups[group].elements
    ]


def _has_profile(entry: Entry | None) -> TypeGuard[Entry]:
    return entry is not None and any(value is not None for value in entry.per_element.values())


def _elements(entries: Sequence[tuple[ShownModel, Entry]]) -> list[str]:
    """The elements at which any model has a value; a rate has none at e."""
    there = {element for _, entry in entries for element in profile_of(entry)}
    model, entry = entries[0]
    return [element for element in model.groups[entry.group].elements if element in there]


def _top(entries: Sequence[tuple[ShownModel, Entry]], *, rate: bool) -> float:
    ends = [end for _, entry in entries for pair in limits_of(entry).values() for end in pair]
    furthest = max([*ends, *(value for _, entry in entries for value in profile_of(entry).values())])
    if rate:
        return next(end for end in (0.1, 0.25, 0.5, 1.0) if furthest <= end + 1e-9)
    return furthest * 1.05 if furthest > 0 else 1.0


def _shown(value: float, *, rate: bool, fine: bool = False) -> str:
    if rate:
        return percent(value)
    return number_text(value, 2) if fine else f"{value:g}"


def _told(entries: Sequence[tuple[ShownModel, Entry]], elements: Sequence[str], metric: str) -> str:
    rate = measure_named(metric).percent
    said = []
    for model, entry in entries:
        values, limits = profile_of(entry), limits_of(entry)
        parts = []
        for element in elements:
            if element in values:
                shown = _shown(values[element], rate=rate, fine=True)
                ends = limits.get(element)
                between = "" if ends is None else f" ({_between(ends, rate=rate)})"
                parts.append(f"{spoken(element)} {shown}{between}")
        said.append(f"{model.label}: {', '.join(parts)}.")
    unit = "" if rate or metric != FEATURES else " Distance from the mean over the group, over M."
    return " ".join(said) + unit


def _between(ends: tuple[float, float], *, rate: bool) -> str:
    return percents(*ends) if rate else f"{number_text(ends[0], 2)} to {number_text(ends[1], 2)}"
